//! A private agent, spoken to without the client.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

use keystay_proto::control::{FetchSpec, Grant, GrantSpec, Hosts, Mode, Problem, Started};
use serde_json::Value;

/// A private agent of this process. It ends when its pipe is closed.
#[derive(Debug)]
pub struct PrivateAgent {
    child: Child,
    pipe: Option<BufReader<ChildStdout>>,
    control: PathBuf,
}

impl PrivateAgent {
    /// Starts `agent --private` with these arguments more, as this command runs it.
    ///
    /// # Errors
    ///
    /// What the agent says when it cannot start.
    ///
    /// # Panics
    ///
    /// If the program cannot be run or says nothing that is understood.
    #[track_caller]
    pub fn start(mut program: Command, arguments: &[&str]) -> Result<Self, Problem> {
        program
            .args(["agent", "--private"])
            .args(arguments)
            .stdout(Stdio::piped());
        let mut child = program.spawn().expect("the agent starts");
        let mut pipe = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        pipe.read_line(&mut line).expect("a line");
        match serde_json::from_str(&line).expect("a start or a problem") {
            Started::Ready { control } => Ok(Self {
                child,
                pipe: Some(pipe),
                control,
            }),
            Started::Failed(problem) => {
                assert!(!child.wait().expect("its end").success());
                Err(problem)
            }
        }
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its control socket.
    #[must_use]
    pub fn control(&self) -> &Path {
        &self.control
    }

    /// Closes its pipe, as the end of its parent does.
    pub fn abandon(&mut self) {
        self.pipe = None;
    }

    /// Whether the process has ended.
    ///
    /// # Panics
    ///
    /// If the system does not tell.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("its status").is_some()
    }

    /// Opens a grant of all its keys.
    ///
    /// # Panics
    ///
    /// If the agent refuses.
    #[must_use]
    #[track_caller]
    pub fn grant(&self) -> Grant {
        self.grant_of(Mode::Sign)
    }

    /// Opens a grant of all its keys in this mode.
    ///
    /// # Panics
    ///
    /// If the agent refuses.
    #[must_use]
    #[track_caller]
    pub fn grant_of(&self, mode: Mode) -> Grant {
        self.grant_as(&GrantSpec {
            build: "test".to_owned(),
            mode,
            keys: Vec::new(),
            user: "git".to_owned(),
            hosts: Hosts::Known,
            signatures: 50,
            ttl: 600,
            strict: false,
            fetch: FetchSpec::default(),
        })
    }

    /// Opens a grant as it is specified.
    ///
    /// # Panics
    ///
    /// If the agent refuses.
    #[must_use]
    #[track_caller]
    pub fn grant_as(&self, spec: &GrantSpec) -> Grant {
        let body = serde_json::to_string(spec).expect("JSON");
        serde_json::from_value(self.ask("POST", "/v1/grants", &body)).expect("a grant")
    }

    /// Asks the control API, and returns the answer's body.
    ///
    /// # Panics
    ///
    /// If there is no answer in JSON.
    #[must_use]
    #[track_caller]
    pub fn ask(&self, method: &str, path: &str, body: &str) -> Value {
        let mut stream = UnixStream::connect(&self.control).expect("the control socket");
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: agent\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        );
        stream
            .write_all((head + body).as_bytes())
            .expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        serde_json::from_str(body).expect("JSON")
    }
}

impl Drop for PrivateAgent {
    fn drop(&mut self) {
        self.abandon();
        // It has ended already, or ends now.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
