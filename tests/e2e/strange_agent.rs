//! A person's agent that is not OpenSSH's: it holds keys of types that nobody knows, or hangs.

use std::{
    io::{self, Read as _, Write as _},
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    process::Command,
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::{Duration, Instant},
};

use keystay_proto::{
    agent::{Identity, Request, Response},
    control::Event,
    frame,
};
use keystay_tests::{
    env::Env,
    lab::{Lab, UpstreamAgent},
};
use tempfile::TempDir;

#[test]
fn a_key_of_an_unknown_type_is_in_nobodys_way() {
    let lab = Lab::up().unwrap();
    let agent = StrangeAgent::before(&lab, false);
    let dev = fingerprint(&lab.key("dev"));
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        env.file("Dockerfile", STEP);
        let run = env.keystay().env("SSH_AUTH_SOCK", &agent.socket);
        let output = run.args(["--key", "agent"]).build(&env).output();
        output.status(0).says(&format!(
            "keystay: keys      {dev} (ed25519, agent) 1 signature\n\
             keystay: hosts     127.0.0.1:{} verified 1\n\
             keystay: image     searched for locked copies only: the 2 keys are in your agent, \
             their private halves are not here\n",
            lab.git_host().port()
        ));
    }
}

/// The person's agent may wait for a touch or a click. Nobody else of the build waits with it: the
/// step asks for its second signature when 20 lists were answered beside the first. An interrupt
/// ends the wait.
#[test]
fn an_agent_that_hangs_holds_up_its_own_request_alone() {
    let lab = Lab::up().unwrap();
    let agent = StrangeAgent::before(&lab, true);
    let [engine, _] = lab.engines();
    let env = Env::on(&lab, engine);
    env.file(
        "agent_client.py",
        include_str!("inside_step/agent_client.py"),
    );
    env.file("foreign_host_key", "");
    env.file(
        "Dockerfile",
        "FROM keystay/python:1\n\
         COPY agent_client.py foreign_host_key /\n\
         RUN --mount=type=ssh git clone -q {git}/acme/lib-a.git /src & sleep 1; \
         python3 /agent_client.py flood 20 | grep '20 listed, 0 not' && \
         python3 /agent_client.py login; wait\n",
    );
    let key = format!("agent:{}", fingerprint(&lab.key("dev")));
    let run = env.keystay().env("SSH_AUTH_SOCK", &agent.socket);
    let build = run.args(["--key", &key]).build(&env).start();
    for _ in 0..2 {
        agent.asked.recv_timeout(PATIENCE).unwrap();
    }
    let began = Instant::now();
    build.signal("INT");
    build.wait().status(130);
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    assert_eq!(env.records().pop().unwrap().event, Event::Closed);
}

/// Stands before a real agent: lists one key more, and hangs over signatures if it is told to.
struct StrangeAgent {
    socket: PathBuf,
    /// Says when a signature is asked for that will hang.
    asked: Receiver<()>,
    _real: UpstreamAgent,
    _folder: TempDir,
}

impl StrangeAgent {
    fn before(lab: &Lab, hangs: bool) -> Self {
        let real = UpstreamAgent::with(&[lab.key("dev")]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("strange");
        let listener = UnixListener::bind(&socket).unwrap();
        let (asked, receiver) = channel();
        let real_socket = real.socket().to_owned();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (real, asked) = (real_socket.clone(), asked.clone());
                let asked = hangs.then_some(asked);
                thread::spawn(move || serve(stream, &real, asked.as_ref()));
            }
        });
        Self {
            socket,
            asked: receiver,
            _real: real,
            _folder: folder,
        }
    }
}

/// Ends when either side is gone.
fn serve(mut stream: UnixStream, real: &Path, asked: Option<&Sender<()>>) -> io::Result<()> {
    let mut real = UnixStream::connect(real)?;
    loop {
        let request = receive(&mut stream)?;
        let is_list = matches!(Request::decode(&request), Ok(Request::RequestIdentities));
        if let (false, Some(asked)) = (is_list, asked) {
            let _ = asked.send(());
            let _ = stream.read(&mut [0]);
            return Ok(());
        }
        send(&mut real, &request)?;
        let answer = receive(&mut real)?;
        send(
            &mut stream,
            &if is_list {
                with_strange_key(&answer)
            } else {
                answer
            },
        )?;
    }
}

fn with_strange_key(answer: &[u8]) -> Vec<u8> {
    let Response::IdentitiesAnswer(mut keys) = Response::decode(answer).unwrap() else {
        panic!("{answer:?}");
    };
    let strange = Identity {
        key_blob: b"\0\0\0\x0fnew@example.com\0\0\0\x03abc",
        comment: b"from the future",
    };
    keys.insert(0, strange);
    let mut body = Vec::new();
    Response::IdentitiesAnswer(keys).encode(&mut body);
    body
}

fn receive(stream: &mut UnixStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let mut body = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
    stream.read_exact(&mut body)?;
    Ok(body)
}

fn send(stream: &mut UnixStream, body: &[u8]) -> io::Result<()> {
    let mut framed = Vec::new();
    frame::join(body, &mut framed).unwrap();
    stream.write_all(&framed)
}

fn fingerprint(key: &Path) -> String {
    let output = Command::new("ssh-keygen").arg("-lf").arg(key).output();
    let line = String::from_utf8(output.unwrap().stdout).unwrap();
    line.split(' ').nth(1).unwrap().to_owned()
}

const STEP: &str = "\
FROM keystay/base:1
RUN --mount=type=ssh git clone -q {git}/acme/lib-a.git /src
";
const PATIENCE: Duration = Duration::from_secs(20);
