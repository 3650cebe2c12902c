//! Streams through an agent that behaves, of each kind.

use std::io::{Read, Write};
use std::process::Stdio;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::agent::{Agent, Habits, Script};
use crate::running::{fetch, pattern, run_with, ssh, text};

/// As behind BuildKit: an exchange may wait.
fn waiting() -> Habits {
    Habits {
        wait: 1000,
        ..Habits::default()
    }
}

/// As behind buildah: connections share one queue, and none lives long.
fn sharing() -> Habits {
    Habits {
        wait: 0,
        pause: 20,
        serial: true,
        takes_one: true,
        cut_after: Some(Duration::from_millis(300)),
        ..Habits::default()
    }
}

fn saying(output: Vec<u8>) -> Script {
    Script {
        output: Arc::new(output),
        status: Some(0),
        ..Script::default()
    }
}

fn echo() -> Script {
    Script {
        echoes: true,
        status: Some(0),
        ..Script::default()
    }
}

#[test]
fn the_agent_is_told_what_was_asked() {
    let agent = Agent::new(waiting(), saying(b"refs".to_vec()));
    let output = fetch(&agent).output().unwrap();
    assert_eq!(text(&output), (Some(0), "refs".to_owned(), String::new()));
    let seen = agent.seen();
    let opened = ("git", "host", 0, "git-upload-pack '/x.git'", "version=2");
    let (user, host, port, command, protocol) = &seen.opened[0];
    assert_eq!((&**user, &**host, *port, &**command, &**protocol), opened);
    assert_eq!((seen.opened.len(), seen.streams.len()), (1, 1));
    assert!(seen.closed);
}

#[test]
fn error_output_and_exit_status_arrive() {
    for habits in [waiting(), sharing()] {
        let error = pattern(100_000);
        let script = Script {
            output: Arc::new(b"out".to_vec()),
            error: error.clone(),
            status: Some(128),
            ..Script::default()
        };
        let agent = Agent::new(habits, script);
        let output = ssh(&agent, &["-p", "22", "host", "c"]).output().unwrap();
        assert_eq!(output.status.code(), Some(128));
        assert_eq!(output.stdout, b"out");
        assert!(output.stderr == error);
        assert_eq!(agent.seen().opened[0].2, 22);
    }
}

#[test]
fn input_comes_back_byte_for_byte() {
    for habits in [waiting(), sharing()] {
        let takes = Habits {
            takes: Some(30_000),
            ..habits.clone()
        };
        for habits in [habits, takes] {
            let input = pattern(1_500_000);
            let agent = Agent::new(habits, echo());
            let output = run_with(fetch(&agent), input.clone());
            assert_eq!(output.status.code(), Some(0));
            assert!(output.stdout == input);
            assert!(agent.seen().input_ended);
        }
    }
}

#[test]
fn fifty_megabytes_arrive_byte_for_byte() {
    for habits in [waiting(), sharing()] {
        let pack = Arc::new(pattern(50_000_000));
        let script = Script {
            output: Arc::clone(&pack),
            status: Some(0),
            ..Script::default()
        };
        let agent = Agent::new(habits, script);
        let output = fetch(&agent).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert!(output.stdout == *pack);
    }
}

#[test]
fn two_connections_are_the_most() {
    let agent = Agent::new(waiting(), echo());
    run_with(fetch(&agent), pattern(500_000));
    assert_eq!(agent.seen().most_open, 2);
    let agent = Agent::new(sharing(), echo());
    run_with(fetch(&agent), pattern(500_000));
    assert_eq!(agent.seen().most_open, 1);
}

#[test]
fn input_does_not_wait_for_an_exchange_that_does() {
    let habits = Habits {
        wait: 5000,
        ..Habits::default()
    };
    let agent = Agent::new(habits, echo());
    let mut child = fetch(&agent).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    for round in 0..5_usize {
        let exchanges = agent.seen().exchanges;
        agent.await_seen(|seen| seen.exchanges > 0 && seen.input.len() == round);
        thread::sleep(Duration::from_millis(20));
        let sent = Instant::now();
        stdin.write_all(b"x").unwrap();
        stdout.read_exact(&mut [0]).unwrap();
        let seen = agent.seen();
        let delay = seen.input_times[round] - sent;
        assert!(delay < Duration::from_millis(100), "{delay:?}");
        assert!(seen.exchanges <= exchanges + 4, "{}", seen.exchanges);
    }
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn an_idle_stream_asks_as_seldom_as_it_is_told() {
    for (wait, pause, most) in [(200, 0, 6), (0, 50, 24)] {
        let habits = Habits {
            wait,
            pause,
            ..Habits::default()
        };
        let agent = Agent::new(habits, Script::default());
        let mut child = fetch(&agent).stdin(Stdio::piped()).spawn().unwrap();
        agent.await_seen(|seen| seen.exchanges > 0);
        thread::sleep(Duration::from_secs(1));
        let exchanges = agent.seen().exchanges;
        assert!((2..=most).contains(&exchanges), "{exchanges}");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[test]
fn no_input_is_read_when_told_so() {
    let agent = Agent::new(waiting(), echo());
    let output = run_with(ssh(&agent, &["-n", "host", "c"]), b"not this".to_vec());
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(agent.seen().input, b"");
}

#[test]
fn a_reader_that_stops_keeps_the_stream() {
    let pack = Arc::new(pattern(8_000_000));
    let lease = Duration::from_secs(6);
    let start = |wait| {
        let script = Script {
            output: Arc::clone(&pack),
            status: Some(0),
            ..Script::default()
        };
        let habits = Habits {
            wait,
            lease: Some(lease),
            ..Habits::default()
        };
        let agent = Agent::new(habits, script);
        let child = fetch(&agent).spawn().unwrap();
        (agent, child)
    };
    let started = [1000, 0].map(start);
    thread::sleep(lease + Duration::from_secs(1));
    for (agent, mut child) in started {
        assert!((1..=2).contains(&agent.seen().roomless));
        let mut read = Vec::new();
        child.stdout.take().unwrap().read_to_end(&mut read).unwrap();
        assert!(read == *pack);
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn a_reader_that_goes_away_ends_the_stream() {
    for habits in [waiting(), sharing()] {
        let agent = Agent::new(habits, saying(pattern(8_000_000)));
        let mut child = fetch(&agent).spawn().unwrap();
        agent.await_seen(|seen| seen.exchanges > 0);
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(255));
        agent.await_seen(|seen| seen.closed);
    }
}

/// git closes what it reads from, then what it writes to, and then asks for the status.
#[test]
fn the_status_is_told_to_who_has_stopped_to_read() {
    for habits in [waiting(), sharing()] {
        let agent = Agent::new(habits, echo());
        let mut child = fetch(&agent).stdin(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        agent.await_seen(|seen| seen.exchanges > 0);
        drop(child.stdin.take());
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn what_it_is_and_would_do_is_said() {
    let agent = Agent::new(waiting(), Script::default());
    let variant = |arguments: &[&str]| {
        let mut command = ssh(&agent, arguments);
        command.env_remove("SSH_AUTH_SOCK").output().unwrap()
    };
    let (status, stdout, _) = text(&variant(&[
        "-G",
        "-o",
        "SendEnv=GIT_PROTOCOL",
        "-p",
        "7",
        "a@b",
    ]));
    assert_eq!(
        (status, &*stdout),
        (Some(0), "user a\nhostname b\nport 7\n")
    );
    let (status, _, stderr) = text(&variant(&["-V"]));
    let version = format!(
        "keystay: ssh for git fetches, {}\n",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!((status, stderr), (Some(0), version));
}
