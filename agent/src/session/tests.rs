mod bind;
mod unread;

use std::sync::Arc;

use keystay_proto::{
    Signature,
    agent::{Extension, Request, Response, SessionBind, SignFlags, SignRequest},
    control::{Event, GrantSpec, Hosts, Intent, Reason},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    task::JoinHandle,
    time::Instant,
};

use super::*;
use crate::testing::Fixture;

struct Peer {
    stream: UnixStream,
    served: JoinHandle<()>,
}

fn connect(grant: Arc<Grant>) -> Peer {
    let (stream, theirs) = UnixStream::pair().unwrap();
    #[expect(clippy::disallowed_methods, reason = "the test awaits its one task")]
    let served = tokio::spawn(async move { run(&grant, theirs).await });
    Peer { stream, served }
}

fn framed(body: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    frame::join(body, &mut frame).unwrap();
    frame
}

fn sign(fixture: &Fixture, data: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    let flags = SignFlags(0);
    Request::SignRequest(SignRequest {
        key_blob: &fixture.key.blob,
        data,
        flags,
    })
    .encode(&mut body);
    body
}

impl Peer {
    async fn reply(&mut self) -> Vec<u8> {
        let length = self.stream.read_u32().await.unwrap();
        let mut body = vec![0; usize::try_from(length).unwrap()];
        self.stream.read_exact(&mut body).await.unwrap();
        body
    }

    async fn ask(&mut self, body: &[u8]) -> Vec<u8> {
        self.stream.write_all(&framed(body)).await.unwrap();
        self.reply().await
    }

    async fn is_closed(&mut self) -> bool {
        matches!(self.stream.read(&mut [0]).await, Ok(0) | Err(_))
    }
}

const FAILURE: &[u8] = &[5];
const SUCCESS: &[u8] = &[6];
const EXTENSION_FAILURE: &[u8] = &[28];

#[tokio::test]
async fn the_granted_key_is_listed_without_its_comment() {
    let fixture = Fixture::new().await;
    let mut peer = connect(fixture.grant(Fixture::spec()));
    let reply = peer.ask(&[11]).await;
    let Response::IdentitiesAnswer(keys) = Response::decode(&reply).unwrap() else {
        panic!()
    };
    assert_eq!(keys.len(), 1);
    assert_eq!(
        (keys[0].key_blob, keys[0].comment),
        (fixture.key.blob.as_slice(), &b""[..])
    );
}

#[tokio::test]
async fn a_login_is_signed_and_the_record_is_there_before_the_reply() {
    let fixture = Fixture::new().await;
    let grant = fixture.grant(Fixture::spec());
    let mut peer = connect(Arc::clone(&grant));
    let reply = peer.ask(&sign(&fixture, &fixture.login("git"))).await;
    let Response::SignResponse { signature } = Response::decode(&reply).unwrap() else {
        panic!()
    };
    assert_eq!(
        Signature::decode(signature).unwrap().algorithm,
        "ssh-ed25519"
    );
    let records = fixture.records();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].event, Event::Allowed);
    assert_eq!(records[0].key, Some(fixture.key.info.fingerprint));
    assert_eq!(grant.report().signatures, 1);
}

#[tokio::test]
async fn an_expired_grant_lists_nothing_and_the_refusal_is_recorded() {
    let fixture = Fixture::new().await;
    let spec = GrantSpec {
        ttl: 0,
        ..Fixture::spec()
    };
    let grant = fixture.grant(spec);
    let mut peer = connect(Arc::clone(&grant));
    assert_eq!(peer.ask(&[11]).await, FAILURE);
    let refusal = &grant.report().refusals[0];
    assert_eq!((refusal.reason, refusal.count), (Reason::Expired, 1));
    assert_eq!(fixture.records()[0].reason, Some(Reason::Expired));
}

#[tokio::test]
async fn the_budget_holds_over_all_connections() {
    let fixture = Fixture::new().await;
    let grant = fixture.grant(Fixture::spec());
    let mut signed = 0;
    for _ in 0..2 {
        let mut peer = connect(Arc::clone(&grant));
        for _ in 0..2 {
            let reply = peer.ask(&sign(&fixture, &fixture.login("git"))).await;
            signed += usize::from(reply != FAILURE);
        }
    }
    assert_eq!(signed, 3);
    assert_eq!(grant.report().refusals[0].reason, Reason::BudgetSpent);
}

#[tokio::test]
async fn pipelined_messages_are_answered_in_order() {
    let fixture = Fixture::new().await;
    let mut peer = connect(fixture.grant(Fixture::spec()));
    let mut both = framed(&[11]);
    both.extend(framed(&[19]));
    both.extend(framed(&sign(&fixture, &fixture.login("git"))));
    peer.stream.write_all(&both).await.unwrap();
    assert_eq!(peer.reply().await[0], 12);
    assert_eq!(peer.reply().await, FAILURE);
    assert_eq!(peer.reply().await[0], 14);
}

#[tokio::test]
async fn every_other_message_gets_a_failure_and_the_connection_goes_on() {
    let fixture = Fixture::new().await;
    let grant = fixture.grant(Fixture::spec());
    let mut peer = connect(Arc::clone(&grant));
    for number in (0..=u8::MAX).filter(|number| ![11, 13].contains(number)) {
        assert_eq!(
            peer.ask(&[number, 0, 0, 0, 0]).await,
            FAILURE,
            "message {number}"
        );
    }
    for garbage in [&b""[..], &[11, 0], &[13], &[13, 0xff, 0xff, 0xff, 0xff]] {
        assert_eq!(peer.ask(garbage).await, FAILURE, "{garbage:?}");
    }
    assert_eq!(peer.ask(&[11]).await[0], 12);
    let refusals = grant.report().refusals;
    let counted = |reason| {
        refusals
            .iter()
            .find(|one| one.reason == reason)
            .unwrap()
            .count
    };
    assert_eq!(
        counted(Reason::MessageNotServed) + counted(Reason::Malformed),
        258
    );
}

#[tokio::test]
async fn a_long_message_ends_the_connection_before_it_is_read() {
    let fixture = Fixture::new().await;
    let grant = fixture.grant(Fixture::spec());
    for length in [256 * 1024 + 1, 16 * 1024 * 1024, u32::MAX] {
        let mut peer = connect(Arc::clone(&grant));
        peer.stream.write_all(&length.to_be_bytes()).await.unwrap();
        assert!(peer.is_closed().await, "{length}");
        peer.served.await.unwrap();
    }
    let refusal = &grant.report().refusals[0];
    assert_eq!((refusal.reason, refusal.count), (Reason::TooLong, 3));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_says_nothing_is_closed() {
    let fixture = Fixture::new().await;
    let grant = fixture.grant(Fixture::spec());
    let peer = connect(Arc::clone(&grant));
    let began = Instant::now();
    peer.served.await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 30);
    assert_eq!(grant.report().refusals[0].reason, Reason::Stalled);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_rests_after_its_answer_ends_later_and_is_no_refusal() {
    let fixture = Fixture::new().await;
    let grant = fixture.grant(Fixture::spec());
    let mut peer = connect(Arc::clone(&grant));
    peer.ask(&[11]).await;
    let began = Instant::now();
    peer.served.await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 120);
    assert_eq!(grant.report().refusals, []);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_not_finished_in_time_ends_the_connection() {
    let fixture = Fixture::new().await;
    let grant = fixture.grant(Fixture::spec());
    let mut peer = connect(Arc::clone(&grant));
    let began = Instant::now();
    peer.stream.write_all(&[0, 0]).await.unwrap();
    peer.served.await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 10);
    assert_eq!(grant.report().refusals[0].reason, Reason::Stalled);
}

#[tokio::test]
async fn refusals_end_a_grant_before_they_fill_the_disk() {
    let fixture = Fixture::new().await;
    let grant = fixture.grant(Fixture::spec());
    for _ in 0..10_000 {
        grant.refuse(Reason::Malformed, None).await;
    }
    let mut peer = connect(Arc::clone(&grant));
    assert_eq!(
        peer.ask(&sign(&fixture, &fixture.login("git"))).await,
        FAILURE
    );
    let reasons: Vec<_> = grant
        .report()
        .refusals
        .iter()
        .map(|one| one.reason)
        .collect();
    assert!(reasons.contains(&Reason::RefusalsSpent) && reasons.contains(&Reason::Revoked));
}

#[tokio::test]
async fn a_connection_has_one_more_answer_once_its_grant_is_closed() {
    let fixture = Fixture::new().await;
    let grant = fixture.grant(Fixture::spec());
    let mut peer = connect(Arc::clone(&grant));
    grant.close();
    let unlock = framed(&[23]);
    peer.stream.write_all(&unlock.repeat(100)).await.unwrap();
    assert_eq!(peer.reply().await, FAILURE);
    assert!(peer.is_closed().await);
    assert_eq!(grant.report().refusals[0].count, 1);
}

#[tokio::test]
async fn nothing_is_signed_when_the_record_cannot_be_written() {
    let fixture = Fixture::new().await;
    std::fs::remove_file(fixture.path("audit.jsonl")).unwrap();
    let full = Fixture {
        audit: Arc::new(crate::audit::Audit::full()),
        ..fixture
    };
    let grant = full.grant(Fixture::spec());
    let mut peer = connect(Arc::clone(&grant));
    assert_eq!(peer.ask(&sign(&full, &full.login("git"))).await, FAILURE);
    let report = grant.report();
    assert_eq!(report.signatures, 0);
    assert_eq!(report.faults.len(), 1);
}
