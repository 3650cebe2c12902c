//! Secrets in an image that are none of the build's.

use std::{fs, path::Path, process::Command};

use keystay_tests::{env::Env, lab::Lab};
use serde_json::Value;

use super::{run, verify};
use crate::key_file::new_key;

#[test]
fn other_keys_and_tokens_are_warnings_and_an_error_with_strict() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    let key = new_key(&env, "key", "ed25519");
    let context = env.context();
    ssh_key(&context.join("locked"), &["-t", "ed25519", "-N", "secret"]);
    ssh_key(&context.join("rsa"), &["-t", "rsa", "-m", "PEM", "-N", ""]);
    env.file("published", PUBLISHED);
    env.file("placeholder", PLACEHOLDER);
    env.file("config", &format!("[remote \"origin\"]\n\turl = {URL}\n"));
    env.file(
        "Dockerfile",
        "FROM keystay/lean:1\nCOPY published placeholder locked.pub rsa.pub /known/\n\
         COPY rsa locked /keys/\nCOPY config /app/.git/config\nCOPY config /app/README\n",
    );
    env.plain().build(&env).output().status(0);
    let verified = verify(&env, &key, [env.tag()]).output();
    verified.status(0).stdout_is("");
    assert_eq!(warnings(&verified.said()), WARNINGS);
    assert!(!verified.said().contains("hunter2hunter2"));

    let key_option = format!("file:{}", key.display());
    let strict = env.keystay_alone();
    let strict = strict.args(["--strict", "--key", &key_option, "verify", "--json"]);
    let strict = strict.args([env.tag()]).output();
    strict.status(65).stderr_has(ERROR);
    assert!(!strict.stdout.contains("hunter2hunter2"));
    let told: Value = serde_json::from_str(&strict.stdout).unwrap();
    assert_eq!(told["verdict"], "clean");
    assert_eq!(told["warnings"].as_array().unwrap().len(), 4);
    let locked = &told["warnings"][0];
    assert_eq!(locked["kind"], "private key");
    assert_eq!(locked["path"], "keys/locked");
    assert_eq!(locked["locked"], true);
    assert_eq!(told["warnings"][3]["published_by"], "the crate pkcs8");

    let strict = env.keystay().args(["--strict", "--key", &key_option]);
    let built = strict.build(&env).output();
    built.status(65).stderr_has(ERROR);
    assert_eq!(warnings(&built.said()), WARNINGS[..3]);
}

#[test]
fn a_build_on_an_image_whose_libraries_hold_test_keys_is_told_of_none_of_them() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    let key = format!("file:{}", new_key(&env, "key", "ed25519").display());
    env.file("Dockerfile", "FROM keystay/cargo:1\nCOPY Dockerfile /\n");
    let strict = env.keystay().args(["--strict", "--key", &key]);
    let built = strict.build(&env).output();
    assert_eq!(warnings(&built.status(0).said()), NONE);
    let strict = env.keystay_alone().args(["--strict", "--key", &key]);
    let verified = strict.args(["verify", "--no-cache", env.tag()]).output();
    let told = warnings(&verified.status(0).said());
    for publisher in ["GnuTLS", "Mbed TLS"] {
        let is_told = |told: &String| told.contains(&format!("published test key of {publisher}"));
        assert!(told.iter().any(is_told), "{told:?}");
    }
    assert!(
        told.iter()
            .all(|told| told.contains("published test key of"))
    );
}

#[test]
fn published_keys_are_no_error_with_strict() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    let key = new_key(&env, "key", "ed25519");
    env.file("published", PUBLISHED);
    env.file("Dockerfile", "FROM keystay/lean:1\nCOPY published /\n");
    env.plain().build(&env).output().status(0);
    let key = format!("file:{}", key.display());
    let strict = env.keystay_alone().args(["--strict", "--key", &key]);
    let verified = strict.args(["verify", env.tag()]).output();
    verified.status(0).stdout_is("");
    assert_eq!(
        warnings(&verified.said()),
        [
            "layer 2, published at byte 0 (COPY published /): published test key of the crate pkcs8 (PKCS #8)"
        ]
    );
}

#[track_caller]
fn ssh_key(path: &Path, arguments: &[&str]) {
    run(Command::new("ssh-keygen")
        .args(["-q", "-f"])
        .arg(path)
        .args(arguments));
    assert!(fs::metadata(path).unwrap().len() > 0);
}

/// What is warned of.
fn warnings(said: &str) -> Vec<String> {
    let lines = said.lines();
    let warnings = lines.filter_map(|line| line.strip_prefix("keystay: warning: "));
    warnings.map(str::to_owned).collect()
}

const URL: &str = "https://me:hunter2hunter2@git.example/app";
const WARNINGS: [&str; 4] = [
    "layer 3, keys/locked at byte 0 (COPY rsa locked /keys/): another private key (OpenSSH, locked by a passphrase)",
    "layer 3, keys/rsa at byte 0 (COPY rsa locked /keys/): another private key (RSA, PKCS #1)",
    "layer 4, app/.git/config at byte 30 (COPY config /app/.git/config): token in a URL",
    "layer 2, known/published at byte 0 (COPY published placeholder locked.pub rsa.pub /known/): \
     published test key of the crate pkcs8 (PKCS #8)",
];
const NONE: [&str; 0] = [];
const ERROR: &str =
    "keystay: error: there are other secrets in the image, and `--strict` allows none\n";
const PLACEHOLDER: &str = "-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----\n";
const PUBLISHED: &str = "-----BEGIN PRIVATE KEY-----\n\
     MC4CAQAwBQYDK2VwBCIEIBftnHPp22SewYmmEoMcX8VwI4IHwaqd+9LFPj/15eqF\n\
     -----END PRIVATE KEY-----\n";
