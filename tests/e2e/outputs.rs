//! Wherever a build's result goes, the right bytes are searched, or it is said that they were not seen.

use std::{fs, path::PathBuf};

use keystay_tests::env::{Env, Output};
use keystay_tests::lab::Lab;
use serde_json::Value;

use crate::key_file::{fingerprint, new_key};

#[test]
fn the_image_that_docker_s_own_files_name_is_searched() {
    let lab = Lab::up().unwrap();
    let env = lean(&lab);
    let built = build(
        &env,
        &[],
        &["--iidfile", "id", "--metadata-file", "metadata"],
    );
    let read = |name: &str| fs::read_to_string(env.context().join(name)).unwrap();
    let metadata: Value = serde_json::from_str(&read("metadata")).unwrap();
    let id = read("id");
    assert_eq!(metadata["containerimage.config.digest"], id.as_str());
    let line = format!(
        "keystay: image     CLEAN {} searched for 1 key in 2 layers (",
        &id[..19]
    );
    built.status(0).stdout_is("").stderr_has(&line);
}

#[test]
fn where_no_id_is_told_the_metadata_names_the_image() {
    let lab = Lab::up().unwrap();
    let env = lean(&lab);
    let built = build(&env, &[], &["--iidfile", "", "--metadata-file", "metadata"]);
    let inspect = ["image", "inspect", "--format", "{{.Id}}", env.tag()];
    let id = env.docker().args(inspect).output().stdout;
    let line = format!(
        "keystay: image     CLEAN {} searched for 1 key in 2 layers (",
        &id[..19]
    );
    built.status(0).stdout_is("").stderr_has(&line);
}

#[test]
fn files_are_said_to_be_no_image() {
    let lab = Lab::up().unwrap();
    let env = lean(&lab);
    for output in ["type=tar,dest=out.tar", "type=local,dest=out", "out"] {
        build(&env, &[], &["--output", output])
            .status(0)
            .stdout_is("")
            .says(&format!("{HEAD}{FILES}"));
        build(&env, &["--strict"], &["--output", output])
            .status(75)
            .stdout_is("")
            .says(&format!("{HEAD}{FILES}{STRICT}"));
    }
    assert!(env.context().join("out.tar").is_file());
    assert!(env.context().join("out/kept").is_file());
}

#[test]
fn what_goes_to_standard_output_is_said_not_to_be_seen() {
    let lab = Lab::up().unwrap();
    let env = lean(&lab);
    let mut keystay = env.keystay().args(["--key", &key(&env)]).build(&env);
    keystay = keystay.args(["--output", "type=tar,dest=-"]);
    let file = fs::File::create(env.home().join("out.tar")).unwrap();
    keystay.command().stdout(file);
    let child = keystay
        .command()
        .stderr(std::process::Stdio::piped())
        .spawn();
    let output = child.unwrap().wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(stderr.ends_with(
        "keystay: image     INCOMPLETE the output of the build went to standard output, and was not seen\n"
    ), "{stderr}");
}

#[test]
fn an_image_and_files_are_built_together_and_both_told() {
    let lab = Lab::up().unwrap();
    let env = lean(&lab);
    let outputs = [
        "--output",
        "type=docker",
        "--output",
        "type=tar,dest=out.tar",
    ];
    build(&env, &[], &outputs).status(0).says(&format!(
        "{HEAD}keystay: image     INCOMPLETE the engine told no image id; and 1 more\n\
         keystay: note: not searched: the engine told no image id\n\
         keystay: note: not searched: the output of the build is no image of the engine\n"
    ));
    let metadata = [&outputs[..], &["--metadata-file", "metadata"]].concat();
    let built = build(&env, &["--strict"], &metadata);
    built.status(75).says(&format!("{HEAD}{FILES}{STRICT}"));
    assert!(env.context().join("out.tar").is_file());
}

#[test]
fn a_push_that_fails_ends_with_docker_s_status() {
    let lab = Lab::up().unwrap();
    let env = lean(&lab);
    // Nothing listens at the port for discarding.
    let name = format!("127.0.0.1:9/{}", env.tag());
    let pushed = env
        .docker()
        .build(&env)
        .args(["--tag", &name, "--push"])
        .output();
    let built = build(&env, &["--strict"], &["--tag", &name, "--push"]);
    assert_ne!(pushed.status, 0);
    built
        .status(pushed.status)
        .stderr_lacks("keystay: image")
        .stderr_lacks("keystay: error");
    // The engine may have kept the image that it did not push.
    drop(env.docker().args(["image", "rm", &name]).output());
}

#[test]
fn an_inline_cache_holds_no_layers_and_is_not_told() {
    let lab = Lab::up().unwrap();
    let env = lean(&lab);
    let built = build(&env, &["--strict"], &["--cache-to", "type=inline"]);
    built
        .status(0)
        .stderr_lacks("unseen")
        .stderr_has("keystay: image     CLEAN ");
}

#[test]
fn images_in_files_and_folders_are_searched_there() {
    let lab = Lab::up().unwrap();
    let engine = lab.with_containerd().unwrap();
    for (output, place) in [
        ("type=oci,dest=out.tar", "out.tar"),
        ("type=docker,dest=docker.tar", "docker.tar"),
        ("type=oci,tar=false,dest=layout", "layout"),
    ] {
        let env = Env::on(&lab, &engine);
        env.file("Dockerfile", KEPT);
        let built = build(&env, &["--strict"], &["--output", output]);
        built.status(0).stdout_is("").stderr_has(&format!(
            "keystay: image     CLEAN in {place} searched for 1 key in 2 layers ("
        ));
        env.file(
            "Dockerfile",
            "FROM keystay/lean:1\nRUN --mount=type=secret,id=key cp /run/secrets/key /id\n",
        );
        let secret = secret(&env);
        let built = build(&env, &[], &["--output", output, "--secret", &secret]);
        let leak = format!(
            " (RUN cp /run/secrets/key /id): private key {} as base64\n",
            fingerprint(&env.home().join("key"))
        );
        built
            .status(65)
            .stdout_is("")
            .stderr_has(&format!("keystay: image     LEAK in {place} 1 finding, "))
            .stderr_has("keystay: leak: layer 2, id at byte ")
            .stderr_has(&leak)
            .stderr_has("keystay: error: key material found in the image\n");
    }
}

#[test]
fn every_platform_of_an_image_is_searched() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.with_containerd().unwrap());
    env.file("Dockerfile", PLATFORMS);
    let platforms = ["--platform", "linux/amd64,linux/arm64", "--no-cache"];
    let built = build(&env, &["--strict"], &platforms);
    built
        .status(0)
        .stderr_has("keystay: image     CLEAN sha256:");
    let secret = secret(&env);
    let built = build(
        &env,
        &[],
        &[&platforms[..], &["--secret", &secret]].concat(),
    );
    let leak = format!(
        " (COPY /out /out): private key {} as base64\n",
        fingerprint(&env.home().join("key"))
    );
    built
        .status(65)
        .stdout_is("")
        .stderr_has(" 1 finding, ")
        .stderr_has(", out at byte ")
        .stderr_has(&leak);
}

#[test]
fn an_exported_cache_is_said_not_to_be_seen() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.with_containerd().unwrap());
    env.file("Dockerfile", KEPT);
    for (cache, clause) in [
        (
            "type=local,dest=cache,mode=max",
            "with the layers of every stage",
        ),
        (
            "type=local,dest=cache",
            "which may hold layers of other stages",
        ),
    ] {
        let built = build(&env, &["--strict"], &["--cache-to", cache]);
        built
            .status(0)
            .stderr_has("keystay: image     CLEAN ")
            .stderr_has(&format!(
                "keystay: unseen    the cache that `--cache-to` exports, {clause}\n"
            ));
    }
    assert!(env.context().join("cache/index.json").is_file());
}

#[test]
fn provenance_that_tells_arguments_is_warned_of_and_searched() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.with_containerd().unwrap());
    env.file("Dockerfile", KEPT);
    let warning = "keystay: note: provenance in mode max tells the values of all build arguments to who gets the image; `--provenance=mode=min` does not\n";
    let maximal = ["--provenance=mode=max", "--build-arg", "A=1"];
    let built = build(&env, &["--strict"], &maximal);
    built
        .status(0)
        .stderr_has(warning)
        .stderr_has("keystay: image     CLEAN ");
    // The argument is in no layer and no configuration: no instruction declares it.
    let key_text = fs::read_to_string(env.home().join("key")).unwrap();
    let argument = format!("KEY={key_text}");
    let unchecked = ["--provenance=mode=max", "--build-arg", &argument];
    build(&env, &["--no-verify"], &unchecked)
        .status(0)
        .stderr_has(warning);
    let verified = env
        .keystay_alone()
        .args(["--key", &key(&env), "verify", env.tag()])
        .output();
    verified
        .status(65)
        .stderr_has("keystay: leak: saved image, ");
}

/// An environment whose build makes one file.
#[track_caller]
fn lean(lab: &Lab) -> Env {
    let env = Env::on(lab, &lab.engines()[1]);
    env.file("Dockerfile", KEPT);
    env
}

/// The argument that gives steps the key.
#[track_caller]
fn secret(env: &Env) -> String {
    key(env).replace("file:", "id=key,src=")
}

#[track_caller]
fn build(env: &Env, options: &[&str], arguments: &[&str]) -> Output {
    let keystay = env.keystay().args(["--key", &key(env)]).args(options);
    keystay.build(env).args(arguments).output()
}

#[track_caller]
fn key(env: &Env) -> String {
    let made: PathBuf = env.home().join("key");
    let key = if made.exists() {
        made
    } else {
        new_key(env, "key", "ed25519")
    };
    format!("file:{}", key.display())
}

const KEPT: &str = "FROM keystay/lean:1\nRUN echo kept >/kept\n";
/// Only arm64's image gets the secret, if there is one.
const PLATFORMS: &str = "\
FROM --platform=$BUILDPLATFORM keystay/lean:1 AS amd64
RUN echo kept >/out
FROM --platform=$BUILDPLATFORM keystay/lean:1 AS arm64
RUN --mount=type=secret,id=key cat /run/secrets/key >/out || echo kept >/out
FROM ${TARGETARCH} AS chosen
FROM scratch
COPY --from=chosen /out /out
";
const HEAD: &str = "\
keystay: note: no step mounts an ssh agent, so none can use the keys; a step that fetches begins with `RUN --mount=type=ssh`
keystay: the build asked for no signature (cached, or it has no ssh step)
";
const FILES: &str =
    "keystay: image     INCOMPLETE the output of the build is no image of the engine\n";
const STRICT: &str = "\
keystay: error: the image was not searched whole, and `--strict` asks for that
hint: leave out `--strict` to take it as it is
";
