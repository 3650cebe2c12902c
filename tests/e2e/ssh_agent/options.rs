//! The agent starts and ends as `ssh-agent` does.

use std::{
    collections::HashMap,
    fs,
    io::Read as _,
    os::unix::{fs::PermissionsExt as _, net::UnixStream},
    path::Path,
    process::{Command, Output, Stdio},
    sync::mpsc,
    thread,
};

use keystay_tests::env::{binary, wait_until};
use tempfile::TempDir;

use super::agent::{START_TIME, captured, keygen, raw_at};

/// A home of its own; agents that are left in the background end with it.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.0.path())
            .env_remove("XDG_RUNTIME_DIR")
            .env_remove("SSH_AUTH_SOCK")
            .env_remove("SSH_AGENT_PID")
            .env("SHELL", "/bin/sh")
            .env("HOME", self.0.path());
        command
    }

    fn agent(&self, arguments: &[&str]) -> Output {
        let mut command = self.command(&binary());
        command.arg("agent").args(arguments).output().unwrap()
    }

    fn launch(&self, arguments: &[&str]) -> Background {
        let output = self.agent(arguments);
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        assert_eq!(output.status.code(), Some(0));
        Background::read(&String::from_utf8(output.stdout).unwrap())
    }
}

/// An agent in the background, as it told the shell.
struct Background(HashMap<&'static str, String>);

impl Background {
    fn read(text: &str) -> Self {
        let lines: Vec<_> = text.lines().collect();
        let [socket, id, told] = lines.as_slice() else {
            panic!("{text}");
        };
        let value = |line: &str, name: &str| {
            let rest = line.strip_prefix(&format!("{name}=")).unwrap();
            let value = rest.strip_suffix(&format!("; export {name};")).unwrap();
            value.to_owned()
        };
        let id = value(id, "SSH_AGENT_PID");
        assert_eq!(*told, format!("echo Agent pid {id};"));
        Self(HashMap::from([
            ("SSH_AUTH_SOCK", value(socket, "SSH_AUTH_SOCK")),
            ("SSH_AGENT_PID", id),
        ]))
    }

    fn socket(&self) -> &str {
        &self.0["SSH_AUTH_SOCK"]
    }

    fn runs(&self) -> bool {
        Path::new(&format!("/proc/{}/maps", self.0["SSH_AGENT_PID"])).exists()
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(&self.0["SSH_AGENT_PID"]).output();
    }
}

#[test]
fn it_goes_to_the_background_empty_and_is_ended_by_its_number() {
    let home = Home::new();
    let agent = home.launch(&["-s"]);
    assert_eq!(raw_at(agent.socket()).ask(&[11]), [12, 0, 0, 0, 0]);
    let mode = fs::metadata(agent.socket()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // A second one is not in its way, nor the known place in the second one's.
    let other = home.launch(&["-t", "600"]);
    assert_ne!(agent.socket(), other.socket());
    assert_eq!(raw_at(other.socket()).ask(&[11]), [12, 0, 0, 0, 0]);

    let id = &agent.0["SSH_AGENT_PID"];
    let mut kill = home.command(&binary());
    let output = kill.args(["agent", "-k"]).envs(&agent.0).output().unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        format!("unset SSH_AUTH_SOCK;\nunset SSH_AGENT_PID;\necho Agent pid {id} killed;\n")
    );
    assert_eq!(output.status.code(), Some(0));
    wait_until("its end", START_TIME, || !agent.runs());
    assert!(!Path::new(agent.socket()).exists());
    assert!(other.runs());
}

#[test]
fn it_speaks_csh_and_takes_a_path() {
    let home = Home::new();
    let output = home.agent(&["-c", "-a", "it's here"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let id = text.lines().nth(1).unwrap();
    let id = id.strip_prefix("setenv SSH_AGENT_PID ").unwrap();
    let id = id.trim_end_matches(';');
    let _ends = Background(HashMap::from([("SSH_AGENT_PID", id.to_owned())]));
    assert_eq!(
        text,
        format!(
            "setenv SSH_AUTH_SOCK 'it'\\''s here';\nsetenv SSH_AGENT_PID {id};\necho Agent pid {id};\n"
        )
    );
    assert!(UnixStream::connect(home.0.path().join("it's here")).is_ok());

    let again = home.agent(&["-c", "-a", "it's here"]);
    assert_eq!(again.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(again.stderr).unwrap(),
        "keystay: error: the ssh-agent socket cannot be made: Address already in use (os error 98)\n\
         hint: remove what is there, or name another path with -a\n"
    );
}

#[test]
fn it_lives_as_long_as_its_command_whose_status_it_has() {
    let home = Home::new();
    let script = "ssh-add -l; echo $SSH_AGENT_PID; exit 7";
    let output = home.agent(&["sh", "-c", script]);
    assert_eq!(output.status.code(), Some(7));
    let text = String::from_utf8(output.stdout).unwrap();
    let id = text.strip_prefix("The agent has no identities.\n").unwrap();
    let process = format!("/proc/{}/maps", id.trim());
    wait_until("its end", START_TIME, || !Path::new(&process).exists());

    let output = home.agent(&["/nowhere/command"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "keystay: error: /nowhere/command cannot be run: No such file or directory (os error 2)\n"
    );
    // It has ended when that is told.
    assert!(!home.0.path().join(".keystay/control").exists());
}

/// The kernel tells the end of a parent also when only its first thread ends.
#[test]
fn it_lives_as_long_as_any_thread_of_its_command() {
    let script = "import ctypes, os, subprocess, threading, time\n\
        def work():\n \
            time.sleep(0.5)\n \
            subprocess.run(['ssh-add', '-l'])\n \
            os._exit(7)\n\
        threading.Thread(target=work).start()\n\
        ctypes.CDLL(None).pthread_exit(None)\n";
    let output = Home::new().agent(&["python3", "-c", script]);
    assert_eq!(output.status.code(), Some(7), "{output:?}");
    assert_eq!(output.stdout, b"The agent has no identities.\n");
}

#[test]
fn a_key_without_a_lifetime_gets_the_one_of_the_command_line() {
    let home = Home::new();
    let agent = home.launch(&["-t", "1s"]);
    let mut raw = raw_at(agent.socket());
    assert_eq!(raw.ask(&captured("add")), [6]);
    assert_eq!(raw.ask(&[11])[..5], [12, 0, 0, 0, 1]);
    wait_until("the key's end", START_TIME, || {
        raw.ask(&[11]) == [12, 0, 0, 0, 0]
    });
}

#[test]
fn what_it_cannot_do_is_said() {
    let home = Home::new();
    let output = home.agent(&["-k"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "keystay: error: SSH_AGENT_PID is not set: there is no agent to end\n"
    );
    let output = home.agent(&["-O", "allow-remote-pkcs11"]);
    assert_eq!(output.status.code(), Some(255));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("allow-remote-pkcs11 concerns tokens"),
        "{said}"
    );
    let output = home.agent(&["-P", "/usr/lib/*", "true"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "keystay: -P changes nothing: no library of a token is ever loaded into this agent\n"
    );
}

#[test]
fn what_fails_has_the_status_that_ssh_agent_gives_it() {
    let home = Home::new();
    fs::write(home.0.path().join("taken"), "").unwrap();
    for arguments in [
        &["-k"][..],
        &["-t", "x"],
        &["-t"],
        &["-E", "x"],
        &["-E"],
        &["-O", "x"],
        &["-Q"],
        &["-s", "-c"],
        &["-a", "taken", "-s"],
        &["-a", "taken", "-D"],
        &["/nowhere/command"],
    ] {
        let mut theirs = home.command(Path::new("ssh-agent"));
        let theirs = theirs.args(arguments).output().unwrap().status.code();
        let output = home.agent(arguments);
        assert_eq!(output.status.code(), theirs, "{arguments:?}: {output:?}");
    }
    // What is not ssh-agent's has the status that it has everywhere.
    for (arguments, expected) in [
        (&["--nothing"][..], 64),
        (&["--key", "nothing:"], 64),
        (&["-a", "taken"], 66),
    ] {
        let output = home.agent(arguments);
        assert_eq!(output.status.code(), Some(expected), "{output:?}");
    }
}

#[test]
fn in_the_background_it_holds_nothing_that_its_shell_left_open() {
    let home = Home::new();
    let mut shell = home.command(Path::new("sh"));
    let script = "exec 7</ 9>&1 >told; \"$0\" agent -s";
    let shell = shell.args(["-c", script]).arg(binary());
    let mut shell = shell.stdout(Stdio::piped()).spawn().unwrap();
    let mut held = shell.stdout.take().unwrap();
    assert_eq!(shell.wait().unwrap().code(), Some(0));
    let told = fs::read_to_string(home.0.path().join("told")).unwrap();
    let agent = Background::read(&told);
    let (closed, is_closed) = mpsc::channel();
    thread::spawn(move || closed.send(held.read(&mut [0]).unwrap()));
    assert_eq!(is_closed.recv_timeout(START_TIME), Ok(0));
    assert_eq!(raw_at(agent.socket()).ask(&[11]), [12, 0, 0, 0, 0]);
}

#[test]
fn its_name_makes_it_an_ssh_agent() {
    let home = Home::new();
    let link = home.0.path().join("ssh-agent");
    std::os::unix::fs::symlink(binary(), &link).unwrap();
    let output = home.command(&link).output().unwrap();
    let agent = Background::read(&String::from_utf8(output.stdout).unwrap());
    assert_eq!(raw_at(agent.socket()).ask(&[11]), [12, 0, 0, 0, 0]);
}

#[test]
fn a_place_that_no_socket_fits_in_is_told_with_what_to_do() {
    let home = Home::new();
    let long = home.0.path().join("x".repeat(110));
    fs::create_dir(&long).unwrap();
    let told = |output: Output, hint: &str| {
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.starts_with("keystay: error: "), "{said}");
        assert!(said.ends_with(hint) && said.lines().count() == 2, "{said}");
    };
    let named = long.join("agent");
    let output = home.agent(&["-s", "-a", named.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    told(output, "hint: name a shorter path with -a\n");
    keygen(&home.0, "id", &["-t", "ed25519"]);
    let mut command = home.command(&binary());
    let command = command.args(["agent", "--key", "file:id"]);
    let output = command.env("XDG_RUNTIME_DIR", &long).output().unwrap();
    assert_eq!(output.status.code(), Some(69));
    told(
        output,
        "hint: set XDG_RUNTIME_DIR to a folder of yours that is writable and has a short path\n",
    );
}

#[test]
fn a_key_that_is_named_is_held() {
    let home = Home::new();
    keygen(&home.0, "id", &["-t", "ed25519"]);
    let key = format!("file:{}", home.0.path().join("id").display());
    let agent = home.launch(&["-s", "--key", &key]);
    assert_eq!(raw_at(agent.socket()).ask(&[11])[..5], [12, 0, 0, 0, 1]);
}

#[test]
fn with_d_each_message_is_told_by_its_number() {
    let home = Home::new();
    let socket = home.0.path().join("debug.sock");
    let mut agent = home.command(&binary());
    agent.args(["agent", "-d", "-a"]).arg(&socket);
    let agent = agent.stdout(Stdio::null()).stderr(Stdio::piped());
    let agent = agent.spawn().unwrap();
    wait_until("the agent serves", START_TIME, || {
        UnixStream::connect(&socket).is_ok()
    });
    let listed = Command::new("ssh-add")
        .arg("-l")
        .env("SSH_AUTH_SOCK", &socket)
        .output();
    assert_eq!(listed.unwrap().status.code(), Some(1));
    let ended = Command::new("kill")
        .arg(agent.id().to_string())
        .status()
        .unwrap();
    assert!(ended.success());
    let told = agent.wait_with_output().unwrap().stderr;
    let told = String::from_utf8_lossy(&told);
    assert!(
        told.contains("answered a message") && told.contains("=11 "),
        "{told}"
    );
}
