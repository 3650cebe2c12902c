//! The private agent as a process: it ends with its parent, and nobody looks into it.

use std::{
    fs,
    io::{Read as _, Write as _},
    os::unix::{fs::MetadataExt, net::UnixStream},
    process::Command,
    time::Duration,
};

use keystay_tests::env::{PrivateAgent, binary, wait_until};
use tempfile::TempDir;

const TWO_SECONDS: Duration = Duration::from_secs(2);
/// Debian's `nobody`.
const NOBODY: u32 = 65_534;

/// A home that everybody may enter, with a key of its own.
struct Home {
    folder: TempDir,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("e2e-")
            .tempdir_in("/tmp")
            .unwrap();
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-f"])
            .arg(folder.path().join("id"))
            .status()
            .expect("ssh-keygen is missing: install openssh-client");
        assert!(made.success());
        Self { folder }
    }

    fn key(&self) -> String {
        format!("file:{}", self.folder.path().join("id").display())
    }

    fn agent(&self) -> PrivateAgent {
        let mut program = Command::new(binary());
        program
            .env_remove("XDG_RUNTIME_DIR")
            .env("HOME", self.folder.path());
        PrivateAgent::start(program, &["--key", &self.key()]).unwrap()
    }

    /// An agent of the user `nobody`: root may look into everything.
    fn agent_of_nobody(&self) -> PrivateAgent {
        let owned = Command::new("chown")
            .args(["-R", "65534:65534"])
            .arg(self.folder.path())
            .status();
        assert!(owned.unwrap().success());
        let copy = self.folder.path().join("keystay");
        fs::copy(binary(), &copy).unwrap();
        let mut program = Command::new("setpriv");
        program
            .args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"])
            .arg(copy);
        program
            .env_remove("XDG_RUNTIME_DIR")
            .env("HOME", self.folder.path());
        PrivateAgent::start(program, &["--key", &self.key()]).unwrap()
    }
}

#[test]
fn it_ends_with_its_parent_and_leaves_no_socket() {
    let home = Home::new();
    let mut agent = home.agent();
    let grant = agent.grant();
    assert!(UnixStream::connect(&grant.socket).is_ok());
    let folder = agent.control().parent().unwrap().to_owned();
    agent.abandon();
    wait_until("the agent's end", TWO_SECONDS, || agent.has_ended());
    assert!(!folder.exists(), "the folder of its sockets is left");
}

#[test]
fn it_ends_with_its_parent_while_connections_stall() {
    let home = Home::new();
    let mut agent = home.agent();
    let grant = agent.grant();
    let _stalled: Vec<_> = (0..20)
        .map(|_| UnixStream::connect(&grant.socket).unwrap())
        .collect();
    let _control: Vec<_> = (0..20)
        .map(|_| UnixStream::connect(agent.control()).unwrap())
        .collect();
    agent.abandon();
    wait_until("the agent's end", TWO_SECONDS, || agent.has_ended());
}

#[test]
fn a_terminals_interrupt_does_not_end_it_before_its_parent() {
    let home = Home::new();
    let mut agent = home.agent();
    for signal in ["INT", "QUIT"] {
        let sent = Command::new("kill")
            .args(["-s", signal, &agent.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    }
    std::thread::sleep(Duration::from_millis(200));
    assert!(!agent.has_ended());
    assert_eq!(agent.grant().keys.len(), 1);
}

#[test]
fn its_sockets_are_in_a_folder_of_its_own() {
    let home = Home::new();
    let agent = home.agent();
    let grant = agent.grant();
    let folder = fs::metadata(agent.control().parent().unwrap()).unwrap();
    assert_eq!(folder.mode() & 0o777, 0o700);
    for socket in [agent.control(), &grant.socket] {
        assert_eq!(
            fs::metadata(socket).unwrap().mode() & 0o077,
            0,
            "{}",
            socket.display()
        );
        assert!(socket.as_os_str().len() < 104, "{}", socket.display());
    }
}

#[test]
fn another_process_of_the_same_user_cannot_look_into_it() {
    let home = Home::new();
    let agent = home.agent_of_nobody();
    let proc = format!("/proc/{}", agent.id());
    assert_eq!(
        fs::metadata(format!("{proc}/mem")).unwrap().uid(),
        0,
        "its memory belongs to root"
    );
    for secret in ["environ", "mem", "maps"] {
        let read = Command::new("setpriv")
            .args([
                "--reuid=65534",
                "--regid=65534",
                "--clear-groups",
                "--",
                "head",
                "-c1",
            ])
            .arg(format!("{proc}/{secret}"))
            .output()
            .unwrap();
        assert!(!read.status.success(), "{secret} can be read");
    }
    assert_eq!(fs::metadata(agent.control()).unwrap().uid(), NOBODY);
}

#[test]
fn it_leaves_no_core_dump_and_keeps_its_memory_out_of_swap() {
    let home = Home::new();
    let agent = home.agent();
    let limits = fs::read_to_string(format!("/proc/{}/limits", agent.id())).unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap();
    assert_eq!(
        core.split_whitespace().collect::<Vec<_>>()[4..6],
        ["0", "0"]
    );
    wait_until("its memory to be locked", TWO_SECONDS, || {
        let status = fs::read_to_string(format!("/proc/{}/status", agent.id())).unwrap();
        let locked = status
            .lines()
            .find(|line| line.starts_with("VmLck:"))
            .unwrap();
        locked.split_whitespace().nth(1).unwrap() != "0"
    });
}

#[test]
fn folders_of_agents_that_were_killed_are_swept_by_the_next_one() {
    let home = Home::new();
    let mut killed = home.agent();
    let folder = killed.control().parent().unwrap().to_owned();
    let sent = Command::new("kill")
        .args(["-s", "KILL", &killed.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
    wait_until("its end", TWO_SECONDS, || killed.has_ended());
    assert!(folder.exists());
    let old = Command::new("touch")
        .args(["-d", "1 hour ago"])
        .arg(&folder)
        .status();
    assert!(old.unwrap().success());
    let _next = home.agent();
    wait_until("the sweep", TWO_SECONDS, || !folder.exists());
}

#[test]
fn ten_thousand_connections_leave_no_descriptor_behind() {
    let home = Home::new();
    let agent = home.agent();
    let grant = agent.grant();
    let folder = format!("/proc/{}/fd", agent.id());
    let open = || fs::read_dir(&folder).unwrap().count();
    // The threads that serve a grant's connections start with the first, and stay.
    let mut first = UnixStream::connect(&grant.socket).unwrap();
    first.write_all(&[0, 0, 0, 1, 11]).unwrap();
    first.read_exact(&mut [0; 5]).unwrap();
    let before = open() - 1;
    drop(first);
    for socket in [agent.control(), &grant.socket] {
        for _ in 0..5_000 {
            drop(UnixStream::connect(socket).unwrap());
        }
    }
    // The connection that asked for the grant may still count in what was open before.
    wait_until("the last connections to end", 5 * TWO_SECONDS, || {
        open() <= before
    });
    assert_eq!(agent.grant().keys.len(), 1);
}
