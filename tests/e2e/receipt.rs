//! `--receipt` and `keystay receipt check`: what a build was, written down, and held against images.

mod check;
mod refused;
mod written;

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use keystay_tests::env::{Env, Output};
use serde_json::Value;

/// The receipt of a build, once the schema is known to hold for it.
#[track_caller]
fn receipt(env: &Env, name: &str) -> Value {
    let path = env.context().join(name);
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../client/receipt.schema.json");
    let judged = Command::new("jsonschema")
        .arg("-i")
        .args([&path, &schema])
        .output()
        .expect("jsonschema runs: `cargo xtask lab up` installs it");
    let said = String::from_utf8_lossy(&judged.stderr);
    assert!(judged.status.success(), "{said}");
    let mode = path.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Nothing in the receipt is a secret, or of this machine: no piece of a key, no comment, no path of the
/// home or the context.
#[track_caller]
fn assert_tells_nothing(env: &Env, name: &str, keys: &[PathBuf]) {
    let text = fs::read_to_string(env.context().join(name)).unwrap();
    for key in keys {
        let private = fs::read_to_string(key).unwrap();
        let public = fs::read_to_string(key.with_added_extension("pub")).unwrap();
        let comment = public.trim().split(' ').nth(2).unwrap();
        assert!(!text.contains(comment), "{comment} in {text}");
        let body: String = (private.lines())
            .filter(|line| !line.starts_with("-----"))
            .collect();
        let mut pieces = body.as_bytes().windows(16);
        let piece = pieces.find(|piece| text.contains(str::from_utf8(piece).unwrap()));
        assert!(piece.is_none(), "{text}");
    }
    for folder in [env.home(), env.context(), env.lab().key("dev")] {
        let folder = folder.parent().unwrap().display().to_string();
        assert!(!text.contains(&folder), "{folder} in {text}");
    }
}

/// Takes a field out, so that the rest can be compared whole.
#[track_caller]
fn take(value: &mut Value, pointer: &str) -> Value {
    value.pointer_mut(pointer).expect(pointer).take()
}

/// The image's id by the engine, `sha256:` and 64 digits.
#[track_caller]
fn image_id(env: &Env) -> String {
    let inspect = ["image", "inspect", "--format", "{{.Id}}", env.tag()];
    let told = env.plain().args(inspect).output();
    let id = told.status(0).stdout.trim().to_owned();
    id.strip_prefix("sha256:").unwrap_or(&id).to_owned()
}

/// The SHA-256 of a file, by coreutils.
#[track_caller]
fn sha256(path: &Path) -> String {
    let output = Command::new("sha256sum").arg(path).output().unwrap();
    String::from_utf8(output.stdout).unwrap()[..64].to_owned()
}

/// Builds an image into which a step copies the key that it was given, with a receipt of this name.
#[track_caller]
fn build_leaking(env: &Env, key: &Path, receipt: &str) -> Output {
    env.file("Dockerfile", LEAKING);
    let source = format!("file:{}", key.display());
    let secret = format!("id=key,src={}", key.display());
    let options = ["--key", &source, "--receipt", receipt];
    let build = env.keystay().args(options).build(env);
    build.args(["--secret", &secret]).output()
}

/// An image into which a step copies the key that it was given.
const LEAKING: &str = "\
FROM keystay/base:1
RUN --mount=type=secret,id=key cp /run/secrets/key /id
";
