//! The private agent's process.

use std::{
    env,
    ffi::OsString,
    io::ErrorKind,
    iter,
    os::{fd::OwnedFd, unix::net},
    path::PathBuf,
    process::Stdio,
    thread::sleep,
    time::Duration,
};

use keystay_proto::control::Started;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::UnixStream,
    process::{Child, Command},
    time::timeout,
};

use super::{Control, LinkError, terminal::Terminal};
use crate::cli::KeySource;

/// How to start an agent.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    path: PathBuf,
    arguments: Vec<OsString>,
    reads_stdin: bool,
}

impl Program {
    /// This program's own agent, for keys from these sources; from where it finds any if there are
    /// none. It says as much of what it does as `verbose` asks for.
    pub(crate) fn own(sources: &[KeySource], verbose: u8) -> Result<Self, LinkError> {
        let path = env::current_exe().map_err(LinkError::Start)?;
        let keys = sources
            .iter()
            .flat_map(|source| ["--key".into(), source.to_string().into()]);
        let arguments = iter::repeat_n("--verbose".into(), verbose.into())
            .chain(["agent".into(), "--private".into()])
            .chain(keys)
            .collect();
        Ok(Self {
            path,
            arguments,
            reads_stdin: sources.contains(&KeySource::Stdin),
        })
    }
}

/// A private agent that runs as long as this value lives, and no longer than this process.
///
/// The socket that carries its one line is its lifeline: it ends when the other end is closed. That end
/// is close-on-exec, so no other child keeps it open.
#[derive(Debug)]
pub(crate) struct PrivateAgent {
    child: Child,
    lifeline: UnixStream,
    control: Control,
}

impl PrivateAgent {
    /// Its control API.
    pub(crate) fn control(&self) -> &Control {
        &self.control
    }

    /// Ends it: closes the lifeline. One that answered its last call ends by itself and is not
    /// waited for; any other is, and is killed if that does not help.
    pub(crate) async fn end(self) {
        let Self {
            mut child,
            lifeline,
            control,
        } = self;
        drop(lifeline);
        if control.is_answered() {
            return;
        }
        if timeout(END, child.wait()).await.is_err() {
            tracing::warn!("the agent does not end by itself");
            let _ = child.kill().await;
        }
    }
}

/// An agent that has not read its keys, or is not ready; it is killed if nobody waits for it any more.
#[derive(Debug)]
pub(crate) struct Starting {
    child: Option<Child>,
    lifeline: Option<UnixStream>,
    terminal: Option<Terminal>,
}

impl Starting {
    /// Starts an agent, which reads no key before [`Starting::ready`] asks for it.
    pub(crate) fn spawn(program: &Program) -> Result<Self, LinkError> {
        let (ours, its) = net::UnixStream::pair().map_err(LinkError::Start)?;
        ours.set_nonblocking(true).map_err(LinkError::Start)?;
        let lifeline = UnixStream::from_std(ours).map_err(LinkError::Start)?;
        let mut command = Command::new(&program.path);
        command.args(&program.arguments).stdout(OwnedFd::from(its));
        command.stdin(if program.reads_stdin {
            Stdio::inherit()
        } else {
            Stdio::null()
        });
        let terminal = Terminal::saved();
        let child = command.spawn().map_err(LinkError::Start)?;
        Ok(Self {
            child: Some(child),
            lifeline: Some(lifeline),
            terminal,
        })
    }

    /// Has it read its keys, and waits until it serves; it may ask a person for passphrases meanwhile.
    pub(crate) async fn ready(mut self) -> Result<PrivateAgent, LinkError> {
        let mut lifeline = self.lifeline.take().ok_or(LinkError::Ended)?;
        // One that has ended already is told of below.
        let _ = lifeline.write_all(b"\n").await;
        let mut lines = BufReader::new(lifeline);
        let late = |_| LinkError::Late {
            what: "start",
            within: START,
        };
        match timeout(START, started(&mut lines)).await.map_err(late)?? {
            Started::Ready { control } => Ok(PrivateAgent {
                child: self.child.take().ok_or(LinkError::Ended)?,
                lifeline: lines.into_inner(),
                control: Control::private(control),
            }),
            Started::Failed(problem) => Err(problem.into()),
        }
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        let Some(child) = &mut self.child else {
            return;
        };
        // It may have ended by itself.
        let _ = child.start_kill();
        let Some(terminal) = &self.terminal else {
            return;
        };
        let mut looks = 0..LOOKS;
        while looks.next().is_some() && matches!(child.try_wait(), Ok(None)) {
            sleep(LOOK);
        }
        terminal.restore();
    }
}

async fn started(lines: &mut BufReader<UnixStream>) -> Result<Started, LinkError> {
    let mut line = Vec::new();
    let read = lines.take(LONGEST_LINE).read_until(b'\n', &mut line).await;
    let what = "start";
    match read {
        Ok(0) => Err(LinkError::Ended),
        Ok(_) => serde_json::from_slice(&line).map_err(|source| LinkError::Malformed {
            what,
            source: source.into(),
        }),
        // It did not even read what it was asked.
        Err(error) if error.kind() == ErrorKind::ConnectionReset => Err(LinkError::Ended),
        Err(source) => Err(LinkError::Gone { what, source }),
    }
}

/// Long enough for a person to look for passphrases.
const START: Duration = Duration::from_mins(5);
const END: Duration = Duration::from_secs(2);
/// How often it is looked whether an agent that was killed has ended, and at what distance.
const LOOKS: u32 = 100;
const LOOK: Duration = Duration::from_millis(1);
/// A path and a few words; the agent is ours, but a program that is not must not fill memory.
const LONGEST_LINE: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use keystay_proto::control::ProblemCode;
    use rustix::process::{Pid, test_kill_process};

    use super::*;

    fn shell(script: &str) -> Program {
        let arguments = ["-c".into(), script.into()].into();
        Program {
            path: "/bin/sh".into(),
            arguments,
            reads_stdin: false,
        }
    }

    async fn start(script: &str) -> Result<PrivateAgent, LinkError> {
        Starting::spawn(&shell(script)).unwrap().ready().await
    }

    async fn failure(script: &str) -> LinkError {
        start(script).await.unwrap_err()
    }

    #[tokio::test]
    async fn an_agent_is_told_when_to_read_keys() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        let ready = r#"{"ready":{"control":"/run/c"}}"#;
        let script = format!("read go <&1 && cat {} && echo '{ready}'", file.display());
        let starting = Starting::spawn(&shell(&script)).unwrap();
        std::fs::write(&file, "").unwrap();
        starting.ready().await.unwrap();
    }

    #[tokio::test]
    async fn the_lifeline_ends_the_agent() {
        let script = r#"echo '{"ready":{"control":"/run/c"}}'; while echo; do sleep 0.05; done"#;
        let agent = start(script).await.unwrap();
        let begin = Instant::now();
        agent.end().await;
        assert!(begin.elapsed() < END);
    }

    #[tokio::test]
    async fn an_agent_that_holds_on_is_killed() {
        let script = r#"echo '{"ready":{"control":"/run/c"}}'; exec sleep 60"#;
        let agent = start(script).await.unwrap();
        let begin = Instant::now();
        agent.end().await;
        assert!((END..END * 3).contains(&begin.elapsed()));
    }

    #[tokio::test]
    async fn an_agent_that_is_not_waited_for_any_more_is_killed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let script = format!("echo $$ >{}; exec sleep 60", file.display());
        let pid = || {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            Pid::from_raw(text.strip_suffix('\n')?.parse().ok()?)
        };
        let written = async {
            while pid().is_none() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::select! {
            _ = start(&script) => panic!("it became ready"),
            () = written => {}
        }
        let begin = Instant::now();
        while test_kill_process(pid().unwrap()).is_ok() {
            assert!(begin.elapsed() < END, "it runs");
            // A child of a runtime is reaped when another one starts.
            let _ = Command::new("true").status().await;
        }
    }

    #[tokio::test]
    async fn a_problem_of_the_agent_is_handed_on() {
        let line = r#"{"failed":{"code":"key-source","message":"no such file","hints":["look"]}}"#;
        let LinkError::Problem(problem) = failure(&format!("echo '{line}'")).await else {
            panic!("not a problem");
        };
        assert_eq!(problem.code, ProblemCode::KeySource);
        assert_eq!(problem.hints, ["look"]);
    }

    #[tokio::test]
    async fn an_agent_that_dies_or_babbles_is_an_error() {
        assert_eq!(
            failure("exit 3").await.to_string(),
            "the agent ended before it was ready"
        );
        let error = failure("echo hello").await;
        assert_eq!(
            error.to_string(),
            "cannot start: the agent's answer is not understood"
        );
        assert!(matches!(
            failure("tr '\\0' x </dev/zero").await,
            LinkError::Malformed { .. }
        ));
    }

    #[test]
    fn keys_are_read_by_the_agent_alone() {
        let own = |sources: &[KeySource]| Program::own(sources, 0).unwrap();
        assert_eq!(own(&[]).arguments, ["agent", "--private"]);
        let program = own(&[KeySource::Stdin, KeySource::Env("K".into())]);
        assert_eq!(
            program.arguments,
            ["agent", "--private", "--key", "stdin", "--key", "env:K"]
        );
        assert!(program.reads_stdin);
    }
}
