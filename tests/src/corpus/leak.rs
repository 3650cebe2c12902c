//! Images that hold the key.

use serde_json::json;
use sha2::{Digest as _, Sha512};
use tar::EntryType;

use super::{
    encode::{
        base64, hex, list, percent, rows, unarmored, url_safe, utf16, utf16_of_networks, zlib,
    },
    image::Image,
    key::Key,
    layer::Layer,
    workshop::Workshop,
};

/// Each with what it holds.
pub(super) fn images(key: &Key, workshop: &Workshop) -> Vec<(&'static str, Image)> {
    let mut images = places(key);
    images.extend(documents(key));
    images.extend(
        numbers(key)
            .into_iter()
            .map(|(name, content)| (name, at("srv/note", content))),
    );
    images.extend(encodings(key).map(|(name, content)| (name, at("srv/note", content))));
    images.extend(packed(key, workshop).map(|(name, content)| (name, at("srv/blob", content))));
    images.extend(layers(key, workshop));
    images
}

fn at(path: &str, content: impl AsRef<[u8]>) -> Image {
    Image::of([Layer::of(path, content)])
}

/// The key's file as it is, in all places of an image.
fn places(key: &Key) -> Vec<(&'static str, Image)> {
    let text = &key.text;
    let line = base64(text.as_bytes());
    let long = format!("{}/id", "a-long-folder-name/".repeat(12));
    let hidden = Layer::of("root/.ssh/id", text);
    let padded = [&vec![0; 3 << 20], text.as_bytes(), &vec![0; 1 << 20]].concat();
    let odd = [b"\x7fELF\x02\x01\x01", &key.bytes()[..], b"\0\0\0"].concat();
    vec![
        ("a file", at("root/.ssh/id", text)),
        (
            "a file that a later layer removes",
            Image::of([hidden, Layer::of("root/.ssh/.wh.id", "")]),
        ),
        ("a file with a long name", at(&long, text)),
        ("deep in a file of zeros", at("var/disk.img", padded)),
        ("bytes in a program", at("usr/bin/tool", odd)),
        (
            "an extended attribute",
            Image::of([Layer::new()
                .attribute("SCHILY.xattr.user.note", line.as_bytes())
                .file("srv/note", "")]),
        ),
        (
            "the target of a link",
            Image::of([Layer::new().link(EntryType::Symlink, "srv/l", &url_safe(&key.bytes()))]),
        ),
        (
            "a file with a second name",
            Image::of([Layer::of("srv/a", text).link(EntryType::Link, "srv/b", "srv/a")]),
        ),
        (
            "a file in a folder that a later layer hides",
            Image::of([
                Layer::of("root/.ssh/id", text),
                Layer::of("root/.ssh/.wh..wh..opq", ""),
            ]),
        ),
        (
            "a file that a later layer overwrites",
            Image::of([Layer::of("srv/a", text), Layer::of("srv/a", "nothing")]),
        ),
        (
            "the name of a file",
            at(
                &format!("srv/{}id", rows(&url_safe(&key.number()), 120, "", "/")),
                "",
            ),
        ),
        (
            "a comment in the archive",
            Image::of([Layer::new()
                .attribute("comment", line.as_bytes())
                .file("srv/a", "")]),
        ),
    ]
}

/// The key in what documents say of an image.
fn documents(key: &Key) -> Vec<(&'static str, Image)> {
    let text = &key.text;
    let line = base64(text.as_bytes());
    vec![
        (
            "a variable",
            at("srv/a", "").with("Env", json!([format!("KEY={line}")])),
        ),
        (
            "a label",
            at("srv/a", "").with("Labels", json!({"key": text})),
        ),
        (
            "a build argument in the history",
            at("srv/a", "").said(&format!("RUN |1 KEY={text} /bin/sh -c npm ci")),
        ),
        (
            "a health check",
            at("srv/a", "").with("Healthcheck", json!({"Test": ["CMD", "login", line]})),
        ),
        (
            "a command",
            at("srv/a", "").with("Cmd", json!(["login", "--key", text])),
        ),
        (
            "a step for images built on it",
            at("srv/a", "").with("OnBuild", json!([format!("RUN echo {line} > id")])),
        ),
        (
            "an annotation",
            at("srv/a", "").annotated("org.example.note", text),
        ),
        (
            "the provenance of a build",
            at("srv/a", "").attested(&json!({"build-arg:KEY": text})),
        ),
        (
            "the image for another platform",
            at("srv/a", "").on_arm64(at("root/.ssh/id", text)),
        ),
    ]
}

/// What the key is made of, without what people keep it in.
fn numbers(key: &Key) -> Vec<(&'static str, Vec<u8>)> {
    let number = key.number();
    let reversed: Vec<u8> = number.iter().rev().copied().collect();
    let shifted = |before: &[u8]| base64(&[before, &number].concat()).into_bytes();
    let web = format!(
        r#"{{"kty": "any", "d": "{}", "use": "sig"}}"#,
        url_safe(&number)
    );
    let mut numbers = vec![
        ("the number alone", number.clone()),
        ("the number, the lowest byte first", reversed.clone()),
        ("digits of that", hex(&reversed, "", "").into_bytes()),
        ("the number in base64", shifted(b"")),
        ("the number in base64, one byte on", shifted(b"x")),
        ("the number in base64, two bytes on", shifted(b"xy")),
        ("a JSON web key", web.into_bytes()),
        (
            "a list of decimal numbers",
            list(&number, |byte| byte.to_string()).into_bytes(),
        ),
        (
            "a list of hexadecimal numbers",
            list(&number, |byte| format!("0x{byte:02x}")).into_bytes(),
        ),
        (
            "base64 of UTF-16 of digits",
            base64(&utf16(&hex(&number, "", ""))).into_bytes(),
        ),
    ];
    if key.kind == "ed25519" {
        let expanded = Sha512::digest(&number);
        let (scalar, prefix) = expanded.split_at(32);
        numbers.push(("the half that signs", scalar.to_vec()));
        numbers.push(("the half that draws", base64(prefix).into_bytes()));
    }
    numbers
}

/// The key written in other ways.
fn encodings(key: &Key) -> impl Iterator<Item = (&'static str, Vec<u8>)> + use<> {
    let (text, bytes) = (key.text.as_bytes(), key.bytes());
    let once = base64(text);
    let locked = key.in_form("RFC4716", "correct horse");
    let echo = rows(&base64(&bytes), 24, "echo '", "' >> id\n");
    let joined = rows(&once, 40, "  \"", "\" +\n");
    [
        ("the bytes without armour", bytes.clone()),
        ("base64 of the file", once.clone().into_bytes()),
        ("base64 in rows", rows(&once, 76, "", "\n").into_bytes()),
        (
            "base64 in short rows",
            rows(&once, 32, "", "\r\n").into_bytes(),
        ),
        ("base64 for addresses", url_safe(&bytes).into_bytes()),
        ("base64 twice", base64(once.as_bytes()).into_bytes()),
        (
            "base64 of base64 of the bytes, in base64",
            base64(base64(base64(&bytes).as_bytes()).as_bytes()).into_bytes(),
        ),
        ("hexadecimal", hex(&bytes, "", "").into_bytes()),
        (
            "capital hexadecimal",
            hex(&bytes, "", "").to_uppercase().into_bytes(),
        ),
        (
            "hexadecimal in rows",
            rows(&hex(&bytes, "", " "), 48, "00: ", "\n").into_bytes(),
        ),
        ("hexadecimal with colons", hex(&bytes, "", ":").into_bytes()),
        ("hexadecimal with spaces", hex(&bytes, "", " ").into_bytes()),
        ("hexadecimal escapes", hex(&bytes, "\\x", "").into_bytes()),
        (
            "base64 of hexadecimal",
            base64(hex(&bytes, "", "").as_bytes()).into_bytes(),
        ),
        (
            "a JSON string",
            json!({ "key": key.text }).to_string().into_bytes(),
        ),
        (
            "a JSON string with escaped slashes",
            json!({ "key": key.text })
                .to_string()
                .replace('/', "\\/")
                .into_bytes(),
        ),
        (
            "a JSON string with escaped signs",
            json!({ "key": key.text })
                .to_string()
                .replace('+', "\\u002B")
                .into_bytes(),
        ),
        ("percent escapes", percent(&key.text).into_bytes()),
        ("UTF-16", utf16(&key.text)),
        ("UTF-16 of networks", utf16_of_networks(&key.text)),
        ("base64 of UTF-16", base64(&utf16(&key.text)).into_bytes()),
        ("lines of a script", echo.into_bytes()),
        ("strings of a program's text", joined.into_bytes()),
        ("PKCS#8", key.in_form("PKCS8", "").into_bytes()),
        ("PEM", key.in_form("PEM", "").into_bytes()),
        ("a copy with a passphrase", locked.clone().into_bytes()),
        (
            "base64 of such a copy",
            base64(locked.as_bytes()).into_bytes(),
        ),
        ("the bytes of such a copy", unarmored(&locked)),
    ]
    .into_iter()
}

/// The key's file inside other files.
fn packed(key: &Key, workshop: &Workshop) -> impl Iterator<Item = (&'static str, Vec<u8>)> + use<> {
    let text = key.text.as_bytes();
    let gzip = workshop.pipe("gzip", &["-c"], text);
    let tar = Layer::of("home/id", text).bytes();
    [
        ("gzip", gzip.clone()),
        ("base64 of gzip", base64(&gzip).into_bytes()),
        (
            "zlib",
            zlib(&workshop.pipe("gzip", &["-n", "-c"], text), text),
        ),
        ("xz", workshop.pipe("xz", &["-c"], text)),
        ("bzip2", workshop.pipe("bzip2", &["-c"], text)),
        ("zstd", workshop.pipe("zstd", &["-q", "-c"], text)),
        ("zip", workshop.zip("id", text)),
        ("tar", tar.clone()),
        ("tar in gzip", workshop.pipe("gzip", &["-c"], &tar)),
        (
            "zip in tar in xz",
            workshop.pipe(
                "xz",
                &["-c"],
                &Layer::of("a.zip", workshop.zip("id", text)).bytes(),
            ),
        ),
        ("ar", workshop.ar("id", text)),
        ("gzip in ar", workshop.ar("id.gz", &gzip)),
        ("a Debian package", workshop.deb("etc/id", text)),
    ]
    .into_iter()
}

/// The key in what whole layers are made of.
fn layers(key: &Key, workshop: &Workshop) -> Vec<(&'static str, Image)> {
    let layer = || Layer::of("root/.ssh/id", &key.text);
    let repository = |is_packed| {
        let files = workshop.git(key.text.as_bytes(), is_packed);
        let add = |layer: Layer, (name, content): &(String, Vec<u8>)| layer.file(name, content);
        Image::of([files.iter().fold(Layer::new(), add)])
    };
    vec![
        ("an object of git", repository(false)),
        ("a pack of git", repository(true)),
        (
            "a sparse file of GNU tar",
            Image::of([Layer::written(workshop.sparse("gnu", key.text.as_bytes()))]),
        ),
        (
            "a sparse file of POSIX tar",
            Image::of([Layer::written(
                workshop.sparse("posix", key.text.as_bytes()),
            )]),
        ),
        (
            "a gzip layer",
            Image::packed(layer(), "tar+gzip", |tar| {
                workshop.pipe("gzip", &["-c"], &tar)
            }),
        ),
        (
            "a zstd layer",
            Image::packed(layer(), "tar+zstd", |tar| {
                workshop.pipe("zstd", &["-q", "-c"], &tar)
            }),
        ),
    ]
}
