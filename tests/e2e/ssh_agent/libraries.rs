//! Libraries that speak the agent protocol with code of their own use the agent, with keys of every kind.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use keystay_tests::lab::{GitHost, Lab};
use tempfile::TempDir;

use super::agent::Agent;

#[test]
fn paramiko_lists_and_signs_with_keys_of_every_kind() {
    let desk = Desk::new();
    let used = desk.python("paramiko").arg("use").output().unwrap();
    assert_eq!(succeeded(&used), signed());
}

#[test]
fn asyncssh_adds_lists_signs_locks_and_removes_keys_of_every_kind() {
    let desk = Desk::new();
    let mut python = desk.python("asyncssh");
    let used = python.arg("use").arg(desk.lab.key("stranger"));
    let expected = format!("{}ssh-ed25519 stranger@lab\n", signed());
    assert_eq!(succeeded(&used.output().unwrap()), expected);
}

#[test]
fn git_fetches_through_paramiko() {
    fetches(|desk, url, folder| clone_through(desk, "paramiko", url, folder));
}

#[test]
fn git_fetches_through_asyncssh() {
    fetches(|desk, url, folder| clone_through(desk, "asyncssh", url, folder));
}

#[test]
fn libgit2_clones() {
    fetches(|desk, url, folder| {
        let mut clone = desk.python("libgit2");
        clone.args([url, folder]).output().unwrap()
    });
}

#[test]
fn cargo_fetches_a_dependency_with_its_own_libgit2() {
    let desk = Desk::new();
    each_login(&desk, |key, host| {
        let project = desk.fresh(&format!("cargo-{key}-{}", host.name()));
        let url = host.url("acme/cargo-greet");
        let manifest = format!(
            "[package]\nname = \"top\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[lib]\npath = \"lib.rs\"\n\
             [dependencies]\ngreet = {{ git = \"{url}\" }}\n"
        );
        fs::write(project.join("Cargo.toml"), manifest).unwrap();
        fs::write(project.join("lib.rs"), "").unwrap();
        let mut cargo = desk.program(&env::var_os("CARGO").expect("`cargo test` runs this"));
        cargo.arg("fetch").current_dir(&project);
        cargo.env("CARGO_HOME", project.join("home"));
        cargo.env("CARGO_NET_GIT_FETCH_WITH_CLI", "false");
        succeeded(&cargo.output().unwrap());
        let lock = fs::read_to_string(project.join("Cargo.lock")).unwrap();
        assert!(lock.contains(&format!("source = \"git+{url}#")), "{lock}");
    });
}

/// A clone succeeds with a key of each kind from each host.
#[track_caller]
fn fetches(clone: impl Fn(&Desk, &str, &str) -> Output) {
    let desk = Desk::new();
    each_login(&desk, |key, host| {
        let folder = desk.fresh(&format!("{key}-{}", host.name()));
        let url = host.url("acme/lib-a");
        succeeded(&clone(&desk, &url, folder.to_str().unwrap()));
        let file = fs::read_to_string(folder.join("a.txt")).unwrap();
        assert_eq!(file, "alpha\n");
    });
}

/// Calls for each kind of key, as the only one of the agent, and each host; the agent's log tells that it
/// signed a login.
#[track_caller]
fn each_login(desk: &Desk, case: impl Fn(&str, &GitHost)) {
    for (key, _) in KEYS {
        desk.agent.succeed("ssh-add", &["-D"]);
        desk.add(key);
        for host in [desk.lab.git_host(), desk.lab.plain_host()] {
            let before = desk.logins();
            case(key, host);
            assert!(desk.logins() > before, "{key} at {}", host.name());
        }
    }
}

fn clone_through(desk: &Desk, library: &str, url: &str, folder: &str) -> Output {
    let ssh = format!("{} {}", desk.python.display(), script(library).display());
    let mut git = desk.program("git".as_ref());
    git.env("GIT_SSH_COMMAND", ssh)
        .env("GIT_SSH_VARIANT", "ssh");
    git.args(["clone", url, folder]).output().unwrap()
}

/// An agent with a key of each kind, and a home that knows the git hosts.
struct Desk {
    lab: Lab,
    agent: Agent,
    python: PathBuf,
    home: TempDir,
}

impl Desk {
    fn new() -> Self {
        let lab = Lab::up().unwrap();
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join(".ssh")).unwrap();
        fs::copy(lab.known_hosts(), home.path().join(".ssh/known_hosts")).unwrap();
        let desk = Self {
            python: lab.python().unwrap(),
            agent: Agent::ours(),
            lab,
            home,
        };
        desk.agent.succeed("ssh-add", &["-D"]);
        for (key, _) in KEYS {
            desk.add(key);
        }
        desk
    }

    fn add(&self, key: &str) {
        let path = self.lab.key(key);
        self.agent.succeed("ssh-add", &[path.to_str().unwrap()]);
    }

    /// How many logins the agent has signed.
    fn logins(&self) -> usize {
        let log = fs::read_to_string(self.agent.path(".local/state/keystay/audit.jsonl"));
        let log = log.unwrap_or_default();
        log.matches(r#""event":"allowed","intent":"login""#).count()
    }

    fn python(&self, library: &str) -> Command {
        let mut python = self.program(self.python.as_os_str());
        python.arg(script(library));
        python
    }

    fn program(&self, name: &std::ffi::OsStr) -> Command {
        let mut program = Command::new(name);
        program
            .env("SSH_AUTH_SOCK", self.agent.path("agent"))
            .env("KNOWN_HOSTS", self.lab.known_hosts())
            .env("HOME", self.home.path())
            .env_remove("GIT_SSH")
            .current_dir(self.home.path())
            .stdin(Stdio::null());
        program
    }

    fn fresh(&self, name: &str) -> PathBuf {
        let folder = self.home.path().join(name);
        fs::create_dir(&folder).unwrap();
        folder
    }
}

/// What a script says that has used every key.
fn signed() -> String {
    let line = |key: &str, algorithm: &&str| format!("{algorithm} {key}@lab\n");
    let lines = (KEYS.iter())
        .flat_map(|(key, algorithms)| algorithms.iter().map(|algorithm| line(key, algorithm)));
    lines.collect()
}

#[track_caller]
fn succeeded(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn script(library: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("e2e/ssh_agent/libraries/with_{library}.py"))
}

/// Keys of the lab, and what each signs with.
const KEYS: [(&str, &[&str]); 5] = [
    ("dev", &["ssh-ed25519"]),
    ("dev-ecdsa", &["ecdsa-sha2-nistp256"]),
    ("dev-p384", &["ecdsa-sha2-nistp384"]),
    ("dev-p521", &["ecdsa-sha2-nistp521"]),
    ("dev-rsa", &["rsa-sha2-256", "rsa-sha2-512"]),
];
