//! What becomes of an agent that has too few descriptors for all who connect.

use std::{
    fs,
    os::unix::net::UnixStream,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use crate::support::{Agent, lists};

#[test]
fn a_flood_of_one_grant_leaves_another_its_descriptors() {
    let agent = Agent::with_descriptors(DESCRIPTORS);
    let (flooded, beside) = (agent.grant(10), agent.grant(10));
    let flood = flood(&flooded.socket, 3 * DESCRIPTORS);
    let began = Instant::now();
    for _ in 0..20 {
        assert!(lists(&beside.socket), "the grant beside is starved");
    }
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
    assert!(
        agent
            .ask("GET", "/v1/grants", "")
            .contains(beside.id.as_str())
    );
    drop(flood);
    serves_again(&flooded.socket);
}

#[test]
fn it_neither_spins_nor_dies_without_descriptors_and_serves_again() {
    let mut agent = Agent::with_descriptors(DESCRIPTORS);
    let grants: Vec<_> = (0..5).map(|_| agent.grant(10)).collect();
    let sockets = grants.iter().map(|grant| grant.socket.as_path());
    let sockets = sockets.chain([agent.control.as_path()]);
    let floods: Vec<_> = sockets.map(|socket| flood(socket, DESCRIPTORS)).collect();
    thread::sleep(Duration::from_millis(200));
    let began = processor_time(agent.id());
    thread::sleep(Duration::from_secs(1));
    let spent = processor_time(agent.id()) - began;
    assert!(spent <= 10, "{spent} hundredths of a second in one second");
    assert!(!agent.has_ended());
    drop(floods);
    for grant in &grants {
        serves_again(&grant.socket);
    }
    agent.grant(10);
}

/// Connections that are over may not have been noticed yet, and a new one is then one too many.
fn serves_again(socket: &Path) {
    let began = Instant::now();
    while !lists(socket) {
        assert!(began.elapsed() < SOON, "it does not serve again");
        thread::sleep(Duration::from_millis(10));
    }
}

/// As many connections as there are, with nothing said on any; those that are closed at once count
/// too.
fn flood(socket: &Path, count: u32) -> Vec<UnixStream> {
    let connect = |_| {
        let stream = UnixStream::connect(socket);
        // Many callers at a time are what the queue of a socket is for.
        thread::sleep(Duration::from_micros(200));
        stream
    };
    (0..count).map(connect).map(Result::unwrap).collect()
}

/// What the process has used, in clock ticks: hundredths of a second.
fn processor_time(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let times = fields.split(' ').skip(11).take(2);
    times.map(|field| field.parse::<u64>().unwrap()).sum()
}

const SOON: Duration = Duration::from_secs(5);
/// Of an agent with this many, some twenty are its own.
const DESCRIPTORS: u32 = 64;
