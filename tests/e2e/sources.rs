//! Every source and every form of a key logs in from a build.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

use keystay_proto::Fingerprint;
use keystay_tests::{
    env::{Env, Run},
    lab::{Lab, PASSPHRASE, UpstreamAgent},
};

use crate::{
    gate::Gate,
    key::{file, fingerprint},
    process::Process,
    terminal::{Terminal, said},
};

#[test]
fn keys_of_every_type_log_in() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        let keys = ["dev", "dev-ecdsa", "dev-p384", "dev-p521", "dev-rsa"];
        let logins = logins(&env, &keys);
        let rsa = "PubkeyAcceptedAlgorithms=rsa-sha2";
        let rsa = format!(
            "{} && {}",
            login("dev-rsa", &format!("-o {rsa}-256")),
            login("dev-rsa", &format!("-o {rsa}-512"))
        );
        env.file("Dockerfile", &dockerfile(&format!("{logins} && {rsa}")));
        let output = keyed(&env, keys.map(|key| file(&lab, key)))
            .build(&env)
            .output();
        let keys = [
            ("dev", "ed25519", 1),
            ("dev-ecdsa", "ecdsa p256", 1),
            ("dev-p384", "ecdsa p384", 1),
            ("dev-p521", "ecdsa p521", 1),
            ("dev-rsa", "rsa", 3),
        ];
        let told = keys.map(|(key, algorithm, count)| (key, algorithm, file(&lab, key), count));
        output.status(0).says(&summary(&lab, told));
    }
}

#[test]
fn keys_of_every_file_format_log_in() {
    let lab = Lab::up().unwrap();
    let [old, new] = lab.engines();
    let forms = [
        (old, ["dev-ecdsa.pem", "dev-rsa.pk8"]),
        (new, ["dev-ecdsa.pk8", "dev-rsa.pem"]),
    ];
    for (engine, keys) in forms {
        let env = Env::on(&lab, engine);
        env.file("Dockerfile", &dockerfile(&logins(&env, &keys)));
        let output = keyed(&env, keys.map(|key| file(&lab, key)))
            .build(&env)
            .output();
        output.status(0).says(&summary(
            &lab,
            [
                (keys[0], "ecdsa p256", file(&lab, keys[0]), 1),
                (keys[1], "rsa", file(&lab, keys[1]), 1),
            ],
        ));
    }
}

#[test]
fn an_askpass_program_is_asked_for_passphrases() {
    let lab = Lab::up().unwrap();
    let [old, new] = lab.engines();
    let forms = [
        (old, ["dev-enc", "dev-rsa.enc.pem"]),
        (new, ["dev-enc", "dev-rsa.enc.pk8"]),
    ];
    for (engine, keys) in forms {
        let env = Env::on(&lab, engine);
        env.file("Dockerfile", &dockerfile(&logins(&env, &keys)));
        let script = format!("#!/bin/sh\necho \"$1\" >>\"$HOME/asked\"\necho '{PASSPHRASE}'\n");
        let program = env.home_file("askpass", &script);
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        let output = keyed(&env, keys.map(|key| file(&lab, key)))
            .env("SSH_ASKPASS", &program)
            .env("SSH_ASKPASS_REQUIRE", "force")
            .build(&env)
            .output();
        output.status(0).says(&summary(
            &lab,
            [
                (keys[0], "ed25519", file(&lab, keys[0]), 1),
                (keys[1], "rsa", file(&lab, keys[1]), 1),
            ],
        ));
        let asked =
            keys.map(|key| format!("Passphrase for key file {}: \n", lab.key(key).display()));
        assert_eq!(
            fs::read_to_string(env.home().join("asked")).unwrap(),
            asked.concat()
        );
    }
}

#[test]
fn the_terminal_asks_for_a_passphrase_without_echo() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    env.file("Dockerfile", &dockerfile(&logins(&env, &["dev-rsa.enc"])));
    let run = keyed(&env, [file(&lab, "dev-rsa.enc")]).build(&env);
    let mut terminal = Terminal::start(run);
    let prompt = format!(
        "assphrase for key file {}: ",
        lab.key("dev-rsa.enc").display()
    );
    terminal.shows(&prompt);
    terminal.types("wrong\n");
    terminal.shows(&format!("Wrong passphrase. P{prompt}"));
    terminal.types(&format!("{PASSPHRASE}\n"));
    let (status, shown) = terminal.wait();
    assert_eq!(status, 0, "{shown}");
    let source = file(&lab, "dev-rsa.enc");
    assert_eq!(
        said(&shown),
        summary(&lab, [("dev-rsa.enc", "rsa", source, 1)])
    );
    assert!(!shown.contains(PASSPHRASE), "{shown}");
}

#[test]
fn keys_of_variables_and_standard_input_log_in_and_docker_has_neither() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        let gate = Gate::new();
        let logins = logins(&env, &["dev", "dev-ecdsa", "dev-p384"]);
        env.file(
            "Dockerfile",
            &dockerfile(&format!("{} && {logins}", gate.command())),
        );
        let text = |key: &str| fs::read_to_string(lab.key(key)).unwrap();
        let build = keyed(
            &env,
            ["stdin", "env:PLAIN_KEY", "env:PACKED_KEY"].map(String::from),
        )
        .stdin(text("dev").as_bytes())
        .env("PLAIN_KEY", text("dev-ecdsa"))
        .env("PACKED_KEY", base64(&lab, "dev-p384"))
        .env("OTHER", "seen")
        .build(&env)
        .start();
        let held = gate.reached();
        let engines = Process(build.id()).engines();
        assert!(!engines.is_empty());
        for engine in engines {
            let environment = engine.environment();
            assert!(
                environment.contains(&"OTHER=seen".to_owned()),
                "{environment:?}"
            );
            for name in ["PLAIN_KEY", "PACKED_KEY"] {
                let named = environment.iter().any(|pair| pair.starts_with(name));
                assert!(!named, "{name} is in {:?}", engine.words());
            }
        }
        let docker = Process(build.id()).engines()[0];
        assert_eq!(docker.stdin().to_str(), Some("/dev/null"));
        held.release();
        build.wait().status(0).says(&summary(
            &lab,
            [
                ("dev", "ed25519", "stdin".to_owned(), 1),
                ("dev-ecdsa", "ecdsa p256", "env:PLAIN_KEY".to_owned(), 1),
                ("dev-p384", "ecdsa p384", "env:PACKED_KEY".to_owned(), 1),
            ],
        ));
    }
}

#[test]
fn the_users_agent_signs_named_or_not() {
    let lab = Lab::up().unwrap();
    let agent = UpstreamAgent::with(&[lab.key("stranger"), lab.key("dev-p521")]).unwrap();
    let one = format!("agent:{}", fingerprint(&lab, "dev-p521"));
    let [old, new] = lab.engines();
    for (engine, sources) in [
        (old, vec![one.clone()]),
        (new, vec!["agent".to_owned()]),
        (old, Vec::new()),
    ] {
        let env = Env::on(&lab, engine);
        env.file("Dockerfile", &dockerfile(&logins(&env, &["dev-p521"])));
        let source = sources.first().map_or("agent", String::as_str).to_owned();
        let output = keyed(&env, sources)
            .env("SSH_AUTH_SOCK", agent.socket())
            .build(&env)
            .output();
        output
            .status(0)
            .says(&summary(&lab, [("dev-p521", "ecdsa p521", source, 1)]));
    }
}

#[test]
fn without_an_agent_the_usual_key_files_sign() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        let key = env.home_file(
            ".ssh/id_ed25519",
            &fs::read_to_string(lab.key("dev")).unwrap(),
        );
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        env.file(
            "Dockerfile",
            "FROM keystay/base:1\nRUN --mount=type=ssh git ls-remote {git}/acme/lib-a\n",
        );
        let output = keyed(&env, []).build(&env).output();
        let source = "file:~/.ssh/id_ed25519";
        output
            .status(0)
            .says(&summary(&lab, [("dev", "ed25519", source.to_owned(), 1)]));
    }
}

/// `keystay` with these sources, without the search of the image, which another test is about.
fn keyed(env: &Env, sources: impl IntoIterator<Item = String>) -> Run {
    let sources = sources.into_iter();
    let options = sources.flat_map(|source| ["--key".to_owned(), source]);
    env.keystay().args(options).args(["--no-verify"])
}

/// What is said of a build that used these keys: name, algorithm, source and signatures. Three
/// of them are named, in the order of their fingerprints.
fn summary<const N: usize>(lab: &Lab, keys: [(&str, &str, String, u32); N]) -> String {
    let logins: u32 = keys.iter().map(|(.., count)| count).sum();
    let mut keys = keys.map(|(key, algorithm, source, count)| {
        let signatures = if count == 1 {
            "signature"
        } else {
            "signatures"
        };
        let fingerprint = fingerprint(lab, key);
        let text = format!("{fingerprint} ({algorithm}, {source}) {count} {signatures}");
        (fingerprint.parse::<Fingerprint>().unwrap(), text)
    });
    keys.sort();
    let mut named: Vec<_> = keys.into_iter().map(|(_, text)| text).collect();
    if let Some(more @ 1..) = named.len().checked_sub(3) {
        named.truncate(3);
        named.push(format!("and {more} more"));
    }
    format!(
        "keystay: keys      {}\nkeystay: hosts     127.0.0.1:{} verified {logins}\n",
        named.join("; "),
        lab.git_host().port(),
    )
}

fn base64(lab: &Lab, key: &str) -> String {
    let output = Command::new("base64").arg(lab.key(key)).output();
    String::from_utf8(output.unwrap().stdout).unwrap()
}

fn dockerfile(step: &str) -> String {
    format!("FROM keystay/base:1\nCOPY keys /keys\nRUN --mount=type=ssh {step}\n")
}

/// A login with each of the keys, whose public halves are put into the context.
fn logins(env: &Env, keys: &[&str]) -> String {
    let logins = keys.iter().map(|key| {
        let public = fs::read_to_string(format!("{}.pub", env.lab().key(key).display()));
        env.file(&format!("keys/{key}.pub"), &public.unwrap());
        login(key, "")
    });
    logins.collect::<Vec<_>>().join(" && ")
}

fn login(key: &str, options: &str) -> String {
    format!(
        "GIT_SSH_COMMAND='ssh -o IdentitiesOnly=yes -i /keys/{key}.pub {options}' \
         git ls-remote {{git}}/acme/lib-a"
    )
}
