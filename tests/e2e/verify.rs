//! `keystay verify`: images in every form, and what it says of each.

mod bad_input;
mod json;
mod memory;
mod others;
mod progress;
mod sarif;
mod sources;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use keystay_tests::env::{Env, Output, Run};

use crate::key_file::new_key;

/// `keystay --key file:KEY verify ARGUMENTS`.
fn verify<S: AsRef<std::ffi::OsStr>>(
    env: &Env,
    key: &Path,
    arguments: impl IntoIterator<Item = S>,
) -> Run {
    let key = format!("file:{}", key.display());
    let keystay = env.keystay_alone().args(["--key", &key, "verify"]);
    keystay.args(arguments)
}

/// Makes an image that holds a key in a layer below the one that removes it; the key.
#[track_caller]
fn leaking_image(env: &Env) -> PathBuf {
    let key = new_key(env, "key", "ed25519");
    fs::copy(&key, env.context().join("id")).unwrap();
    env.file(
        "Dockerfile",
        "FROM keystay/lean:1\nCOPY id /root/.ssh/id\nRUN rm /root/.ssh/id\n",
    );
    env.plain().build(env).output().status(0);
    key
}

/// Has docker, podman or buildah save the image to a file of the context.
#[track_caller]
fn save(env: &Env, words: &[&str], name: &str) -> PathBuf {
    let file = env.context().join(name);
    let save = env.plain().args(words).args(["--output", name]);
    save.args([env.tag()]).output().status(0);
    file
}

/// Unpacks an archive into a folder of the context.
#[track_caller]
fn unpacked(env: &Env, archive: &Path, name: &str) -> PathBuf {
    let folder = env.context().join(name);
    fs::create_dir(&folder).unwrap();
    run(Command::new("tar")
        .arg("-xf")
        .arg(archive)
        .arg("-C")
        .arg(&folder));
    folder
}

#[track_caller]
fn run(command: &mut Command) {
    assert!(command.status().unwrap().success(), "{command:?}");
}

/// What Keystay says, without the sizes and without what podman writes for the name of a file.
fn said(output: &Output) -> String {
    let line = |line: &str| match (line.contains(" searched for "), line.rsplit_once(" (")) {
        (true, Some((before, _))) => format!("{before} (…)\n"),
        _ => format!("{}\n", without_checksum(line)),
    };
    output.said().lines().map(line).collect()
}

fn without_checksum(line: &str) -> String {
    match line.split_once("COPY file:") {
        Some((before, after)) => format!("{before}COPY id {}", &after[64 + " in ".len()..]),
        None => line.to_owned(),
    }
}
