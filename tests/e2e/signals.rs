//! Builds that are interrupted, terminated or killed leave nothing behind, and in time.

use std::{
    fs,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::PathBuf,
    process::Command,
    time::{Duration, Instant, SystemTime},
};

use keystay_tests::{
    env::{Env, Run, Running, binary, wait_until},
    lab::Lab,
};

use crate::{
    gate::{Gate, Held},
    process::Process,
    terminal::{Terminal, said},
};

#[test]
fn control_c_on_a_terminal_ends_a_build() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        let gate = Gate::new();
        let mut terminal = Terminal::start(waiting(&env, &gate));
        let held = gate.reached();
        let left = Left::of(terminal.program());
        terminal.types("\u{3}");
        let (status, shown) = terminal.wait();
        assert_eq!(status, 130, "{shown}");
        assert_eq!(said(&shown), summary(&env));
        left.is_gone(held);
    }
}

#[test]
fn an_interrupt_of_the_process_group_ends_a_build() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        let (build, held) = started(&env);
        let client = Process(build.id());
        let left = Left::of(client);
        client.signal_group("INT");
        build.wait().status(130).says(&summary(&env));
        left.is_gone(held);
    }
}

#[test]
fn a_terminated_client_ends_its_build() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        let (build, held) = started(&env);
        let left = Left::of(Process(build.id()));
        build.signal("TERM");
        build.wait().status(143).says(&summary(&env));
        left.is_gone(held);
    }
}

#[test]
fn a_build_that_ignores_a_hang_up_goes_on() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    let gate = Gate::new();
    env.file(
        "Dockerfile",
        &format!("FROM keystay/base:1\nRUN {}\n", gate.command()),
    );
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]);
    command.arg(binary());
    let key = format!("file:{}", lab.key("dev").display());
    let build = env.program(command).args(["--key", &key]).build(&env);
    let build = build.start();
    let held = gate.reached();
    build.signal("HUP");
    held.release();
    build.wait().status(0);
}

#[test]
fn a_killed_client_leaves_no_agent_and_no_engine() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        let (build, held) = started(&env);
        let left = Left::of(Process(build.id()));
        build.signal("KILL");
        left.is_gone_within(Duration::from_secs(2));
        let _ = build.wait().status(137).says("");
        held.until_cancelled();
    }
}

#[test]
fn a_docker_that_does_not_end_is_killed_by_the_third_interrupt() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        let (build, held) = started(&env);
        let client = Process(build.id());
        let left = Left::of(client);
        let docker = client.engines()[0];
        docker.stop();
        for pending in ["INT", "TERM"] {
            build.signal("INT");
            wait_until("docker to be sent a signal", PATIENCE, || {
                docker.is_sent(pending)
            });
        }
        build.signal("INT");
        build.wait().status(130).says(&summary(&env));
        left.is_gone(held);
    }
}

#[test]
fn an_agent_that_hangs_is_waited_for_a_while() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[0]);
    let (build, held) = started(&env);
    let left = Left::of(Process(build.id()));
    left.agent.stop();
    let begin = Instant::now();
    held.release();
    let late = "keystay: error: the agent did not end the grant within 10s\n";
    build.wait().status(69).says(late);
    assert!(begin.elapsed() < Duration::from_secs(20));
    left.processes_are_gone_within(PATIENCE);
}

#[test]
fn an_agent_that_is_killed_meanwhile_is_told() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[0]);
    let (build, held) = started(&env);
    Process(build.id()).agent().signal("KILL");
    held.release();
    build.wait().status(69).says(
        "keystay: error: the agent ended before the build did\n\
         hint: somebody, or the system for want of memory, has ended it: build again\n",
    );
}

#[test]
fn an_interrupt_ends_a_build_whose_agent_hangs() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    let (build, held) = started(&env);
    let left = Left::of(Process(build.id()));
    left.agent.stop();
    let begin = Instant::now();
    build.signal("INT");
    let late = "keystay: error: the agent did not end the grant within 10s\n";
    build.wait().status(130).says(late);
    assert!(begin.elapsed() < Duration::from_secs(20));
    left.processes_are_gone_within(PATIENCE);
    held.until_cancelled();
}

#[test]
fn a_client_killed_at_the_passphrase_leaves_no_agent() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[0]);
    env.file(
        "Dockerfile",
        "FROM keystay/base:1\nRUN --mount=type=ssh true\n",
    );
    let script = "#!/bin/sh\necho $$ >\"$HOME/asking\"\nexec sleep 60\n";
    let askpass = env.home_file("askpass", script);
    fs::set_permissions(&askpass, fs::Permissions::from_mode(0o700)).unwrap();
    let key = crate::key::file(&lab, "dev-enc");
    let run = env.keystay().env("SSH_ASKPASS", &askpass);
    let run = run.env("SSH_ASKPASS_REQUIRE", "force");
    let build = run.args(["--key", &key]).build(&env).start();
    let asking = || fs::read_to_string(env.home().join("asking")).unwrap_or_default();
    wait_until("the question", PATIENCE, || asking().ends_with('\n'));
    let agent = Process(build.id()).agent();
    build.signal("KILL");
    wait_until("the agent's end", Duration::from_secs(2), || !agent.runs());
    Process(asking().trim().parse().unwrap()).signal("KILL");
    let _ = build.wait().status(137).says("");
}

#[test]
fn a_client_ended_at_the_passphrase_leaves_the_terminal_with_echo() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[0]);
    env.file(
        "Dockerfile",
        "FROM keystay/base:1\nRUN --mount=type=ssh true\n",
    );
    let key = crate::key::file(&lab, "dev-enc");
    let mut build = env.keystay().args(["--key", &key]).build(&env);
    let build = build.command();
    let words = [build.get_program()].into_iter().chain(build.get_args());
    let script = r#""$@"; echo "status $?"; stty -a | grep -o -- '-*echo ' | tr -d ' '"#;
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh"]).args(words);
    let terminal = Terminal::start(env.program(shell));
    terminal.shows("assphrase for key file");
    terminal.program().signal("TERM");
    let (status, shown) = terminal.wait();
    assert_eq!(status, 0, "{shown}");
    let end = ": \nkeystay: error: terminated before the build began\nstatus 143\necho\n";
    assert!(shown.ends_with(end), "{shown}");
}

#[test]
fn folders_of_killed_builds_are_swept_and_those_of_running_ones_stay() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    let temporary = env.home().join("tmp");
    fs::create_dir(&temporary).unwrap();
    let folders = || {
        let entries = fs::read_dir(&temporary).unwrap();
        let mut folders: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        folders.sort();
        folders
    };
    let begin = || {
        let gate = Gate::new();
        let mut run = waiting(&env, &gate).env("TMPDIR", &temporary);
        run.command().process_group(0);
        let build = run.start();
        (build, gate.reached())
    };
    let (killed, held) = begin();
    killed.signal("KILL");
    let _ = killed.wait();
    held.until_cancelled();
    let left = folders();
    assert_eq!(left.len(), 1);
    let (running, held) = begin();
    let both = folders();
    assert_eq!(both.len(), 2);
    for folder in &both {
        let old = SystemTime::now() - Duration::from_hours(1);
        fs::File::open(folder).unwrap().set_modified(old).unwrap();
    }
    let (next, other) = begin();
    assert!(!left[0].exists());
    assert!(both.iter().filter(|folder| folder.exists()).count() == 1);
    for (build, held) in [(running, held), (next, other)] {
        held.release();
        build.wait().status(0).says(&summary(&env));
    }
    assert_eq!(folders(), Vec::<PathBuf>::new());
}

/// What a build must not leave behind.
struct Left {
    agent: Process,
    processes: Vec<Process>,
    socket: PathBuf,
}

impl Left {
    #[track_caller]
    fn of(client: Process) -> Self {
        let socket = client.grant_socket();
        assert!(socket.exists());
        Self {
            agent: client.agent(),
            processes: client.descendants(),
            socket,
        }
    }

    /// The build is cancelled, and nothing of it is left once it has ended.
    #[track_caller]
    fn is_gone(&self, held: Held) {
        held.until_cancelled();
        self.is_gone_within(PATIENCE);
    }

    #[track_caller]
    fn is_gone_within(&self, patience: Duration) {
        self.processes_are_gone_within(patience);
        let folder = self.socket.parent().unwrap();
        assert!(!folder.exists(), "{} is left", folder.display());
    }

    #[track_caller]
    fn processes_are_gone_within(&self, patience: Duration) {
        wait_until("the end of its processes", patience, || {
            !self.processes.iter().any(|process| process.runs())
        });
        let answer = std::os::unix::net::UnixStream::connect(&self.socket);
        assert!(answer.is_err(), "the grant's socket answers");
    }
}

/// A build with a login in its step, which then waits.
fn waiting(env: &Env, gate: &Gate) -> Run {
    let gate = gate.command();
    env.file(
        "Dockerfile",
        &format!(
            "FROM keystay/base:1\n\
             RUN --mount=type=ssh git ls-remote {{git}}/acme/lib-a && {gate}\n"
        ),
    );
    let key = format!("file:{}", env.lab().key("dev").display());
    let options = ["--no-verify", "--key", &key];
    env.keystay().args(options).build(env)
}

/// A build in a process group of its own, and its waiting step.
#[track_caller]
fn started(env: &Env) -> (Running, Held) {
    let gate = Gate::new();
    let mut run = waiting(env, &gate);
    run.command().process_group(0);
    let build = run.start();
    (build, gate.reached())
}

/// What is said of a build that was ended after its login.
fn summary(env: &Env) -> String {
    let key = env.lab().key("dev");
    format!(
        "keystay: keys      {} (ed25519, file:{}) 1 signature\n\
         keystay: hosts     127.0.0.1:{} verified 1\n",
        crate::key::fingerprint(env.lab(), "dev"),
        key.display(),
        env.lab().git_host().port()
    )
}

const PATIENCE: Duration = Duration::from_secs(10);
