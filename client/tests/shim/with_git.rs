//! Real git on both ends.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::agent::{Agent, Habits, Script};
use crate::running::{pattern, program, text};

/// git in `folder`, with no configuration but what is given.
fn git(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command
        .args([
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b",
            "-c",
            "init.defaultBranch=main",
        ])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("HOME", folder);
    command
}

#[track_caller]
fn succeeds(command: &mut Command) -> String {
    let (status, stdout, stderr) = text(&command.output().unwrap());
    assert_eq!(status, Some(0), "{stderr}");
    stdout
}

/// A folder with a repository `x` of two commits and a few megabytes.
fn repository() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("x");
    succeeds(&mut git(folder.path(), &["init", "-q", "x"]));
    let mut random = pattern(3_000_000);
    let mut state = 1_u32;
    for byte in &mut random {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte ^= state.to_be_bytes()[0];
    }
    fs::write(place.join("large"), random).unwrap();
    for message in ["one", "two"] {
        fs::write(place.join("small"), message).unwrap();
        succeeds(&mut git(&place, &["add", "."]));
        succeeds(&mut git(&place, &["commit", "-q", "-m", message]));
    }
    folder
}

fn upload_pack(folder: &TempDir, protocol: &str) -> Script {
    let place = folder.path().join("x").to_str().unwrap().to_owned();
    let protocol = format!("GIT_PROTOCOL={protocol}");
    let words = ["env", &protocol, "git", "upload-pack", &place];
    Script {
        program: words.map(str::to_owned).to_vec(),
        ..Script::default()
    }
}

/// How BuildKit, and how buildah passes connections on.
fn engines() -> [Habits; 2] {
    let buildkit = Habits {
        wait: 1000,
        ..Habits::default()
    };
    let buildah = Habits {
        pause: 10,
        serial: true,
        cut_after: Some(Duration::from_millis(300)),
        ..Habits::default()
    };
    [buildkit, buildah]
}

#[test]
fn a_repository_is_cloned_in_every_protocol_version() {
    let source = repository();
    let head = succeeds(&mut git(&source.path().join("x"), &["rev-parse", "HEAD"]));
    for (version, protocol) in [("0", ""), ("1", "version=1"), ("2", "version=2")] {
        for (habits, name) in engines().into_iter().zip(["buildkit", "buildah"]) {
            let agent = Agent::new(habits, upload_pack(&source, protocol));
            let target = format!("{version}-{name}");
            let option = format!("protocol.version={version}");
            let url = "ssh://git@host:2222/x.git";
            let mut clone = git(source.path(), &["-c", &option, "clone", "-q", url, &target]);
            clone
                .env("GIT_SSH", program())
                .env("SSH_AUTH_SOCK", agent.socket());
            succeeds(&mut clone);
            let cloned = git(&source.path().join(&target), &["rev-parse", "HEAD"]).output();
            assert_eq!(text(&cloned.unwrap()).1, head, "{target}");
            let seen = agent.seen();
            let (user, host, port, command, asked) = &seen.opened[0];
            assert_eq!((&**user, &**host, *port), ("git", "host", 2222));
            assert_eq!(
                (&**command, &**asked),
                ("git-upload-pack '/x.git'", protocol)
            );
            assert!(seen.closed && seen.most_open <= 2);
        }
    }
}

#[test]
fn git_takes_it_for_openssh_by_any_name() {
    let source = repository();
    let named = source.path().join("step-shim");
    symlink(program(), &named).unwrap();
    let [habits, _] = engines();
    let agent = Agent::new(habits, upload_pack(&source, "version=2"));
    let mut list = git(source.path(), &["ls-remote", "--heads", "git@host:x.git"]);
    list.env("GIT_SSH_COMMAND", &named)
        .env("SSH_AUTH_SOCK", agent.socket());
    assert!(succeeds(&mut list).ends_with("\trefs/heads/main\n"));
    let seen = agent.seen();
    let (_, _, _, command, asked) = &seen.opened[0];
    assert_eq!(
        (&**command, &**asked),
        ("git-upload-pack 'x.git'", "version=2")
    );
}
