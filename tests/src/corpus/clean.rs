//! Images that hold no key, but what resembles one.

use serde_json::json;

use super::{
    encode::{base64, hex},
    image::Image,
    key::Key,
    layer::Layer,
    workshop::Workshop,
};

/// Each with what it holds.
pub(super) fn images(key: &Key, workshop: &Workshop) -> Vec<(&'static str, Image)> {
    let public = key.public.as_str();
    let at = |content: &[u8]| Image::of([Layer::of("srv/file", content)]);
    let text = |content: &str| at(content.as_bytes());
    let objects = workshop.git(public.as_bytes(), true);
    let add = |layer: Layer, (name, content): &(String, Vec<u8>)| layer.file(name, content);
    let blob = base64(public.as_bytes());
    vec![
        ("nothing", Image::of([Layer::new()])),
        ("the public half", text(public)),
        (
            "authorized_keys",
            text(&format!("restrict {public}ssh-rsa AAAA x\n")),
        ),
        ("the public half as PEM", text(&key.exported("PKCS8"))),
        (
            "the public half in RFC 4716",
            text(&key.exported("RFC4716")),
        ),
        ("a certificate of the key", text(&key.certificate())),
        ("known_hosts", text(&format!("git.example.org {public}"))),
        ("base64 of the public half", text(&blob)),
        (
            "the public half in hexadecimal",
            text(&hex(public.as_bytes(), "", ":")),
        ),
        (
            "a variable with the public half",
            text("").with("Env", json!([format!("K={public}")])),
        ),
        (
            "a repository with the public half",
            Image::of([objects.iter().fold(Layer::new(), add)]),
        ),
        (
            "a zip file with the public half",
            at(&workshop.zip("id.pub", public.as_bytes())),
        ),
        ("armour around nothing", text(ARMOUR)),
        ("zeros", at(&vec![0; 1 << 20])),
        ("noise", at(&noise())),
        (
            "noise in gzip",
            at(&workshop.pipe("gzip", &["-c"], &noise())),
        ),
        (
            "a removed public half",
            Image::of([Layer::of("root/a", public), Layer::of("root/.wh.a", "")]),
        ),
    ]
}

/// Images that hold somebody else's key.
pub(super) fn with_other_keys() -> Vec<(&'static str, Image)> {
    let folder = tempfile::tempdir().expect("a folder");
    let stranger = Key::new(folder.path(), ("ed25519", "256"));
    let at = |text: String| Image::of([Layer::of("srv/file", text)]);
    let locked = stranger.in_form("RFC4716", "secret");
    vec![
        ("another person's key", at(stranger.text)),
        ("another key with a passphrase", at(locked)),
    ]
}

/// Bytes without an order, the same in each run.
fn noise() -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    (0..1 << 16).flat_map(|_| next()).collect()
}

const ARMOUR: &str = "\
Paste your key between
-----BEGIN OPENSSH PRIVATE KEY-----
-----END OPENSSH PRIVATE KEY-----
and save the file.
";
