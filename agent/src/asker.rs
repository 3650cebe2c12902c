//! A process of its own that asks a person: it can execute programs and holds no key, where the agent
//! holds keys and can execute nothing.
//!
//! Both speak over a socket pair, a line of JSON for each question and each answer. Without an answer
//! nothing is allowed.

mod answers;
mod talk;

use std::{
    io,
    os::{fd::OwnedFd, unix::net::UnixStream},
    process::{self, Stdio},
};

use serde::{Deserialize, Serialize};
use tokio::{
    process::{Child, Command},
    sync::{mpsc, oneshot},
};

pub(crate) use self::answers::run;
use crate::{key::source::Environment, prompt::askpass};

/// What asks a person, from the agent's side.
#[derive(Clone, Debug)]
pub(crate) struct Asker {
    questions: mpsc::Sender<Waiting>,
}

/// The process, which ends when this is dropped, with what still asks.
#[derive(Debug)]
pub(crate) struct Asking {
    process: Child,
    socket: tokio::net::UnixStream,
    asked: mpsc::Receiver<Waiting>,
}

/// A question, and who waits for its answer.
#[derive(Debug)]
struct Waiting {
    text: String,
    answer: oneshot::Sender<bool>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Question {
    id: u64,
    text: String,
}

#[derive(Debug, Deserialize, Serialize)]
struct Answer {
    id: u64,
    yes: bool,
}

impl Asker {
    /// Starts the process, this `program` again, which sees no variable that holds a key. Called in a
    /// runtime, and before the agent gives up executing programs.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub(crate) fn start(
        program: process::Command,
        environment: &Environment,
    ) -> io::Result<(Self, Asking)> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let socket = tokio::net::UnixStream::from_std(ours)?;
        let process = spawn(program, environment, theirs)?;
        let (questions, asked) = mpsc::channel(1);
        let asking = Asking {
            process,
            socket,
            asked,
        };
        Ok((Self { questions }, asking))
    }

    /// What asks nobody, and allows nothing.
    pub(crate) fn nobody() -> Self {
        Self {
            questions: mpsc::channel(1).0,
        }
    }

    /// Whether a person allows it, within five minutes. Only who asks waits. Of a text, 4096 bytes are shown.
    pub(crate) async fn allows(&self, mut text: String) -> bool {
        text.truncate(text.floor_char_boundary(LONGEST_TEXT));
        let (answer, answered) = oneshot::channel();
        let asked = self.questions.send(Waiting { text, answer }).await;
        asked.is_ok() && answered.await.unwrap_or(false)
    }
}

fn spawn(
    mut program: process::Command,
    environment: &Environment,
    socket: UnixStream,
) -> io::Result<Child> {
    environment.hidden().keep_from(&mut program);
    Command::from(program)
        .arg("--asker")
        .arg(askpass(environment))
        .stdin(OwnedFd::from(socket))
        .stdout(Stdio::null())
        .spawn()
}

fn line(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    Ok(line)
}

/// The longest text of a question, in bytes.
const LONGEST_TEXT: usize = 4096;
/// The longest line of a question: JSON writes six characters for some bytes.
const LONGEST_LINE: u64 = 32 * 1024;
/// Questions at one time; more are answered with no.
const MOST: usize = 64;
