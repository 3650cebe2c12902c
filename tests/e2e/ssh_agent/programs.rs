//! OpenSSH's programs use the agent.

use std::{fs, time::Duration};

use keystay_tests::env::wait_until;

use super::agent::{Agent, START_TIME, keygen, message, string};

#[test]
fn ssh_add_adds_lists_and_removes_keys_of_every_kind() {
    let agent = Agent::ours();
    let kinds = [
        ("ed25519", "256"),
        ("rsa", "2048"),
        ("ecdsa", "256"),
        ("ecdsa", "384"),
        ("ecdsa", "521"),
    ];
    keygen(&agent.folder, "authority", &["-t", "ed25519"]);
    agent.succeed("ssh-add", &["-D"]);
    for (kind, bits) in kinds {
        let name = format!("{kind}{bits}");
        keygen(&agent.folder, &name, &["-t", kind, "-b", bits]);
        let public = format!("{name}.pub");
        let sign = ["-q", "-s", "authority", "-I", "x", "-n", "user", &public];
        agent.succeed("ssh-keygen", &sign);
        // The certificate beside the key is added, too.
        agent.succeed("ssh-add", &[&name]);
        for public in [&public, &format!("{name}-cert.pub")] {
            sign_with(&agent, public);
        }
    }
    assert_eq!(agent.succeed("ssh-add", &["-l"]).lines().count(), 10);
    agent.succeed("ssh-add", &["-d", "rsa2048"]);
    assert_eq!(agent.succeed("ssh-add", &["-l"]).lines().count(), 8);
    agent.succeed("ssh-add", &["-D"]);
    let empty = agent.run("ssh-add", &["-l"], "");
    assert_eq!(empty.stdout, b"The agent has no identities.\n");
    assert_eq!(empty.status.code(), Some(1));
}

/// `ssh-keygen` signs with RSA and SHA-512, where `ssh-add -T` takes SHA-1, which is never used.
#[track_caller]
fn sign_with(agent: &Agent, public: &str) {
    let _ = fs::remove_file(agent.path("authority.pub.sig"));
    let data = "authority.pub";
    let sign = ["-Y", "sign", "-U", "-f", public, "-n", "file", data];
    agent.succeed("ssh-keygen", &sign);
}

#[test]
fn rsa_with_sha1_is_refused() {
    let agent = Agent::ours();
    keygen(&agent.folder, "rsa", &["-t", "rsa", "-b", "2048"]);
    agent.succeed("ssh-add", &["rsa"]);
    let mut raw = agent.connect();
    let listed = raw.ask(&[11]);
    let blob = &listed[listed.len() - 4 - 3 - 279..listed.len() - 4 - 3];
    for (flags, expected) in [(0, 5), (1, 5), (2, 14), (4, 14), (6, 14)] {
        let request = message(13, &[&string(blob), &string(b"data"), &[0, 0, 0, flags]]);
        assert_eq!(raw.ask(&request)[0], expected, "flags {flags}");
    }
}

#[test]
fn ssh_keygen_signs_files_with_a_key_of_the_agent() {
    let agent = Agent::ours();
    fs::write(agent.path("data"), "data").unwrap();
    fs::rename(agent.path("first"), agent.path("away")).unwrap();
    let sign = ["-Y", "sign", "-U", "-f", "first.pub", "-n", "file", "data"];
    agent.succeed("ssh-keygen", &sign);
    let check = ["-Y", "check-novalidate", "-n", "file", "-s", "data.sig"];
    let checked = agent.run("ssh-keygen", &check, "data");
    assert!(checked.status.success());
    let log = fs::read_to_string(agent.path(".local/state/keystay/audit.jsonl"));
    let log = log.expect("the audit log");
    assert!(
        log.contains(r#""event":"allowed","intent":"ssh-sig""#),
        "{log}"
    );
}

#[test]
fn a_key_is_gone_after_its_lifetime() {
    let agent = Agent::ours();
    keygen(&agent.folder, "short", &["-t", "ed25519"]);
    agent.succeed("ssh-add", &["-t", "2", "short"]);
    assert!(agent.succeed("ssh-add", &["-l"]).contains("short"));
    wait_until("the key's end", START_TIME, || {
        !agent.succeed("ssh-add", &["-l"]).contains("short")
    });
}

/// An agent that asks a person for each signature with the key `asked`.
fn asking() -> Agent {
    let agent = Agent::ours();
    keygen(&agent.folder, "asked", &["-t", "ed25519"]);
    agent.succeed("ssh-add", &["-c", "asked"]);
    agent
}

#[test]
fn a_person_confirms_or_refuses_and_holds_up_one_connection_only() {
    let agent = asking();
    agent.person("exit 0");
    agent.succeed("ssh-add", &["-T", "asked.pub"]);
    agent.person("exit 1");
    agent.fail("ssh-add", &["-T", "asked.pub"]);
    agent.person("while [ ! -e \"$HOME/answered\" ]; do sleep 0.1; done");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| agent.run("ssh-add", &["-T", "asked.pub"], ""));
        std::thread::sleep(Duration::from_millis(500));
        agent.succeed("ssh-add", &["-T", "first.pub"]);
        assert!(!waiting.is_finished());
        fs::write(agent.path("answered"), "").unwrap();
        assert!(waiting.join().unwrap().status.success());
    });
}

#[test]
fn what_was_asked_before_the_end_is_answered() {
    let agent = asking();
    agent.person("touch \"$HOME/asking\"; while [ ! -e \"$HOME/answered\" ]; do sleep 0.1; done");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| agent.run("ssh-add", &["-T", "asked.pub"], ""));
        wait_until("a question", START_TIME, || agent.path("asking").exists());
        agent.succeed("kill", &["-TERM", &agent.child.id().to_string()]);
        fs::write(agent.path("answered"), "").unwrap();
        assert!(waiting.join().unwrap().status.success());
    });
}

#[test]
fn a_program_that_answers_without_end_is_no_yes() {
    let agent = asking();
    agent.person("exec yes");
    agent.fail("ssh-add", &["-T", "asked.pub"]);
}

#[test]
fn a_signal_drops_every_key_and_the_agent_goes_on() {
    let agent = Agent::ours();
    agent.succeed("ssh-add", &["-l"]);
    agent.succeed("kill", &["-USR1", &agent.child.id().to_string()]);
    wait_until("no key", START_TIME, || {
        agent.run("ssh-add", &["-l"], "").status.code() == Some(1)
    });
}
