//! Raw messages, most of them also sent to the machine's ssh-agent.

use std::{
    io::{Read as _, Write as _},
    time::{Duration, Instant},
};

use keystay_tests::env::wait_until;

use super::agent::{Agent, both, captured, message, string};

#[test]
fn the_extensions_are_told_to_who_asks() {
    let agent = Agent::ours();
    let mut raw = agent.connect();
    let answer = raw.ask(&message(27, &[&string(b"query")]));
    let name = string(b"session-bind@openssh.com");
    assert_eq!(answer, message(29, &[&string(b"query"), &name]));
}

#[test]
fn what_is_unknown_or_malformed_is_a_failure_and_the_connection_stays() {
    both(|agent| {
        let mut raw = agent.connect();
        for body in [
            &[0][..],
            &[1],
            &[99],
            &[255],
            &[13],
            &[17, 0, 0],
            &[18],
            &[13, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert_eq!(raw.ask(body), [5], "{body:?}");
        }
        assert_eq!(raw.ask(&[11])[0], 12);
    });
}

#[test]
fn a_message_that_is_too_long_ends_the_connection() {
    both(|agent| {
        let mut raw = agent.connect();
        raw.0.write_all(&[0, 4, 0, 1, 11]).unwrap();
        assert_eq!(raw.0.read(&mut [0; 1]).unwrap_or(0), 0);
        assert_eq!(agent.connect().ask(&[11])[0], 12);
    });
}

#[test]
fn requests_in_flight_are_answered_in_order() {
    both(|agent| {
        let mut raw = agent.connect();
        for _ in 0..32 {
            raw.send(&[99]);
            raw.send(&[11]);
        }
        for _ in 0..32 {
            assert_eq!(raw.receive(), [5]);
            assert_eq!(raw.receive()[0], 12);
        }
    });
}

#[test]
fn a_client_that_closes_its_half_gets_its_reply() {
    let agent = Agent::ours();
    let mut raw = agent.connect();
    raw.send(&[11]);
    raw.0.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(raw.receive()[0], 12);
}

#[test]
fn a_constraint_that_is_unknown_or_comes_twice_refuses_the_key() {
    both(|agent| {
        let mut raw = agent.connect();
        let plain = captured("add");
        let unknown = string(b"unknown@example.com");
        raw.ask(&[19]);
        for constraints in [
            &[3][..],
            &[1, 0, 0],
            &[2, 2],
            &[1, 0, 0, 0, 9, 1, 0, 0, 0, 9],
            &[&[255][..], &unknown].concat(),
        ] {
            let body = [&[25], &plain[1..], constraints].concat();
            assert_eq!(raw.ask(&body), [5], "{constraints:?}");
        }
        assert_eq!(raw.ask(&[11]), [12, 0, 0, 0, 0]);
        assert_eq!(raw.ask(&plain), [6]);
        assert_eq!(raw.ask(&[11])[..5], [12, 0, 0, 0, 1]);
    });
}

#[test]
fn a_key_that_may_live_no_time_is_gone() {
    both(|agent| {
        let mut raw = agent.connect();
        raw.ask(&[19]);
        let limited = [&[25], &captured("add")[1..], &[1, 0, 0, 0, 0]].concat();
        assert_eq!(raw.ask(&limited), [6]);
        let gone = || agent.connect().ask(&[11]) == [12, 0, 0, 0, 0];
        wait_until("no key", Duration::from_secs(10), gone);
    });
}

#[test]
fn a_key_that_is_added_again_has_the_new_limits_only() {
    both(|agent| {
        let mut raw = agent.connect();
        let plain = captured("add");
        raw.ask(&[19]);
        let limited = [&[25], &plain[1..], &[1, 0, 0, 0, 1]].concat();
        assert_eq!(raw.ask(&limited), [6]);
        assert_eq!(raw.ask(&plain), [6]);
        std::thread::sleep(Duration::from_millis(2_100));
        assert_eq!(raw.ask(&[11])[..5], [12, 0, 0, 0, 1]);
    });
}

#[test]
fn a_key_that_no_list_has_room_for_is_not_added() {
    let agent = Agent::ours();
    let mut raw = agent.connect();
    let plain = captured("add");
    let (key, comment) = plain.split_at(plain.len() - 18);
    assert_eq!(comment, string(b"vector ed25519"));
    let long = [key, &string(&vec![b'x'; 262_020])].concat();
    assert_eq!(raw.ask(&long), [5]);
    assert_eq!(raw.ask(&[19]), [6]);
    assert_eq!(raw.ask(&long), [6]);
    assert_eq!(raw.ask(&long), [6]);
    agent.fail("ssh-add", &["first"]);
    assert_eq!(raw.ask(&[11])[..5], [12, 0, 0, 0, 1]);
    assert_eq!(raw.ask(&plain), [6]);
    agent.succeed("ssh-add", &["first"]);
}

#[test]
fn an_rsa_key_of_long_numbers_is_refused_at_once() {
    both(|agent| {
        let (short, long) = (string(&[0x7f; 257]), string(&vec![0x7f; 130_000]));
        let key = [&string(b"ssh-rsa"), &short, &string(&[1, 0, 1])];
        let private = [&long, &short, &long, &short];
        let fields: Vec<&[u8]> = key.into_iter().chain(private).map(Vec::as_slice).collect();
        let mut raw = agent.connect();
        // The arithmetic would take longer.
        let patience = Some(Duration::from_secs(10));
        raw.0.set_read_timeout(patience).unwrap();
        assert_eq!(
            raw.ask(&message(17, &[&fields.concat(), &string(b"")])),
            [5]
        );
    });
}

#[test]
fn a_comment_with_a_zero_byte_is_not_taken() {
    both(|agent| {
        let mut raw = agent.connect();
        let mut spoilt = captured("add");
        let length = spoilt.len();
        spoilt[length - 2] = 0;
        assert_eq!(raw.ask(&spoilt), [5]);
    });
}

#[test]
fn a_locked_agent_shows_and_does_nothing_until_it_is_unlocked() {
    both(|agent| {
        let mut raw = agent.connect();
        raw.ask(&[19]);
        assert_eq!(raw.ask(&captured("add")), [6]);
        let right = string(b"secret");
        assert_eq!(raw.ask(&message(22, &[&string(b"")])), [5]);
        assert_eq!(raw.ask(&message(23, &[&right])), [5]);
        assert_eq!(raw.ask(&message(22, &[&right])), [6]);
        assert_eq!(raw.ask(&message(22, &[&right])), [5]);
        assert_eq!(raw.ask(&[11]), [12, 0, 0, 0, 0]);
        assert_eq!(raw.ask(&captured("add")), [5]);
        assert_eq!(raw.ask(&[19]), [5]);
        assert_eq!(raw.ask(&message(23, &[&string(b"wrong")])), [5]);
        assert_eq!(raw.ask(&message(23, &[&right])), [6]);
        assert_eq!(raw.ask(&[11])[..5], [12, 0, 0, 0, 1]);
    });
}

#[test]
fn a_wrong_passphrase_costs_its_own_connection_time_only() {
    let agent = Agent::ours();
    let mut raw = agent.connect();
    assert_eq!(raw.ask(&message(22, &[&string(b"secret")])), [6]);
    let begun = Instant::now();
    for _ in 0..4 {
        raw.ask(&message(23, &[&string(b"wrong")]));
    }
    assert!(begun.elapsed() >= Duration::from_secs(1));
    raw.send(&message(23, &[&string(b"wrong")]));
    let begun = Instant::now();
    assert_eq!(agent.connect().ask(&[11]), [12, 0, 0, 0, 0]);
    assert!(begun.elapsed() < Duration::from_millis(400));
}

#[test]
fn a_lock_that_cannot_be_read_does_not_end_the_agent() {
    let agent = Agent::ours();
    let mut raw = agent.connect();
    assert_eq!(raw.ask(&[22, 0, 0, 0, 9, 1]), [5]);
    assert_eq!(raw.ask(&[23]), [5]);
    assert_eq!(raw.ask(&[11])[..5], [12, 0, 0, 0, 1]);
}

#[test]
fn a_bind_that_is_not_signed_hides_keys_with_destinations() {
    let agent = Agent::ours();
    let mut raw = agent.connect();
    raw.ask(&[19]);
    assert_eq!(raw.ask(&captured("add-destination")), [6]);
    assert_eq!(raw.ask(&[11])[..5], [12, 0, 0, 0, 1]);
    let mut forged = captured("session-bind");
    let last = forged.len() - 2;
    forged[last] ^= 1;
    assert_eq!(raw.ask(&forged), [28]);
    assert_eq!(raw.ask(&[11]), [12, 0, 0, 0, 0]);
    assert_eq!(agent.connect().ask(&[11])[..5], [12, 0, 0, 0, 1]);
}

#[test]
fn a_bind_of_ssh_is_taken_again_and_none_follows_one_that_logs_in() {
    both(|agent| {
        let mut raw = agent.connect();
        assert_eq!(raw.ask(&captured("session-bind-forwarding")), [6]);
        assert_eq!(raw.ask(&captured("session-bind-forwarding")), [6]);
        let mut raw = agent.connect();
        assert_eq!(raw.ask(&captured("session-bind")), [6]);
        assert_ne!(raw.ask(&captured("session-bind-forwarding")), [6]);
    });
}
