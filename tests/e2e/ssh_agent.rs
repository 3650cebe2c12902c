//! The agent's own socket is an ssh-agent's: OpenSSH's programs and raw messages, the latter also
//! sent to the machine's ssh-agent.

use std::{
    fs,
    io::{Read as _, Write as _},
    os::unix::{fs::PermissionsExt as _, net::UnixStream},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use keystay_tests::env::{binary, wait_until};
use tempfile::TempDir;

const START_TIME: Duration = Duration::from_secs(10);

/// An agent that listens at a path of its own, and files beside it.
struct Agent {
    child: Child,
    folder: TempDir,
}

impl Agent {
    /// `keystay agent` with one ed25519 key.
    fn ours() -> Self {
        let folder = tempfile::tempdir().unwrap();
        keygen(&folder, "first", &["-t", "ed25519"]);
        let askpass = folder.path().join("askpass");
        fs::write(&askpass, "#!/bin/sh\nexec sh \"$HOME/answer\"\n").unwrap();
        fs::set_permissions(&askpass, fs::Permissions::from_mode(0o700)).unwrap();
        let mut program = Command::new(binary());
        program
            .args(["agent", "--key"])
            .arg(format!("file:{}", folder.path().join("first").display()));
        Self::start(program, folder, |program| program.arg("-a"))
    }

    /// The machine's ssh-agent.
    fn control() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::start(Command::new("ssh-agent"), folder, |program| {
            program.args(["-D", "-a"])
        })
    }

    fn start(
        mut program: Command,
        folder: TempDir,
        at: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Self {
        let child = at(&mut program)
            .arg(folder.path().join("agent"))
            .env_remove("XDG_RUNTIME_DIR")
            .env_remove("SSH_AUTH_SOCK")
            .env("HOME", folder.path())
            .env("SSH_ASKPASS", folder.path().join("askpass"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the agent does not start: install openssh-client");
        let agent = Self { child, folder };
        wait_until("the agent's socket", START_TIME, || {
            UnixStream::connect(agent.path("agent")).is_ok()
        });
        agent
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A program that uses this agent.
    fn run(&self, program: &str, arguments: &[&str], input: &str) -> Output {
        let mut child = Command::new(program)
            .args(arguments)
            .current_dir(self.folder.path())
            .env("SSH_AUTH_SOCK", self.path("agent"))
            .env("HOME", self.folder.path())
            .env("SSH_ASKPASS", self.path("passphrase"))
            .env("SSH_ASKPASS_REQUIRE", "force")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|_| panic!("{program} is missing: install openssh-client"));
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        child.wait_with_output().unwrap()
    }

    #[track_caller]
    fn succeed(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.run(program, arguments, "");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{program} {arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap() + &said
    }

    #[track_caller]
    fn fail(&self, program: &str, arguments: &[&str]) {
        let output = self.run(program, arguments, "");
        assert!(!output.status.success(), "{program} {arguments:?}");
    }

    fn connect(&self) -> Raw {
        Raw(UnixStream::connect(self.path("agent")).unwrap())
    }

    /// How the person answers, as a shell script; its status is the answer.
    fn person(&self, script: &str) {
        fs::write(self.path("answer"), script).unwrap();
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn keygen(folder: &TempDir, name: &str, arguments: &[&str]) {
    let made = Command::new("ssh-keygen")
        .args(["-q", "-N", "", "-C", name, "-f", name])
        .args(arguments)
        .current_dir(folder.path())
        .status()
        .expect("ssh-keygen is missing: install openssh-client");
    assert!(made.success());
}

/// A connection that speaks bytes.
struct Raw(UnixStream);

impl Raw {
    fn ask(&mut self, body: &[u8]) -> Vec<u8> {
        self.send(body);
        self.receive()
    }

    fn send(&mut self, body: &[u8]) {
        let length = u32::try_from(body.len()).unwrap();
        self.0.write_all(&length.to_be_bytes()).unwrap();
        self.0.write_all(body).unwrap();
    }

    fn receive(&mut self) -> Vec<u8> {
        let mut word = [0; 4];
        self.0.read_exact(&mut word).unwrap();
        let mut body = vec![0; u32::from_be_bytes(word).try_into().unwrap()];
        self.0.read_exact(&mut body).unwrap();
        body
    }
}

fn string(bytes: &[u8]) -> Vec<u8> {
    let mut out = u32::try_from(bytes.len()).unwrap().to_be_bytes().to_vec();
    out.extend_from_slice(bytes);
    out
}

fn message(number: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut out = vec![number];
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

/// The message that `ssh-add` sent when a vector was captured.
fn captured(name: &str) -> Vec<u8> {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../proto/tests/vectors/request"
    );
    fs::read(format!("{folder}/{name}.bin")).unwrap()
}

/// Both agents have to behave so.
fn both(case: impl Fn(&Agent)) {
    case(&Agent::control());
    case(&Agent::ours());
}

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

#[test]
fn a_person_confirms_or_refuses_and_holds_up_one_connection_only() {
    let agent = Agent::ours();
    keygen(&agent.folder, "asked", &["-t", "ed25519"]);
    agent.succeed("ssh-add", &["-c", "asked"]);
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
fn a_signal_drops_every_key_and_the_agent_goes_on() {
    let agent = Agent::ours();
    agent.succeed("ssh-add", &["-l"]);
    agent.succeed("kill", &["-USR1", &agent.child.id().to_string()]);
    wait_until("no key", START_TIME, || {
        agent.run("ssh-add", &["-l"], "").status.code() == Some(1)
    });
}

#[test]
fn the_extensions_are_told_to_who_asks() {
    let agent = Agent::ours();
    let mut raw = agent.connect();
    let answer = raw.ask(&message(27, &[&string(b"query")]));
    let name = string(b"session-bind@openssh.com");
    assert_eq!(answer, message(29, &[&string(b"query"), &name]));
}

#[test]
fn what_is_unknown_or_malformed_is_a_failure_and_the_connection_stays() {
    both(|agent| {
        let mut raw = agent.connect();
        for body in [
            &[0][..],
            &[1],
            &[99],
            &[255],
            &[13],
            &[17, 0, 0],
            &[18],
            &[13, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert_eq!(raw.ask(body), [5], "{body:?}");
        }
        assert_eq!(raw.ask(&[11])[0], 12);
    });
}

#[test]
fn a_message_that_is_too_long_ends_the_connection() {
    both(|agent| {
        let mut raw = agent.connect();
        raw.0.write_all(&[0, 4, 0, 1, 11]).unwrap();
        assert_eq!(raw.0.read(&mut [0; 1]).unwrap_or(0), 0);
        assert_eq!(agent.connect().ask(&[11])[0], 12);
    });
}

#[test]
fn requests_in_flight_are_answered_in_order() {
    both(|agent| {
        let mut raw = agent.connect();
        for _ in 0..32 {
            raw.send(&[99]);
            raw.send(&[11]);
        }
        for _ in 0..32 {
            assert_eq!(raw.receive(), [5]);
            assert_eq!(raw.receive()[0], 12);
        }
    });
}

#[test]
fn a_client_that_closes_its_half_gets_its_reply() {
    let agent = Agent::ours();
    let mut raw = agent.connect();
    raw.send(&[11]);
    raw.0.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(raw.receive()[0], 12);
}

#[test]
fn a_constraint_that_is_unknown_or_comes_twice_refuses_the_key() {
    both(|agent| {
        let mut raw = agent.connect();
        let plain = captured("add");
        let unknown = string(b"unknown@example.com");
        raw.ask(&[19]);
        for constraints in [
            &[3][..],
            &[1, 0, 0],
            &[2, 2],
            &[1, 0, 0, 0, 9, 1, 0, 0, 0, 9],
            &[&[255][..], &unknown].concat(),
        ] {
            let body = [&[25], &plain[1..], constraints].concat();
            assert_eq!(raw.ask(&body), [5], "{constraints:?}");
        }
        assert_eq!(raw.ask(&[11]), [12, 0, 0, 0, 0]);
        assert_eq!(raw.ask(&plain), [6]);
        assert_eq!(raw.ask(&[11])[..5], [12, 0, 0, 0, 1]);
    });
}

#[test]
fn a_key_that_is_added_again_has_the_new_limits_only() {
    both(|agent| {
        let mut raw = agent.connect();
        let plain = captured("add");
        raw.ask(&[19]);
        let limited = [&[25], &plain[1..], &[1, 0, 0, 0, 1]].concat();
        assert_eq!(raw.ask(&limited), [6]);
        assert_eq!(raw.ask(&plain), [6]);
        std::thread::sleep(Duration::from_millis(2_100));
        assert_eq!(raw.ask(&[11])[..5], [12, 0, 0, 0, 1]);
    });
}

#[test]
fn a_locked_agent_shows_and_does_nothing_until_it_is_unlocked() {
    both(|agent| {
        let mut raw = agent.connect();
        raw.ask(&[19]);
        assert_eq!(raw.ask(&captured("add")), [6]);
        let right = string(b"secret");
        assert_eq!(raw.ask(&message(23, &[&right])), [5]);
        assert_eq!(raw.ask(&message(22, &[&right])), [6]);
        assert_eq!(raw.ask(&message(22, &[&right])), [5]);
        assert_eq!(raw.ask(&[11]), [12, 0, 0, 0, 0]);
        assert_eq!(raw.ask(&captured("add")), [5]);
        assert_eq!(raw.ask(&[19]), [5]);
        assert_eq!(raw.ask(&message(23, &[&string(b"wrong")])), [5]);
        assert_eq!(raw.ask(&message(23, &[&right])), [6]);
        assert_eq!(raw.ask(&[11])[..5], [12, 0, 0, 0, 1]);
    });
}

#[test]
fn a_wrong_passphrase_costs_its_own_connection_time_only() {
    let agent = Agent::ours();
    let mut raw = agent.connect();
    assert_eq!(raw.ask(&message(22, &[&string(b"secret")])), [6]);
    let begun = Instant::now();
    for _ in 0..4 {
        raw.ask(&message(23, &[&string(b"wrong")]));
    }
    assert!(begun.elapsed() >= Duration::from_secs(1));
    raw.send(&message(23, &[&string(b"wrong")]));
    let begun = Instant::now();
    assert_eq!(agent.connect().ask(&[11]), [12, 0, 0, 0, 0]);
    assert!(begun.elapsed() < Duration::from_millis(400));
}

#[test]
fn a_lock_that_cannot_be_read_does_not_end_the_agent() {
    let agent = Agent::ours();
    let mut raw = agent.connect();
    assert_eq!(raw.ask(&[22, 0, 0, 0, 9, 1]), [5]);
    assert_eq!(raw.ask(&[23]), [5]);
    assert_eq!(raw.ask(&[11])[..5], [12, 0, 0, 0, 1]);
}

#[test]
fn a_bind_that_is_not_signed_hides_keys_with_destinations() {
    let agent = Agent::ours();
    let mut raw = agent.connect();
    raw.ask(&[19]);
    assert_eq!(raw.ask(&captured("add-destination")), [6]);
    assert_eq!(raw.ask(&[11])[..5], [12, 0, 0, 0, 1]);
    let mut forged = captured("session-bind");
    let last = forged.len() - 2;
    forged[last] ^= 1;
    assert_eq!(raw.ask(&forged), [28]);
    assert_eq!(raw.ask(&[11]), [12, 0, 0, 0, 0]);
    assert_eq!(agent.connect().ask(&[11])[..5], [12, 0, 0, 0, 1]);
}

#[test]
fn a_bind_of_ssh_is_taken_again_and_none_follows_one_that_logs_in() {
    both(|agent| {
        let mut raw = agent.connect();
        assert_eq!(raw.ask(&captured("session-bind-forwarding")), [6]);
        assert_eq!(raw.ask(&captured("session-bind-forwarding")), [6]);
        let mut raw = agent.connect();
        assert_eq!(raw.ask(&captured("session-bind")), [6]);
        assert_ne!(raw.ask(&captured("session-bind-forwarding")), [6]);
    });
}
