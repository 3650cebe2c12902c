//! What the audit log says of the agent's own socket.

use std::fs;

use keystay_proto::control::{Event, Record};

use super::agent::{Agent, keygen, message, string};

#[test]
fn a_signature_that_was_allowed_and_not_made_is_recorded_as_failed() {
    let mut upstream = Agent::control();
    keygen(&upstream.folder, "away", &["-t", "ed25519"]);
    upstream.succeed("ssh-add", &["away"]);
    let agent = Agent::in_front_of(&upstream);
    let mut raw = agent.connect();
    let listed = raw.ask(&[11]);
    assert_eq!(listed[..5], [12, 0, 0, 0, 1]);
    let blob = &listed[9..9 + 51];
    let request = message(13, &[&string(blob), &string(b"data"), &[0; 4]]);
    assert_eq!(raw.ask(&request)[0], 14);
    upstream.child.kill().unwrap();
    upstream.child.wait().unwrap();
    assert_eq!(raw.ask(&request), [5]);

    let log = fs::read_to_string(agent.path(".local/state/keystay/audit.jsonl")).unwrap();
    let records: Vec<Record> = (log.lines())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let events: Vec<_> = records.iter().map(|record| record.event).collect();
    assert_eq!(events, [Event::Allowed, Event::Allowed, Event::Failed]);
    let failed = records.last().unwrap();
    assert_eq!(failed.key, records[0].key);
    assert_eq!(
        failed.detail.as_deref(),
        Some("the upstream agent does not answer")
    );
}
