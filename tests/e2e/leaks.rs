//! Images that were built in the ways that leak keys: Keystay names the layer, the file and the
//! instruction, fails, and never repeats the key.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use keystay_tests::env::{Env, Output, Run};
use keystay_tests::lab::{Lab, UpstreamAgent};

use crate::key_file::{fingerprint, in_form, new_key};

#[test]
fn keys_in_files_are_named_by_layer_path_and_instruction() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        let keys = ["rsa", "rsa", "ecdsa", "ed25519"];
        let keys: Vec<_> = (1..).zip(keys).collect();
        let keys: Vec<_> = keys
            .iter()
            .map(|(n, kind)| new_key(&env, &format!("key-{n}"), kind))
            .collect();
        fs::copy(&keys[0], env.context().join("id_rsa")).unwrap();
        fs::copy(in_form(&keys[1], "PEM"), env.context().join("key.pem")).unwrap();
        fs::copy(in_form(&keys[2], "PKCS8"), env.context().join("key.pk8")).unwrap();
        let deploy = fs::read_to_string(&keys[3]).unwrap();
        env.file("app/config/deploy", &deploy)
            .file("Dockerfile", FILES);

        // Keystay does not build this: see `before_build`.
        env.docker().build(&env).output().status(0);
        let verified = with(env.keystay_alone(), &keys).args(["verify", env.tag()]);
        let verified = verified.output();
        let [a, b, c, d] = [0, 1, 2, 3].map(|n| fingerprint(&keys[n]));
        verified.status(65).stdout_is("");
        assert_eq!(
            without_sizes(&verified.said()),
            format!(
                "keystay: image     LEAK {} 4 findings, searched for 4 keys in 5 layers (…)\n\
                 keystay: leak: layer 2, root/.ssh/id_rsa (ADD id_rsa /root/.ssh/id_rsa): private key {a} as base64\n\
                 keystay: leak: layer 4, etc/tls/key.pem (COPY key.pem key.pk8 /etc/tls/): private key {b} as base64\n\
                 keystay: leak: layer 4, etc/tls/key.pk8 (COPY key.pem key.pk8 /etc/tls/): private key {c} as base64\n\
                 keystay: leak: layer 5, app/config/deploy (COPY /app /app): private key {d} as base64\n\
                 keystay: error: key material found in the image\n\
                 hint: do not push the image; replace the 4 keys: whoever gets the image has them\n\
                 hint: keep it out of layer 2, `ADD id_rsa /root/.ssh/id_rsa`: to remove it later leaves it in this layer\n\
                 hint: keep it out of layer 4, `COPY key.pem key.pk8 /etc/tls/`: to remove it later leaves it in this layer\n\
                 hint: keep it out of layer 5, `COPY /app /app`: to remove it later leaves it in this layer\n\
                 {AFTERWARDS}",
                env.tag()
            )
        );
        assert_repeats_none(&verified, &keys);
        assert_found_again(&env, &keys, &a);
    }
}

/// `keystay verify` finds the same in an image that is there, and takes it for clean of other keys.
#[track_caller]
fn assert_found_again(env: &Env, keys: &[PathBuf], first: &str) {
    let verify = |keys: &[PathBuf]| with(env.keystay_alone(), keys).args(["verify", env.tag()]);
    let verified = verify(&keys[..1]).output();
    verified.status(65).stdout_is("");
    assert_eq!(
        without_sizes(&verified.said()),
        format!(
            "keystay: image     LEAK {} 1 finding, searched for 1 key in 5 layers (…)\n\
             keystay: leak: layer 2, root/.ssh/id_rsa (ADD id_rsa /root/.ssh/id_rsa): private key {first} as base64\n\
             {OTHERS}\
             keystay: error: key material found in the image\n\
             hint: do not push the image; replace the key: whoever gets the image has it\n\
             hint: keep it out of layer 2, `ADD id_rsa /root/.ssh/id_rsa`: to remove it later leaves it in this layer\n\
             {AFTERWARDS}",
            env.tag()
        )
    );
    assert_repeats_none(&verified, keys);
    let verified = verify(&[new_key(env, "other", "ed25519")]).output();
    verified.status(0).stdout_is("");
    assert_eq!(
        without_sizes(&verified.said()),
        format!(
            "keystay: image     CLEAN {} searched for 1 key in 5 layers (…)\n\
             keystay: warning: layer 2, root/.ssh/id_rsa (ADD id_rsa /root/.ssh/id_rsa): another private key (OpenSSH)\n\
             {OTHERS}",
            env.tag()
        )
    );
}

#[test]
fn a_key_that_a_step_copies_from_a_secret_is_found_after_the_build() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        let key = new_key(&env, "key", "ed25519");
        env.file("Dockerfile", SECRET);
        let secret = format!("id=key,src={}", key.display());
        let built = with(env.keystay(), std::slice::from_ref(&key));
        let built = built.build(&env).args(["--secret", &secret]).output();
        built.status(65);
        let step = "RUN cp /run/secrets/key /id";
        let found = fingerprint(&key);
        assert_eq!(
            without_sizes(&built.said()),
            format!(
                "keystay: note: Dockerfile:3: a mounted secret is copied to `/id` [L8]; `keystay lint` tells what to do\n\
                 keystay: note: no step mounts an ssh agent, so none can use the keys; a step that fetches begins with `RUN --mount=type=ssh`\n\
                 keystay: the build asked for no signature (cached, or it has no ssh step)\n\
                 keystay: image     LEAK {} 1 finding, searched for 1 key in 2 layers (…)\n\
                 keystay: leak: layer 2, id ({step}): private key {found} as base64\n\
                 keystay: error: key material found in the image\n\
                 hint: do not push the image; replace the key: whoever gets the image has it\n\
                 hint: keep it out of layer 2, `{step}`: to remove it later leaves it in this layer\n\
                 {AFTERWARDS}",
                id(&env)
            )
        );
        assert_repeats_none(&built, &[key]);
    }
}

#[test]
fn keys_in_arguments_variables_and_labels_are_named_by_their_place() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        let keys = ["plain", "base64", "env", "label"].map(|name| new_key(&env, name, "ed25519"));
        let text = |n: usize| fs::read_to_string(&keys[n]).unwrap();
        env.file("Dockerfile", ARGUMENTS);
        let arguments = [
            format!("PLAIN={}", text(0)),
            format!("BASE64={}", base64(&keys[1])),
            format!("IN_ENV={}", text(2)),
            format!("IN_LABEL={}", base64(&keys[3])),
        ];
        let arguments = arguments.iter().flat_map(|value| ["--build-arg", value]);
        env.docker().build(&env).args(arguments).output().status(0);
        let built = with(env.keystay_alone(), &keys).args(["verify", env.tag()]);
        let built = built.output();
        let [plain, packed, in_env, in_label] = [0, 1, 2, 3].map(|n| fingerprint(&keys[n]));
        built.status(65);
        assert_eq!(
            findings(&built),
            format!(
                "environment variable DEPLOY_KEY: private key {in_env} as base64\n\
                 label com.acme.key: private key {in_label} as base64 of base64\n\
                 history entry 5 (RUN test -n \"$PLAIN$BASE64\"): private key {plain} as base64\n\
                 history entry 5 (RUN test -n \"$PLAIN$BASE64\"): private key {packed} as base64 of base64\n\
                 history entry 7 (ENV [withheld, it holds the key]): private key {in_env} as base64\n\
                 history entry 9 (LABEL [withheld, it holds the key]): private key {in_label} as base64 of base64\n"
            )
        );
        assert_repeats_none(&built, &keys);
    }
}

#[test]
fn an_image_is_searched_once_for_the_same_keys() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        let [one, other] = ["one", "other"].map(|name| new_key(&env, name, "ed25519"));
        env.file("Dockerfile", "FROM keystay/lean:1\nRUN echo kept >/kept\n");
        let image_line = |key: &PathBuf| {
            let keystay = with(env.keystay(), std::slice::from_ref(key));
            let built = keystay.build(&env).output();
            let said = without_sizes(&built.status(0).said());
            said.lines().last().unwrap().to_owned()
        };
        let searched = format!(
            "keystay: image     CLEAN {} searched for 1 key in 2 layers (…)",
            id_after(&env, &one)
        );
        let before = searched.replace("for 1 key in 2 layers (…)", "before for the same keys");
        assert_eq!(image_line(&one), before);
        assert_eq!(image_line(&other), searched);
        assert_eq!(image_line(&other), before);
    }
}

#[test]
fn a_rebuild_has_its_new_layers_searched_only() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        let keys = [new_key(&env, "key", "ed25519")];
        let before = "FROM keystay/lean:1\nRUN echo kept >/kept\n";
        env.file("Dockerfile", before);
        id_after(&env, &keys[0]);
        env.file("Dockerfile", &format!("{before}RUN echo new >/new\n"));
        let rebuilt = with(env.keystay(), &keys).build(&env).output();
        rebuilt
            .status(0)
            .stderr_has(" searched for 1 key in 3 layers (");
        // Docker before 25 names the uppermost layer of an image otherwise than one that others stand on.
        rebuilt.stderr_has(match engine.name() {
            "docker-20.10" => "; 1 layer was clean before)\n",
            _ => "; 2 layers were clean before)\n",
        });
        fs::copy(&keys[0], env.context().join("key")).unwrap();
        env.file("Dockerfile", &format!("{before}COPY key /key\n"));
        let image = with(env.keystay(), &keys).args(["--no-verify"]);
        image.build(&env).output().status(0);
        let leak = with(env.keystay_alone(), &keys).args(["verify", env.tag()]);
        leak.output()
            .status(65)
            .stdout_is("")
            .stderr_has("keystay: leak: layer 3, key at byte 254 (COPY key /key): private key ");
    }
}

#[test]
fn no_verify_leaves_the_image_alone() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        let key = new_key(&env, "key", "ed25519");
        fs::copy(&key, env.context().join("key")).unwrap();
        env.file("Dockerfile", "FROM keystay/lean:1\nCOPY key /key\n");
        let keystay = with(env.keystay(), &[key]).args(["--no-verify"]);
        let built = keystay.build(&env).output();
        built.status(0).stderr_lacks("keystay: image");
    }
}

#[test]
fn an_image_that_is_not_there_is_an_error() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        let keys = [new_key(&env, "key", "ed25519")];
        let verified = with(env.keystay_alone(), &keys).args(["verify", "acme/nothing:1"]);
        verified.output().status(64).stdout_is("").says(
            "keystay: image     INCOMPLETE the engine holds no image acme/nothing:1\n\
             keystay: error: there is no such image\n\
             hint: see which there are: `docker image ls`\n",
        );
    }
}

#[test]
fn keys_that_only_an_agent_holds_are_not_said_to_be_searched_for() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    let [elsewhere, here] = ["elsewhere", "here"].map(|name| new_key(&env, name, "ed25519"));
    let agent = UpstreamAgent::with(&[elsewhere]).unwrap();
    env.file("Dockerfile", "FROM keystay/lean:1\n");
    let keystay = || env.keystay().env("SSH_AUTH_SOCK", agent.socket());

    let built = keystay().build(&env).output();
    built.status(0).stderr_has(
        "keystay: image     searched for locked copies only: the key is in your agent, its private half is not here\n",
    );
    let both = keystay().args(["--key", "agent"]);
    let built = with(both, &[here]).build(&env).output();
    built
        .status(0)
        .stderr_has(" searched for 1 key in 1 layer (")
        .stderr_has("; 1 key is in your agent, searched for locked copies only\n");
    let keystay = env.keystay_alone().env("SSH_AUTH_SOCK", agent.socket());
    let verified = keystay.args(["verify", env.tag()]).output();
    verified.status(75).says(
        "keystay: image     searched for locked copies only: the key is in your agent, its private half is not here\n\
         keystay: error: there is no key to search for\n\
         hint: name the file of the key: `keystay --key file:PATH verify IMAGE`\n",
    );
}

#[test]
fn an_image_that_was_searched_for_locked_copies_is_searched_again_when_the_key_is_here() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    let key = new_key(&env, "key", "ed25519");
    let agent = UpstreamAgent::with(std::slice::from_ref(&key)).unwrap();
    env.file("Dockerfile", SECRET);
    let secret = format!("id=key,src={}", key.display());
    let output = |keystay: Run| keystay.build(&env).args(["--secret", &secret]).output();
    let built = output(env.keystay().env("SSH_AUTH_SOCK", agent.socket()));
    built.status(0).stderr_has(
        "keystay: image     searched for locked copies only: the key is in your agent, its private half is not here\n",
    );
    let built = output(with(env.keystay(), &[key]));
    built.status(65).stdout_is("").stderr_has(
        "keystay: leak: layer 2, id at byte 254 (RUN cp /run/secrets/key /id): private key SHA256:",
    );
}

fn with(keystay: Run, keys: &[PathBuf]) -> Run {
    let source = |key: &PathBuf| ["--key".to_owned(), format!("file:{}", key.display())];
    keystay.args(keys.iter().flat_map(source))
}

/// The image's id as Keystay shows it.
#[track_caller]
fn id(env: &Env) -> String {
    let inspect = ["image", "inspect", "--format", "{{.Id}}", env.tag()];
    let output = env.docker().args(inspect).output();
    output.status(0).stdout[..19].to_owned()
}

/// The image's id after it is built and searched for a key.
#[track_caller]
fn id_after(env: &Env, key: &Path) -> String {
    let built = with(env.keystay(), &[key.to_owned()]).build(env).output();
    built
        .status(0)
        .stderr_has(" searched for 1 key in 2 layers (");
    id(env)
}

/// Sizes of images differ between engines.
fn without_sizes(said: &str) -> String {
    let line = |line: &str| match (line.contains(" searched for "), line.rsplit_once(" (")) {
        (true, Some((before, _))) => format!("{before} (…)\n"),
        _ => format!("{}\n", without_offset(line)),
    };
    said.lines().map(line).collect()
}

/// Where in a file a key is depends on its numbers.
fn without_offset(line: &str) -> String {
    match line.split_once(" at byte ") {
        Some((before, after)) => {
            let rest = after.trim_start_matches(|digit: char| digit.is_ascii_digit());
            format!("{before}{rest}")
        }
        None => line.to_owned(),
    }
}

fn findings(output: &Output) -> String {
    let said = output.said();
    let found = said
        .lines()
        .filter_map(|line| line.strip_prefix("keystay: leak: "));
    found.fold(String::new(), |all, line| {
        all + &without_offset(line) + "\n"
    })
}

/// No piece of 16 characters of any form of a key is in what Keystay says.
#[track_caller]
fn assert_repeats_none(output: &Output, keys: &[PathBuf]) {
    let said = output.said();
    for key in keys {
        let text = fs::read_to_string(key).unwrap();
        let body: Vec<_> = text
            .lines()
            .filter(|line| !line.starts_with("-----"))
            .collect();
        for form in [body.concat(), base64(key)] {
            let mut pieces = form.as_bytes().windows(16);
            let piece = pieces.find(|piece| said.contains(str::from_utf8(piece).unwrap()));
            assert!(piece.is_none(), "{said}");
        }
    }
}

/// The file in base64, as `base64 -w0` writes it.
fn base64(file: &Path) -> String {
    let output = Command::new("base64").arg("-w0").arg(file).output();
    String::from_utf8(output.unwrap().stdout).unwrap()
}

const AFTERWARDS: &str = "\
hint: give steps that need a key `RUN --mount=type=ssh`: it is lent to them, and never in a layer
hint: then build with `--no-cache`, and clear the build cache, which holds the key too: `docker builder prune`
";
const FILES: &str = "\
FROM keystay/base:1 AS build
COPY app /app

FROM keystay/lean:1
ADD id_rsa /root/.ssh/id_rsa
RUN rm /root/.ssh/id_rsa
COPY key.pem key.pk8 /etc/tls/
COPY --from=build /app /app
";
const OTHERS: &str = "\
keystay: warning: layer 4, etc/tls/key.pem (COPY key.pem key.pk8 /etc/tls/): another private key (RSA, PKCS #1)
keystay: warning: layer 4, etc/tls/key.pk8 (COPY key.pem key.pk8 /etc/tls/): another private key (PKCS #8)
keystay: warning: layer 5, app/config/deploy (COPY /app /app): another private key (OpenSSH)
";
const SECRET: &str = "\
FROM keystay/lean:1
RUN --mount=type=secret,id=key cp /run/secrets/key /id
";
const ARGUMENTS: &str = "\
FROM keystay/lean:1
ARG PLAIN
ARG BASE64
RUN test -n \"$PLAIN$BASE64\"
ARG IN_ENV
ENV DEPLOY_KEY=$IN_ENV
ARG IN_LABEL
LABEL com.acme.key=$IN_LABEL
";
