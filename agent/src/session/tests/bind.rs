//! Connections that are bound to a session.

use super::*;

/// A bind that the host key of `host` signed.
async fn session_bind(host: &Fixture, session_id: &[u8]) -> Vec<u8> {
    let signature = host.key.signer.sign(session_id, 0).await.unwrap();
    let bind = SessionBind {
        host_key: &host.key.blob,
        session_id,
        signature: &signature,
        is_forwarding: false,
    };
    encoded(&bind)
}

fn encoded(bind: &SessionBind<'_>) -> Vec<u8> {
    let (mut body, mut message) = (Vec::new(), Vec::new());
    bind.encode(&mut body);
    let extension = Extension {
        name: SessionBind::NAME,
        body: &body,
    };
    Request::Extension(extension).encode(&mut message);
    message
}

/// A strict grant of `git.example`, which is known by the key of `host`.
fn strict(fixture: &Fixture, host: &Fixture) -> Arc<Grant> {
    let spec = GrantSpec {
        hosts: Hosts::Only(vec!["git.example".to_owned()]),
        strict: true,
        ..Fixture::spec()
    };
    fixture.grant_knowing(spec, &format!("git.example {}\n", host.public()))
}

#[tokio::test]
async fn a_bound_connection_logs_in_to_its_host_though_the_login_does_not_show_it() {
    let (fixture, host) = (Fixture::new().await, Fixture::new().await);
    let grant = strict(&fixture, &host);
    let mut peer = connect(Arc::clone(&grant));
    let bind = session_bind(&host, &[5; 32]).await;
    assert_eq!(peer.ask(&bind).await, SUCCESS);
    assert_eq!(peer.ask(&bind).await, SUCCESS);
    let reply = peer.ask(&sign(&fixture, &fixture.login("git"))).await;
    assert_eq!(reply[0], 14);
    let records = fixture.records();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].host.as_deref(), Some("git.example"));
}

#[tokio::test]
async fn a_connection_that_proves_no_granted_host_gets_nothing_of_a_strict_grant() {
    let (fixture, host, other) = (
        Fixture::new().await,
        Fixture::new().await,
        Fixture::new().await,
    );
    let good = session_bind(&host, &[5; 32]).await;
    let mut forged = good.clone();
    *forged.iter_mut().nth_back(1).unwrap() ^= 1;
    let mut forwarding = good.clone();
    *forwarding.last_mut().unwrap() = 1;
    let elsewhere = session_bind(&host, &[6; 32]).await;
    let of_another = session_bind(&other, &[5; 32]).await;
    for (binds, reason) in [
        (&[][..], Reason::HostNotVerified),
        (&[&elsewhere], Reason::HostNotVerified),
        (&[&of_another], Reason::HostNotGranted),
        (&[&forged], Reason::HostNotVerified),
        (&[&forwarding], Reason::HostNotVerified),
        (&[&forged, &good], Reason::HostNotVerified),
        (&[&elsewhere, &good], Reason::HostNotVerified),
        (&[&good, &elsewhere], Reason::HostNotVerified),
        (&[&good, &of_another], Reason::HostNotVerified),
    ] {
        let grant = strict(&fixture, &host);
        let mut peer = connect(Arc::clone(&grant));
        for bind in binds {
            peer.ask(bind).await;
        }
        let reply = peer.ask(&sign(&fixture, &fixture.login("git"))).await;
        assert_eq!(reply, FAILURE, "{binds:?}");
        let last = fixture.records().pop().unwrap();
        assert_eq!(last.reason, Some(reason), "{binds:?}");
        assert_eq!(last.intent, Some(Intent::Login));
    }
}

#[tokio::test]
async fn a_bind_that_fails_is_recorded_and_counts_without_strict_too() {
    let (fixture, host) = (Fixture::new().await, Fixture::new().await);
    let grant = fixture.grant(Fixture::spec());
    let mut forged = session_bind(&host, &[5; 32]).await;
    *forged.iter_mut().nth_back(1).unwrap() ^= 1;
    let cut = &forged[..forged.len() - 1];
    for (bind, reason, told) in [
        (
            &forged[..],
            Reason::HostNotVerified,
            "session-bind: not signed by the host key",
        ),
        (
            cut,
            Reason::Malformed,
            "session-bind: the message ends too early",
        ),
    ] {
        let mut peer = connect(Arc::clone(&grant));
        assert_eq!(peer.ask(bind).await, EXTENSION_FAILURE);
        let refusal = fixture.records().pop().unwrap();
        assert_eq!(refusal.reason, Some(reason));
        assert_eq!(refusal.detail.as_deref(), Some(told));
        let reply = peer.ask(&sign(&fixture, &fixture.login("git"))).await;
        assert_eq!(reply, FAILURE);
    }
    // Another connection is another one's.
    let mut peer = connect(grant);
    let reply = peer.ask(&sign(&fixture, &fixture.login("git"))).await;
    assert_eq!(reply[0], 14);
}
