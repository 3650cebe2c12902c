//! Streams through agents and connections that misbehave: bytes are right, or one line says why not.

use std::io::Write;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::agent::{Agent, Habits, Script};
use crate::running::{fetch, pattern, run_with, text};

fn waiting() -> Habits {
    Habits {
        wait: 1000,
        ..Habits::default()
    }
}

/// Runs a fetch that sends and receives some megabytes.
#[track_caller]
fn carries_all(habits: Habits) -> Agent {
    let said = pattern(3_000_000);
    let input = pattern(300_000);
    let script = Script {
        output: Arc::new(said.clone()),
        error: b"counting objects\n".to_vec(),
        echoes: true,
        status: Some(3),
        ..Script::default()
    };
    let agent = Agent::new(habits, script);
    let output = run_with(fetch(&agent), input.clone());
    assert_eq!(output.status.code(), Some(3));
    assert!(output.stdout == [said, input.clone()].concat());
    assert_eq!(output.stderr, b"counting objects\n");
    let seen = agent.seen();
    assert!(seen.input == input);
    assert_eq!(seen.streams.len(), 1);
    drop(seen);
    agent
}

#[test]
fn a_connection_that_breaks_within_a_reply_costs_nothing() {
    for wait in [1000, 0] {
        for halves_every in [2, 3, 5] {
            carries_all(Habits {
                wait,
                halves_every: Some(halves_every),
                ..Habits::default()
            });
        }
    }
}

#[test]
fn connections_may_be_cut_at_any_time() {
    for wait in [1000, 0] {
        for time in [3, 20] {
            carries_all(Habits {
                wait,
                pause: 5,
                cut_after: Some(Duration::from_millis(time)),
                ..Habits::default()
            });
        }
    }
}

#[test]
fn one_connection_is_enough() {
    let agent = carries_all(Habits {
        takes_one: true,
        ..waiting()
    });
    assert_eq!(agent.seen().most_open, 1);
}

#[test]
fn connections_that_are_closed_at_once_are_tried_again() {
    let agent = carries_all(Habits {
        closes_first: 5,
        ..waiting()
    });
    assert!(agent.seen().connections > 5);
}

#[test]
fn failures_of_who_passes_frames_on_are_tried_again() {
    carries_all(Habits {
        fails_first: 5,
        ..waiting()
    });
}

#[test]
fn a_long_pause_is_kept_without_connections() {
    let habits = Habits {
        first_pause: 700,
        ..waiting()
    };
    let agent = Agent::new(habits, Script::default());
    let mut child = fetch(&agent).stdin(Stdio::piped()).spawn().unwrap();
    agent.await_seen(|seen| seen.exchanges == 1);
    let answered = Instant::now();
    agent.await_seen(|seen| seen.open == 0);
    child.stdin.as_mut().unwrap().write_all(b"input").unwrap();
    agent.await_seen(|seen| seen.exchanges > 1);
    assert!(answered.elapsed() > Duration::from_millis(600));
    agent.await_seen(|seen| seen.input == b"input");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_reply_that_is_none_ends_the_stream() {
    let too_long = [&[14, 0, 0x20, 0, 0][..], &[0; 100]].concat();
    for garbage in [
        vec![],
        vec![12, 0, 0, 0, 0],
        vec![14, 0, 0, 0, 4, 1, 2, 3, 4],
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        too_long,
        vec![14; 2_000_000],
    ] {
        let said = "keystay: the agent's answer is not one of the tunnel's\n";
        for habits in [
            Habits {
                garbage: Some(garbage.clone()),
                ..waiting()
            },
            Habits {
                later_garbage: Some(garbage),
                ..waiting()
            },
        ] {
            let agent = Agent::new(habits, Script::default());
            let output = fetch(&agent).output().unwrap();
            assert_eq!(text(&output), (Some(255), String::new(), said.to_owned()));
        }
    }
}

#[test]
fn many_at_once_end() {
    let said = Arc::new(pattern(2_000_000));
    let agents: Vec<_> = (0..4)
        .map(|_| {
            let script = Script {
                output: Arc::clone(&said),
                status: Some(0),
                ..Script::default()
            };
            Agent::new(waiting(), script)
        })
        .collect();
    let children: Vec<_> = agents
        .iter()
        .cycle()
        .take(40)
        .map(|agent| fetch(agent).stdout(Stdio::null()).spawn().unwrap())
        .collect();
    for mut child in children {
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
}
