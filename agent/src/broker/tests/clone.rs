//! The real git on both ends.

use std::{fs, path::PathBuf, process, sync::atomic::Ordering::Relaxed};

use tokio::{
    io::{AsyncBufReadExt as _, BufReader, sink},
    net::TcpListener,
};

use super::*;

/// Stands in for `ssh`: tells protocol and command, and copies. Each direction has a connection of its
/// own, since the shell cannot close half of one.
const STAND_IN: &str = r#"
for command; do :; done
exec 3<>/dev/tcp/127.0.0.1/PORT 4<>/dev/tcp/127.0.0.1/PORT 5<&0
printf '%s\n%s\n' "$GIT_PROTOCOL" "$command" >&3
cat <&5 >&3 4<&- &
exec 3>&- 5<&-
exec cat <&4
"#;

fn git(arguments: &[&str], folder: &Path) -> String {
    let output = process::Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@b"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn repository(folder: &Path) -> (PathBuf, String) {
    let path = folder.join("origin");
    fs::create_dir(&path).unwrap();
    git(&["init", "-q", "-b", "main"], &path);
    let mut state = 1_u64;
    let mut noise = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state.to_be_bytes()[0]
    };
    let noise: Vec<u8> = std::iter::repeat_with(&mut noise).take(3_000_000).collect();
    fs::write(path.join("file"), noise).unwrap();
    git(&["add", "."], &path);
    git(&["commit", "-q", "-m", "one"], &path);
    let commit = git(&["rev-parse", "HEAD"], &path);
    (path, commit)
}

#[tokio::test]
async fn git_clones_through_the_broker() {
    let folder = folder();
    let a = key(&folder, "a", "ed25519").await;
    let (origin, commit) = repository(folder.path());
    let host = Plan::new(&[&a.blob], {
        let origin = origin.clone();
        move |_, _| Act::Git(origin.clone())
    });
    let host = host.start().await;
    let broker = broker(&host.known, &[&a]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let script = STAND_IN.replace("PORT", &listener.local_addr().unwrap().port().to_string());
    let stand_in = folder.path().join("stand-in");
    fs::write(&stand_in, script).unwrap();
    let target = folder.path().join("clone");
    let mut clone = tokio::process::Command::new("git");
    clone
        .args(["clone", "-q", "git@host:acme/its mine.git"])
        .arg(&target)
        .env("GIT_SSH_COMMAND", format!("bash {}", stand_in.display()))
        .kill_on_drop(true)
        .env("GIT_SSH_VARIANT", "ssh")
        .env("GIT_CONFIG_NOSYSTEM", "1");
    let serve = async {
        let (up, _) = listener.accept().await.unwrap();
        let (down, _) = listener.accept().await.unwrap();
        let mut read = BufReader::new(up);
        let (mut protocol, mut line) = (String::new(), String::new());
        read.read_line(&mut protocol).await.unwrap();
        read.read_line(&mut line).await.unwrap();
        let mut errand = errand(&host, line.trim_end());
        errand.git_protocol = protocol.trim_end().to_owned();
        let fetch = broker.fetch(errand, read, down, sink(), pending::<()>());
        fetch.await.0
    };
    let both = async { tokio::join!(clone.status(), serve) };
    let both = tokio::time::timeout(Duration::from_mins(1), both).await;
    let (status, outcome) = both.expect("the clone hangs");
    assert!(status.unwrap().success());
    assert_eq!(outcome.end.unwrap(), 0);
    assert_eq!(outcome.wanted.objects, std::slice::from_ref(&commit));
    assert!(outcome.bytes > 1_000_000, "{}", outcome.bytes);
    assert_eq!(git(&["rev-parse", "HEAD"], &target), commit);
    assert_eq!(
        fs::read(target.join("file")).unwrap(),
        fs::read(origin.join("file")).unwrap()
    );
    assert_eq!(path("acme/its mine.git").as_str(), "acme/its mine");
    assert_eq!(
        host.seen.log(),
        [
            "accept git 0",
            "GIT_PROTOCOL=version=2",
            "git-upload-pack 'acme/its mine.git'"
        ]
    );
    assert_eq!(host.seen.connections.load(Relaxed), 1);
}
