//! What is no image, or only a part of one.

use std::{fs, path::Path};

use keystay_tests::{
    env::{Env, Output},
    lab::Lab,
};

use super::{leaking_image, said, save, unpacked, verify};
use crate::key_file::new_key;

#[test]
fn what_is_no_image_is_told_with_what_to_do() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    let key = new_key(&env, "key", "ed25519");
    env.file("text", "This is no archive.\n").file("empty", "");
    fs::create_dir(env.context().join("folder")).unwrap();
    super::run(
        std::process::Command::new("tar")
            .args(["-cf", "files.tar", "text"])
            .current_dir(env.context()),
    );
    let refused = |image: &str| -> Output {
        let verified = verify(&env, &key, [image]).output();
        verified.status(64).stdout_is("");
        verified
    };
    refused("text").says(
        "keystay: error: text is no saved image: it is not an archive\n\
         hint: `docker image save --output FILE IMAGE` writes one; gzip is undone, other compressions are not: `zstd -dc FILE | keystay verify -`\n",
    );
    refused("empty").says(
        "keystay: error: empty is empty\n\
         hint: `docker image save IMAGE | keystay verify -`\n",
    );
    // Standard input is empty too.
    refused("-").says(
        "keystay: error: standard input is empty\n\
         hint: `docker image save IMAGE | keystay verify -`\n",
    );
    refused("files.tar").says(
        "keystay: error: files.tar is no saved image: it holds neither manifest.json nor index.json\n\
         hint: `docker image save --output FILE IMAGE` writes one; what `docker export` writes has lost its layers and proves nothing\n",
    );
    refused("folder").says(
        "keystay: image     INCOMPLETE the engine holds no image folder\n\
         keystay: error: there is no such image\n\
         hint: see which there are: `docker image ls`\n\
         hint: the folder of that name is no OCI layout: it holds no `oci-layout`\n",
    );
    refused("App:1").says(
        "keystay: image     INCOMPLETE the engine holds no image App:1\n\
         keystay: error: there is no such image\n\
         hint: see which there are: `docker image ls`\n",
    );
    let unread = |image: &str, why: &str| {
        let verified = verify(&env, &key, [image]).output();
        verified.status(66).stdout_is("");
        verified.says(&format!("keystay: error: cannot read {image}: {why}\n"));
    };
    for path in [
        "./none.tar",
        "/nonexistent/image",
        "../none/image",
        "a//b",
        "a b.tar",
    ] {
        unread(path, "No such file or directory (os error 2)");
    }
    unread(
        "./folder",
        "the folder is no OCI layout: it holds no `oci-layout`",
    );
}

#[test]
fn standard_input_cannot_be_both_the_key_and_the_image() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    let keystay = env.keystay_alone().args(["--key", "stdin", "verify", "-"]);
    keystay.output().status(64).stdout_is("").says(
        "keystay: error: standard input cannot be both the key and the image\n\
         hint: name the key in another way: `--key file:PATH` or `--key env:NAME`\n",
    );
}

#[test]
fn without_an_engine_files_are_searched_and_images_are_not() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    let key = new_key(&env, "key", "ed25519");
    env.file("text", "This is no archive.\n");
    let verify = |image| {
        let verify = verify(&env, &key, [image]);
        verify.env("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    };
    verify("text").output().status(64);
    verify("app:1").output().status(69).stdout_is("").says(
        "keystay: error: the docker engine does not answer at unix:///nonexistent/docker.sock: No such file or directory (os error 2)\n\
         hint: start it: `sudo systemctl start docker`\n\
         hint: or name another one in DOCKER_HOST or with `docker context use`\n",
    );
}

#[test]
fn a_part_of_an_image_is_never_clean() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    leaking_image(&env);
    let other = new_key(&env, "other", "ed25519");
    let file = save(&env, &["image", "save"], "image.tar");
    let layout = unpacked(&env, &file, "layout");
    let blob = largest(&layout.join("blobs/sha256"));
    let name = blob.file_name().unwrap().to_str().unwrap().to_owned();
    let incomplete = |image: &str| {
        let verified = verify(&env, &other, [image]).output();
        verified.status(75).stdout_is("");
        said(&verified)
    };

    let bytes = fs::read(&file).unwrap();
    fs::write(env.context().join("cut.tar"), &bytes[..bytes.len() / 2]).unwrap();
    let told = incomplete("cut.tar");
    let half = bytes.len() / 2;
    let first = format!(
        "keystay: image     INCOMPLETE the saved image ends after {half} bytes, before its end mark"
    );
    assert!(told.starts_with(&first), "{told}");
    assert!(told.ends_with(NOT_WHOLE), "{told}");

    let content = fs::read(&blob).unwrap();
    fs::remove_file(&blob).unwrap();
    let told = incomplete("layout");
    assert!(
        told.contains(&format!("sha256:{name} is not in the saved image\n")),
        "{told}"
    );

    let mut changed = content.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    fs::write(&blob, &changed).unwrap();
    let told = incomplete("layout");
    assert!(
        told.contains(&format!("sha256:{name} has the digest sha256:")),
        "{told}"
    );

    fs::write(&blob, &content[..middle]).unwrap();
    let told = incomplete("layout");
    assert!(
        told.contains(&format!(
            "sha256:{name} has {middle} bytes instead of {}",
            content.len()
        )),
        "{told}"
    );
}

#[track_caller]
fn largest(folder: &Path) -> std::path::PathBuf {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let largest = entries.max_by_key(|entry| entry.metadata().unwrap().len());
    largest.unwrap().path()
}

const NOT_WHOLE: &str = "\
keystay: error: the image was not searched whole
hint: it is not known to be clean: see what was not searched
";
