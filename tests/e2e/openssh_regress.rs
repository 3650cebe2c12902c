//! OpenSSH's own regression tests run unchanged with `keystay agent` in ssh-agent's place.
//!
//! Debian's `openssh-tests` has them. All that is OpenSSH's about an agent is here but these:
//!
//! - `agent-pkcs11`, and `agent-pkcs11-restrict` and `agent-pkcs11-cert` of later releases: the agent
//!   loads no library of a token; tokens stay in the ssh-agent that it stands in front of.
//! - Keys of FIDO tokens, for the same reason, and DSA, which OpenSSH has removed since: `ssh -Q` does
//!   not tell the scripts of either.
//! - RSA with SHA-1, which is refused: `hostkey-agent` signs with it and has a second run that must fail
//!   there alone.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Stdio},
};

use keystay_tests::env::binary;
use tempfile::TempDir;

#[test]
fn agent() {
    passes("agent", "ok simple agent test");
}

#[test]
fn agent_timeout() {
    passes("agent-timeout", "ok agent timeout test");
}

#[test]
fn agent_getpeereid() {
    passes(
        "agent-getpeereid",
        "ok disallow agent attach from other uid",
    );
}

#[test]
fn agent_ptrace() {
    passes("agent-ptrace", "ok disallow agent ptrace attach");
}

#[test]
fn agent_subprocess() {
    passes("agent-subprocess", "ok agent subprocess");
}

#[test]
fn agent_restrict() {
    passes("agent-restrict", "ok agent restrictions");
}

#[test]
fn hostkey_agent() {
    let run = run("hostkey-agent", "-e rsa");
    run.passed("ok hostkey agent");
}

#[test]
fn hostkey_agent_with_rsa_fails_with_sha1_alone() {
    let run = run("hostkey-agent", "");
    let failures: Vec<_> = (run.said.lines())
        .filter(|line| line.contains("fail") || line.contains("bad"))
        .collect();
    let expected = [
        "keytype ssh-rsa failed",
        "bad SSH_CONNECTION key type ssh-rsa",
        "cert type ssh-rsa-cert-v01@openssh.com failed",
        "bad SSH_CONNECTION key type ssh-rsa-cert-v01@openssh.com",
        "failed hostkey agent",
    ];
    assert_eq!(failures, expected, "{run:?}");
    for signed in ["rsa-sha2-256", "rsa-sha2-512"] {
        let tried = format!("cert type {signed}-cert-v01@openssh.com");
        assert!(run.said.contains(&tried), "{run:?}");
    }
}

#[test]
fn cert_file() {
    passes("cert-file", "ok ssh with certificates");
}

#[test]
fn sshsig() {
    passes("sshsig", "ok sshsig");
}

/// Runs a script that must pass.
#[track_caller]
fn passes(script: &str, expected: &str) {
    run(script, "").passed(expected);
}

/// What came of a script.
#[derive(Debug)]
#[expect(dead_code, reason = "a test that fails shows it")]
struct Outcome {
    code: Option<i32>,
    said: String,
    errors: String,
    log: String,
}

impl Outcome {
    /// Checks that its last line says so, and that nothing was left out.
    #[track_caller]
    fn passed(&self, expected: &str) {
        assert_eq!(self.code, Some(0), "{self:?}");
        assert_eq!(self.said.lines().last(), Some(expected), "{self:?}");
        assert!(!self.said.to_lowercase().contains("skip"), "{self:?}");
    }
}

/// Runs a script with kinds of keys left out, told to grep, besides those that always are.
#[track_caller]
fn run(script: &str, left_out: &str) -> Outcome {
    let ground = ground();
    let mut run = Command::new("timeout");
    // Its agents end with its process name space; accounts and sudo are those of its mounts.
    run.args([
        "--kill-after=5",
        "240",
        "unshare",
        "--mount",
        "--pid",
        "--fork",
    ])
    .args(["--kill-child", "--mount-proc", "sh", "-euc", INSIDE, "sh"])
    .args([ground.path(), Path::new(script)])
    .args([ID.to_string().as_str(), left_out]);
    let output = run
        .stdin(Stdio::null())
        .env_clear()
        .env("PATH", PATH)
        .output();
    let output = output.expect("timeout is missing: install coreutils");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let log = fs::read(ground.path().join("regress/failed-regress.log"));
    Outcome {
        code: output.status.code(),
        said: text(output.stdout),
        errors: text(output.stderr),
        log: text(log.unwrap_or_default()),
    }
}

/// A copy of the tests and of the agent, a home, and an account that they belong to.
fn ground() -> TempDir {
    let folder = tempfile::Builder::new()
        .prefix("regress-")
        .tempdir_in("/tmp");
    let folder = folder.unwrap();
    let path = |name| folder.path().join(name);
    fs::create_dir(path("home")).unwrap();
    fs::copy(binary(), path("ssh-agent")).unwrap();
    fs::create_dir(path("bin")).unwrap();
    fs::write(path("bin/ssh"), SSH).unwrap();
    fs::set_permissions(path("bin/ssh"), Permissions::from_mode(0o755)).unwrap();
    let home = path("home");
    let accounts = format!("{ACCOUNTS}tester:*:{ID}:{ID}::{}:/bin/sh\n", home.display());
    fs::write(path("passwd"), accounts).unwrap();
    fs::write(path("sudoers"), "root, tester ALL=(ALL) NOPASSWD: ALL\n").unwrap();
    fs::set_permissions(path("sudoers"), Permissions::from_mode(0o440)).unwrap();
    succeeds(Command::new("cp").args(["-a", TESTS]).arg(path("regress")));
    let tester = format!("{ID}:{ID}");
    succeeds(
        Command::new("chown")
            .args(["-R", "-h", &tester])
            .arg(folder.path()),
    );
    for name in ["passwd", "sudoers"] {
        succeeds(Command::new("chown").arg("root:root").arg(path(name)));
    }
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    folder
}

#[track_caller]
fn succeeds(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}");
}

const TESTS: &str = "/usr/lib/openssh/regress";
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Nobody on the machine.
const ID: u32 = 64_243;

const ACCOUNTS: &str = "\
root:*:0:0:root:/root:/bin/sh
sshd:*:64242:65534::/run/sshd:/usr/sbin/nologin
nobody:*:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
";

/// What becomes a script of OpenSSH's: the ground, the script's name, the account and what is left out follow.
const INSIDE: &str = r#"
mount --bind "$1/passwd" /etc/passwd
mount --bind "$1/sudoers" /etc/sudoers
mkdir -p /run/sshd
cd "$1/regress"
exec setpriv --reuid "$3" --regid "$3" --clear-groups env -i \
    PATH="$1/bin:$PATH" LEFT_OUT="$4" HOME="$1/home" SUDO=sudo BUILDDIR="$1/regress" TEST_SHELL=sh \
    TEST_SSH_SSHAGENT="$1/ssh-agent" \
    TEST_SSH_SFTPSERVER=/usr/lib/openssh/sftp-server TEST_SSH_IPV6=yes TEST_SSH_ECC=yes \
    TEST_SSH_UNSAFE_PERMISSIONS=1 \
    sh "$1/regress/test-exec.sh" "$1/regress" "$1/regress/$2.sh"
"#;

/// `ssh`, which tells of the kinds of keys that the agent holds itself.
const SSH: &str = r#"#!/bin/sh
case " $* " in
*" -Q "*) /usr/bin/ssh "$@" | grep -v -e '^sk-' -e '^webauthn-sk-' -e dss $LEFT_OUT ;;
*) exec /usr/bin/ssh "$@" ;;
esac
"#;
