//! The grant's socket itself, without docker before it: what `BuildKit` would answer is refused by
//! the agent too.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    os::unix::net::UnixStream,
    process::Command,
    time::{Duration, Instant},
};

use keystay_proto::{
    agent::{Request, Response, SignFlags, SignRequest},
    control::{Event, Grant, GrantReport, Reason},
    frame,
    userauth::Userauth,
};
use keystay_tests::{
    env::{Env, PrivateAgent, binary, wait_until},
    lab::Lab,
};

use super::refusals;

#[test]
fn no_message_but_list_and_sign_is_served() {
    let ground = Ground::new();
    for number in (0..=255).filter(|number| !matches!(number, 11 | 13 | 27)) {
        assert_eq!(ground.ask(&[number]), FAILURE, "{number}");
    }
    for (extension, answer) in [("query", 5), ("session-bind@openssh.com", 28)] {
        let message = [&[27][..], &string(extension)].concat();
        assert_eq!(ground.ask(&message), [answer]);
    }
    let refused = refusals(&ground.env);
    assert_eq!(refused.len(), 255);
    for name in [
        "SSH_AGENTC_ADD_IDENTITY",
        "SSH_AGENTC_REMOVE_IDENTITY",
        "SSH_AGENTC_REMOVE_ALL_IDENTITIES",
        "SSH_AGENTC_ADD_SMARTCARD_KEY",
        "SSH_AGENTC_REMOVE_SMARTCARD_KEY",
        "SSH_AGENTC_LOCK",
        "SSH_AGENTC_UNLOCK",
        "SSH_AGENTC_ADD_ID_CONSTRAINED",
        "SSH_AGENTC_ADD_SMARTCARD_KEY_CONSTRAINED",
        "SSH_AGENTC_EXTENSION",
        "message 200",
    ] {
        let told = format!("message not served to builds: {name}");
        assert!(refused.contains(&told), "{told}");
    }
    ground.assert_unharmed();
}

#[test]
fn bytes_that_are_no_message_are_refused_and_tell_nothing() {
    let ground = Ground::new();
    let key = ground.key();
    let whole = login(&key);
    let nested = [&[13][..], &(1_u32 << 30).to_be_bytes(), &key].concat();
    let trailing = [&whole[..], &[0]].concat();
    for body in [&[][..], &whole[..40], &trailing, &nested, &[27], &[11, 0]] {
        assert_eq!(ground.ask(body), FAILURE, "{body:?}");
    }
    for length in [256 * 1024 + 1, 16 << 20, u32::MAX] {
        let mut peer = ground.connect();
        peer.write_all(&length.to_be_bytes()).unwrap();
        assert!(is_closed(&mut peer), "{length}");
    }
    assert_eq!(
        refusals(&ground.env),
        [
            "malformed message: the message ends too early",
            "malformed message: the message ends too early",
            "malformed message: 1 bytes too many",
            "malformed message: the message ends too early",
            "malformed message: the message ends too early",
            "malformed message: 1 bytes too many",
            "message too long: 262145 bytes, 262144 at most",
            "message too long: 16777216 bytes, 262144 at most",
            "message too long: 4294967295 bytes, 262144 at most",
        ]
    );
    ground.assert_unharmed();
}

#[test]
fn connections_that_come_and_go_leave_nothing_behind() {
    let ground = Ground::new();
    ground.assert_unharmed();
    let before = ground.descriptors();
    for number in 0..2_000_u32 {
        let mut peer = ground.connect();
        if number % 2 == 0 {
            peer.write_all(&[0, 0, 0]).unwrap();
        }
    }
    // Whoever is answered came behind all of them.
    wait_until("room", PATIENCE, || {
        ask(&mut ground.connect(), &[11]).is_ok()
    });
    wait_until("the last of them to be noticed", PATIENCE, || {
        ground.descriptors() <= before
    });
    ground.assert_unharmed();
}

#[test]
fn connections_over_the_limit_are_closed_and_room_is_made_by_those_that_leave() {
    let ground = Ground::new();
    let mut peers: Vec<_> = (0..250).map(|_| ground.connect()).collect();
    let served = peers.iter_mut().filter_map(|peer| ask(peer, &[11]).ok());
    assert_eq!(served.count(), 128);
    assert_eq!(
        refusals(&ground.env),
        vec![Reason::TooManyConnections.to_string(); 122]
    );
    drop(peers);
    wait_until("room", PATIENCE, || {
        ask(&mut ground.connect(), &[11]).is_ok()
    });
}

#[test]
fn a_stalled_message_is_given_up_while_others_are_answered() {
    let ground = Ground::new();
    let mut stalled = ground.connect();
    let began = Instant::now();
    stalled.write_all(&[0, 0, 1]).unwrap();
    ground.assert_unharmed();
    assert!(is_closed(&mut stalled));
    assert!(
        began.elapsed() >= Duration::from_secs(9),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(
        refusals(&ground.env),
        ["stalled connection: a message was not finished"]
    );
}

#[test]
fn ten_thousand_refusals_close_the_grant() {
    let ground = Ground::new();
    let mut peer = ground.connect();
    let unlock = framed(&[23]);
    for _ in 0..100 {
        peer.write_all(&unlock.repeat(100)).unwrap();
        let mut replies = [0; 500];
        if peer.read_exact(&mut replies).is_err() {
            break;
        }
    }
    wait_until("the socket's end", PATIENCE, || {
        UnixStream::connect(&ground.grant.socket).is_err()
    });
    let refused = refusals(&ground.env);
    assert_eq!(refused.len(), 10_001);
    assert_eq!(
        refused.last().unwrap(),
        "too many refusals, the grant is closed"
    );
    let report = ground.revoke();
    assert_eq!(report.refusals[0].count, 10_000);
    assert_eq!(report.refusals[1].reason, Reason::RefusalsSpent);
    let last = ground.env.records().pop().unwrap();
    assert_eq!(last.event, Event::Closed);
}

/// A private agent with one key, a grant of it, and a home whose audit log is read.
struct Ground {
    env: Env,
    agent: PrivateAgent,
    grant: Grant,
}

impl Ground {
    fn new() -> Self {
        let lab = Lab::up().unwrap();
        let [engine, _] = lab.engines();
        let env = Env::on(&lab, engine);
        let mut program = Command::new(binary());
        program.env_clear().env("HOME", env.home());
        let key = format!("file:{}", lab.key("dev").display());
        let agent = PrivateAgent::start(program, &["--key", &key]).unwrap();
        let grant = agent.grant();
        Self { env, agent, grant }
    }

    fn connect(&self) -> UnixStream {
        let stream = UnixStream::connect(&self.grant.socket).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    fn ask(&self, body: &[u8]) -> Vec<u8> {
        ask(&mut self.connect(), body).unwrap()
    }

    fn key(&self) -> Vec<u8> {
        let answer = self.ask(&[11]);
        let Response::IdentitiesAnswer(keys) = Response::decode(&answer).unwrap() else {
            panic!("{answer:?}");
        };
        keys[0].key_blob.to_vec()
    }

    /// The agent still signs what the grant holds.
    fn assert_unharmed(&self) {
        let answer = self.ask(&login(&self.key()));
        assert_eq!(answer[0], 14, "{answer:?}");
    }

    fn descriptors(&self) -> usize {
        let open = fs::read_dir(format!("/proc/{}/fd", self.agent.id()));
        open.unwrap().count()
    }

    fn revoke(&self) -> GrantReport {
        let path = format!("/v1/grants/{}", self.grant.id);
        serde_json::from_value(self.agent.ask("DELETE", &path, "")).unwrap()
    }
}

/// A request to sign a login with this key.
fn login(key: &[u8]) -> Vec<u8> {
    let login = Userauth {
        session_id: &[5; 32],
        user: b"git",
        service: "ssh-connection",
        algorithm: "ssh-ed25519",
        key_blob: key,
        host_key: None,
    };
    let (mut data, mut body) = (Vec::new(), Vec::new());
    login.encode(&mut data);
    let request = SignRequest {
        key_blob: key,
        data: &data,
        flags: SignFlags(0),
    };
    Request::SignRequest(request).encode(&mut body);
    body
}

fn ask(stream: &mut UnixStream, body: &[u8]) -> io::Result<Vec<u8>> {
    stream.write_all(&framed(body))?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let mut reply = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
    stream.read_exact(&mut reply)?;
    Ok(reply)
}

fn framed(body: &[u8]) -> Vec<u8> {
    let mut framed = Vec::new();
    frame::join(body, &mut framed).unwrap();
    framed
}

fn string(text: &str) -> Vec<u8> {
    framed(text.as_bytes())
}

/// Closed by the agent, not given up by this side.
fn is_closed(stream: &mut UnixStream) -> bool {
    match stream.read(&mut [0]) {
        Ok(count) => count == 0,
        Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
    }
}

const FAILURE: &[u8] = &[5];
const PATIENCE: Duration = Duration::from_secs(20);
