//! What is left of signatures when the agent ends in the middle of them.

use std::{
    path::{Path, PathBuf},
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::support::{Agent, connect, exchange};

#[test]
fn a_killed_agent_has_a_record_of_every_signature_that_left() {
    for wait in [100, 150, 200] {
        let mut agent = Agent::start();
        let load = Load::start(&agent, "ssh-ed25519", 0);
        thread::sleep(Duration::from_millis(wait));
        agent.signal("KILL");
        let received = load.received();
        agent.abandon();
        let records = agent.records("allowed");
        assert!(received > 100, "{received} signatures are no load");
        assert!(
            records >= received,
            "{records} records of {received} signatures"
        );
    }
}

#[test]
fn an_agent_that_is_told_to_end_hands_out_every_signature_under_way() {
    for wait in [300, 350, 400] {
        let mut agent = Agent::with_key("rsa");
        let load = Load::start(&agent, "rsa-sha2-512", 4);
        thread::sleep(Duration::from_millis(wait));
        agent.signal("TERM");
        let received = load.received();
        agent.abandon();
        assert!(received > 10, "{received} signatures are no load");
        assert_eq!(agent.records("allowed"), received);
    }
}

/// Clients that ask for one signature after the other until the agent is gone.
struct Load(Vec<JoinHandle<usize>>);

impl Load {
    fn start(agent: &Agent, algorithm: &str, flags: u32) -> Self {
        let grant = agent.grant(1_000_000);
        let message = sign_request(&agent.key(), algorithm, flags);
        let client = |socket: PathBuf, message: Vec<u8>| {
            thread::spawn(move || signatures(&socket, &message))
        };
        let clients = (0..CLIENTS).map(|_| client(grant.socket.clone(), message.clone()));
        Self(clients.collect())
    }

    /// How many signatures all clients have, when the agent is gone.
    fn received(self) -> usize {
        self.0
            .into_iter()
            .map(|client| client.join().unwrap())
            .sum()
    }
}

fn signatures(socket: &Path, message: &[u8]) -> usize {
    let mut stream = connect(socket);
    let mut count = 0;
    while let Ok(reply) = exchange(&mut stream, message) {
        if reply.first() != Some(&SIGN_RESPONSE) {
            break;
        }
        count += 1;
    }
    count
}

/// A request for the signature of a login as `git` (RFC 4252 §7).
fn sign_request(key: &[u8], algorithm: &str, flags: u32) -> Vec<u8> {
    let data = [
        &string(&[7; 32])[..],
        &[50],
        &string(b"git"),
        &string(b"ssh-connection"),
        &string(b"publickey"),
        &[1],
        &string(algorithm.as_bytes()),
        &string(key),
    ];
    let (data, flags) = (string(&data.concat()), flags.to_be_bytes());
    [&[SIGN_REQUEST][..], &string(key), &data, &flags].concat()
}

fn string(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
    [&length, bytes].concat()
}

const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;
const CLIENTS: usize = 16;
