//! Keys that are taken away while fetches wait.

use std::sync::atomic::Ordering::Relaxed;

use super::*;
use crate::key::NotKept;

#[tokio::test]
async fn a_key_that_is_taken_away_on_the_way_to_a_host_makes_no_login_there() {
    for (take, why) in TAKEN {
        let (a, host) = at_a_host().await;
        let broker = broker(&host.known, &[&a]);
        let errand = upload_pack(&host, "a");
        let taken = async {
            // The handshake takes many turns.
            while host.seen.connections.load(Relaxed) == 0 {
                tokio::task::yield_now().await;
            }
            take(&a);
        };
        let (fetched, ()) = tokio::join!(fetch(&broker, errand), taken);
        assert_refused(&fetched, &a, why);
        let commands = host.seen.log();
        assert!(
            !commands.iter().any(|it| it.starts_with("git-")),
            "{commands:?}"
        );
    }
}

#[tokio::test]
async fn a_connection_of_a_key_that_was_taken_away_serves_no_further_fetch() {
    for (take, why) in TAKEN {
        let (a, host) = at_a_host().await;
        let broker = broker(&host.known, &[&a]);
        let first = fetch(&broker, upload_pack(&host, "a")).await;
        assert_eq!(first.status(), 0);
        take(&a);
        let second = fetch(&broker, upload_pack(&host, "a")).await;
        assert_refused(&second, &a, why);
    }
}

#[tokio::test]
async fn a_key_that_is_unlocked_fetches_again() {
    let (a, host) = at_a_host().await;
    let broker = broker(&host.known, &[&a]);
    for locked in [true, false] {
        a.kept.lock(locked);
        let fetched = fetch(&broker, upload_pack(&host, "a")).await;
        assert_eq!(fetched.outcome.end.is_err(), locked);
    }
}

/// A key, and a host that takes it.
async fn at_a_host() -> (Arc<Key>, Host) {
    let folder = folder();
    let a = key(&folder, "a", "ed25519").await;
    let plan = Plan::new(&[&a.blob], |_, _| Act::Say(b"0000", "", 0));
    let host = plan.start().await;
    (a, host)
}

/// Takes a key away.
type Take = fn(&Key);

const TAKEN: [(Take, NotKept); 2] = [
    (|key| key.kept.remove(), NotKept::Removed),
    (|key| key.kept.lock(true), NotKept::Locked),
];

fn assert_refused(fetched: &Fetched, key: &Key, why: NotKept) {
    let expected = format!("{} {why}", key.info.fingerprint);
    assert_eq!(fetched.failure().to_string(), expected);
}
