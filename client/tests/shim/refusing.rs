//! What a person reads in the build's output when nothing is fetched.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::process::Command;
use std::sync::Arc;

use crate::agent::{Agent, Habits, Script};
use crate::running::{fetch, program, ssh, text};

#[track_caller]
fn says(command: &mut Command, line: &str) {
    let output = command.output().unwrap();
    let expected = (Some(255), String::new(), format!("keystay: {line}\n"));
    assert_eq!(text(&output), expected);
}

#[test]
fn a_refusal_is_one_line() {
    let habits = Habits {
        refusal: Some("host/x.git is not granted\x1b[2J\r\n: add --repo host/x.git …".as_bytes()),
        ..Habits::default()
    };
    let agent = Agent::new(habits, Script::default());
    says(
        &mut fetch(&agent),
        "host/x.git is not granted[2J: add --repo host/x.git …",
    );
    assert_eq!(agent.seen().exchanges, 0);
}

#[test]
fn what_is_no_fetch_is_refused_without_asking() {
    let agent = Agent::new(Habits::default(), Script::default());
    says(
        &mut ssh(&agent, &["git@host"]),
        "host: no command is given, and only git fetches are carried",
    );
    says(
        &mut ssh(&agent, &["-\x1bZ", "host", "c"]),
        "-Z: unknown option",
    );
    assert_eq!(agent.seen().connections, 0);
}

#[test]
fn a_step_without_a_socket_is_told_so() {
    let agent = Agent::new(Habits::default(), Script::default());
    let unset = "SSH_AUTH_SOCK is not set: this step has no --mount=type=ssh";
    says(fetch(&agent).env_remove("SSH_AUTH_SOCK"), unset);
    says(fetch(&agent).env("SSH_AUTH_SOCK", ""), unset);
    says(
        fetch(&agent).env("SSH_AUTH_SOCK", "/nowhere/agent"),
        "/nowhere/agent: no such socket: nothing was passed with --ssh for this step's ssh mount",
    );
    let long = "/".repeat(108);
    says(
        fetch(&agent).env("SSH_AUTH_SOCK", long),
        "SSH_AUTH_SOCK: longer than a socket's path can be",
    );
    says(
        fetch(&agent).env("GIT_PROTOCOL", "v".repeat(257)),
        "GIT_PROTOCOL: longer than 256 bytes",
    );
}

#[test]
fn a_socket_that_nobody_serves_is_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    drop(UnixListener::bind(&path).unwrap());
    let agent = Agent::new(Habits::default(), Script::default());
    let line = format!("{}: nobody listens: has the build ended?", path.display());
    says(fetch(&agent).env("SSH_AUTH_SOCK", &path), &line);
}

/// In an image that holds nothing but the program, and there as another user. Only root can look.
#[test]
fn an_empty_image_is_enough_and_another_user_is_told_what_to_do() {
    if !rustix::process::getuid().is_root() {
        return;
    }
    let script = Script {
        output: Arc::new(b"refs".to_vec()),
        status: Some(0),
        ..Script::default()
    };
    let agent = Agent::new(Habits::default(), script);
    let image = agent.socket().parent().unwrap().to_owned();
    fs::hard_link(program(), image.join("ssh")).unwrap();
    let step = |user: &str| {
        let mut command = Command::new("chroot");
        command
            .arg(format!("--userspec={user}"))
            .arg(&image)
            .args(["/ssh", "host", "c"])
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("SSH_AUTH_SOCK", "/agent");
        command
    };
    let output = step("0:0").output().unwrap();
    assert_eq!(text(&output), (Some(0), "refs".to_owned(), String::new()));
    fs::set_permissions(&image, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(agent.socket(), fs::Permissions::from_mode(0o600)).unwrap();
    says(
        &mut step("1000:1000"),
        "/agent: permission denied: give the step's ssh mount mode=0666 or its user's uid",
    );
}
