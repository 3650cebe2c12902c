//! The running agent: builds use it, service managers start it, and no record is lost when it is killed.

mod taken_away;

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::net::{UnixDatagram, UnixStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use keystay_proto::{
    Signature,
    agent::{Request, SignFlags, SignRequest},
    control::{Event, Grant, Record},
    frame,
    userauth::Userauth,
};
use keystay_tests::{
    env::{Env, binary, wait_until},
    lab::Lab,
};
use tempfile::TempDir;

use crate::gate::Gate;

const SOON: Duration = Duration::from_secs(2);

/// A home with one key.
struct Home(TempDir);

/// A process that is killed when the value is dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("e2e-").tempdir_in("/tmp");
        let folder = folder.unwrap();
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-f"])
            .arg(folder.path().join("id"))
            .status()
            .expect("ssh-keygen is missing: install openssh-client");
        assert!(made.success());
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn control(&self) -> PathBuf {
        self.path(".keystay/control")
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_remove("XDG_RUNTIME_DIR")
            .env_remove("XDG_STATE_HOME")
            .env_remove("SSH_AUTH_SOCK")
            .env("HOME", self.0.path())
            .stdin(Stdio::null());
        command
    }

    fn key(&self) -> String {
        format!("file:{}", self.path("id").display())
    }

    fn agent(&self) -> Process {
        self.agent_with(&[])
    }

    fn agent_with(&self, options: &[&str]) -> Process {
        let mut command = self.command(binary());
        command.args(["agent", "--key", &self.key()]).args(options);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        stderr.read_line(&mut line).unwrap();
        assert!(line.starts_with("keystay: the agent serves at "), "{line}");
        Process(child)
    }

    /// What a keystay command prints.
    fn keystay(&self, arguments: &[&str]) -> String {
        let output = self.command(binary()).args(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> UnixStream {
        let mut stream = UnixStream::connect(self.control()).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: agent\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        stream
    }

    fn hold(&self) -> (Grant, UnixStream) {
        let spec = r#"{"build":"app","mode":"sign","keys":[],"user":"git","hosts":"known","signatures":100000,"ttl":60,"strict":false}"#;
        let mut answer = String::new();
        let mut stream = self.ask("POST", "/v1/grants", spec);
        stream.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let grant: Grant = serde_json::from_str(body).unwrap();
        let mut held = self.ask("GET", &format!("/v1/grants/{}/hold", grant.id), "");
        held.read_exact(&mut [0; 15]).unwrap();
        (grant, held)
    }

    fn records(&self) -> Vec<Record> {
        let text = fs::read_to_string(self.path(".local/state/keystay/audit.jsonl")).unwrap();
        text.lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }
}

/// A login with the home's key, as a request to sign.
fn login(home: &Home) -> Vec<u8> {
    let public = fs::read_to_string(home.path("id.pub")).unwrap();
    let text = public.split(' ').nth(1).unwrap();
    let decoded = Command::new("sh")
        .args(["-c", "printf %s \"$0\" | base64 -d", text])
        .output();
    let blob = decoded.unwrap().stdout;
    let mut data = Vec::new();
    let login = Userauth {
        session_id: &[5; 32],
        user: b"git",
        service: "ssh-connection",
        algorithm: "ssh-ed25519",
        key_blob: &blob,
        host_key: None,
    };
    login.encode(&mut data);
    let mut body = Vec::new();
    Request::SignRequest(SignRequest {
        key_blob: &blob,
        data: &data,
        flags: SignFlags(0),
    })
    .encode(&mut body);
    let mut framed = Vec::new();
    frame::join(&body, &mut framed).unwrap();
    framed
}

/// Asks for signatures until the agent is gone or `enough` is set, and counts those that came.
fn sign(socket: &Path, request: &[u8], count: &AtomicUsize, enough: &AtomicBool) {
    let Ok(mut stream) = UnixStream::connect(socket) else {
        return;
    };
    while !enough.load(Ordering::Relaxed) {
        let mut length = [0; 4];
        if stream.write_all(request).is_err() || stream.read_exact(&mut length).is_err() {
            return;
        }
        let mut body = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
        if stream.read_exact(&mut body).is_err() {
            return;
        }
        // SSH_AGENT_SIGN_RESPONSE
        assert_eq!(body.first(), Some(&14));
        assert!(Signature::decode(body.get(5..).unwrap()).is_ok());
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Signs on several connections of two grants for a while; what happens at its end is up to `end`.
fn load(home: &Home, end: impl FnOnce(&AtomicBool)) -> usize {
    let (one, two) = (home.hold(), home.hold());
    let (request, count, enough) = (login(home), AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        for place in 0..8 {
            let socket = if place % 2 == 0 {
                &one.0.socket
            } else {
                &two.0.socket
            };
            let (request, count, enough) = (&request, &count, &enough);
            scope.spawn(move || sign(socket, request, count, enough));
        }
        thread::sleep(Duration::from_secs(1));
        end(&enough);
    });
    count.into_inner()
}

fn allowed(home: &Home) -> usize {
    let records = home.records();
    records
        .iter()
        .filter(|record| record.event == Event::Allowed)
        .count()
}

#[test]
fn every_signature_under_load_has_its_record() {
    let home = Home::new();
    let _agent = home.agent();
    let signed = load(&home, |enough| enough.store(true, Ordering::Relaxed));
    assert!(signed > 100, "{signed} signatures are no load");
    assert_eq!(allowed(&home), signed);
}

#[test]
fn every_signature_before_a_crash_has_its_record() {
    let home = Home::new();
    let mut agent = home.agent();
    let signed = load(&home, |_| agent.0.kill().unwrap());
    assert!(signed > 100, "{signed} signatures are no load");
    let recorded = allowed(&home);
    // Each of the eight connections may have had one on its way.
    assert!(
        (signed..=signed + 8).contains(&recorded),
        "{recorded} records, {signed} signatures"
    );
    let _again = home.agent();
    drop(home.hold());
    let text = fs::read_to_string(home.path(".local/state/keystay/audit.jsonl")).unwrap();
    assert!(
        text.lines()
            .all(|line| serde_json::from_str::<Record>(line).is_ok())
    );
}

#[test]
fn a_service_manager_is_told_of_start_reload_and_end() {
    let home = Home::new();
    let manager = UnixDatagram::bind(home.path("notify")).unwrap();
    manager
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    let told = || {
        let mut message = [0; 256];
        let length = manager.recv(&mut message).unwrap();
        let text = String::from_utf8_lossy(message.get(..length).unwrap()).into_owned();
        text.lines().next().unwrap_or_default().to_owned()
    };
    let mut command = home.command(binary());
    command
        .args(["agent", "--key", &home.key()])
        .env("NOTIFY_SOCKET", home.path("notify"));
    let mut agent = Process(command.stderr(Stdio::null()).spawn().unwrap());
    assert_eq!(told(), "READY=1");
    let signal = |name: &str| {
        let pid = agent.0.id().to_string();
        assert!(
            Command::new("kill")
                .args([name, &pid])
                .status()
                .unwrap()
                .success()
        );
    };
    signal("-HUP");
    assert_eq!(told(), "RELOADING=1");
    assert_eq!(told(), "READY=1");
    signal("-TERM");
    assert_eq!(told(), "STOPPING=1");
    assert!(agent.0.wait().unwrap().success());
}

#[test]
fn a_socket_of_systemd_starts_the_agent_and_outlives_it() {
    let home = Home::new();
    fs::create_dir(home.path(".keystay")).unwrap();
    let private = Command::new("chmod")
        .arg("700")
        .arg(home.path(".keystay"))
        .status();
    assert!(private.unwrap().success());
    let mut command = home.command("systemd-socket-activate");
    command
        .arg("--listen")
        .arg(home.control())
        .arg(format!("--setenv=HOME={}", home.0.path().display()))
        .arg(binary())
        .args(["agent", "--key", &home.key()])
        .stderr(Stdio::null());
    let spawned = command.spawn();
    let mut agent = Process(spawned.expect("systemd-socket-activate is missing: install systemd"));
    // The first that connects starts the agent; the file is there before anybody listens.
    let connects = || UnixStream::connect(home.control()).is_ok();
    wait_until("the socket", SOON, connects);
    assert!(home.keystay(&["keys"]).contains("ssh-ed25519"));
    // It has become the agent.
    let pid = agent.0.id().to_string();
    assert!(Command::new("kill").arg(&pid).status().unwrap().success());
    assert!(agent.0.wait().unwrap().success());
    assert!(home.control().exists(), "the socket is the manager's");
}

/// The agent of an environment's person, with a key of the lab.
fn agent_of(env: &Env) -> Process {
    let key = format!("file:{}", env.lab().key("dev").display());
    let mut command = Command::new(binary());
    command
        .env_clear()
        .env("HOME", env.home())
        .args(["agent", "--key", &key, "-a"])
        .arg(env.home().join("agent"))
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    let agent = Process(command.spawn().unwrap());
    let socket = env.home().join(".keystay/control");
    wait_until("the agent", SOON, || UnixStream::connect(&socket).is_ok());
    agent
}

fn grants(env: &Env) -> String {
    env.keystay_alone()
        .args(["grants", "--json"])
        .output()
        .stdout
}

fn step(gate: &Gate) -> String {
    format!(
        "FROM keystay/base:1\nRUN --mount=type=ssh {} && ssh-add -L\n",
        gate.command()
    )
}

#[test]
fn a_build_uses_the_agent_that_runs_and_a_killed_client_leaves_it_no_grant() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[0]);
    let gate = Gate::new();
    env.file("Dockerfile", &step(&gate));
    let _agent = agent_of(&env);
    assert_eq!(grants(&env), "[]\n");
    let build = env.keystay().build(&env).start();
    let held = gate.reached();
    assert!(grants(&env).contains(r#""state":"live""#));
    build.signal("KILL");
    wait_until("the grant's end", SOON, || grants(&env) == "[]\n");
    held.release();
    let _ = build.wait();
    let gate = Gate::new();
    env.file("Dockerfile", &step(&gate));
    let build = env.keystay().build(&env).start();
    gate.reached().release();
    build.wait().status(0);
    assert_eq!(grants(&env), "[]\n");
}
