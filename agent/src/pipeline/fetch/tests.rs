mod advice;

use std::{path::Path, time::Duration};

use keystay_proto::{
    Signature,
    agent::{Request as Message, SignFlags, SignRequest},
    control::{Event, FetchSpec, GrantId, GrantSpec, Mode, Repos},
    tunnel::{ALGORITHM, Exchange, key_blob},
};

use super::*;
use crate::{
    clock::tests::machine_sleeps, known_hosts::KnownHosts, pipeline, policy::Bound,
    testing::Fixture,
};

const HOST_KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIDcn8OafYMjEOx04ai5iVwcXdUZUXKdRKRxKKbLTU6hd";

const ID: StreamId = StreamId(*b"0123456789abcdef");

fn grant(fixture: &Fixture) -> Arc<Grant> {
    fixture.grant(GrantSpec {
        mode: Mode::Fetch,
        fetch: FetchSpec {
            repos: Repos::Only(vec!["github.com/acme/lib-a".parse().unwrap()]),
            ..FetchSpec::default()
        },
        ..Fixture::spec()
    })
}

async fn ask(grant: &Arc<Grant>, id: StreamId, request: &Request<'_>) -> Vec<u8> {
    let mut data = Vec::new();
    request.encode(&mut data);
    send(grant, id, &data).await
}

/// The signature blob of the answer.
async fn send(grant: &Arc<Grant>, id: StreamId, data: &[u8]) -> Vec<u8> {
    let mut message = Vec::new();
    Message::SignRequest(SignRequest {
        key_blob: &key_blob(id),
        data,
        flags: SignFlags(0),
    })
    .encode(&mut message);
    let answer = pipeline::answer(grant, &mut Bound::Unbound, &message).await;
    assert_eq!(answer[0], 14);
    // What clients that forward an agent accept: one string, and a string within it.
    assert!(answer[5..].starts_with(&[&[0, 0, 0, 17], ALGORITHM.as_bytes()].concat()));
    answer[5..].to_vec()
}

fn message(blob: &[u8]) -> String {
    match Reply::decode(blob).unwrap() {
        Reply::Refused { message } => String::from_utf8(message.to_vec()).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn open(command: &'static [u8]) -> Open<'static> {
    Open {
        user: b"git",
        host: b"github.com",
        port: 0,
        command,
        git_protocol: b"version=2",
    }
}

#[tokio::test]
async fn a_grant_in_fetch_mode_lists_no_key_and_signs_nothing() {
    let fixture = Fixture::new().await;
    let grant = grant(&fixture);
    assert_eq!(
        pipeline::answer(&grant, &mut Bound::Unbound, &[11]).await,
        [12, 0, 0, 0, 0]
    );
    let mut message = Vec::new();
    Message::SignRequest(SignRequest {
        key_blob: &fixture.key.blob,
        data: &fixture.login("git"),
        flags: SignFlags(0),
    })
    .encode(&mut message);
    assert_eq!(
        pipeline::answer(&grant, &mut Bound::Unbound, &message).await,
        [5]
    );
    let reasons: Vec<_> = fixture
        .records()
        .iter()
        .filter_map(|record| record.reason)
        .collect();
    assert_eq!(reasons, [Reason::KeyNotGranted]);
}

#[tokio::test]
async fn a_frame_of_a_stream_that_is_not_open_is_refused_and_recorded() {
    let fixture = Fixture::new().await;
    let grant = grant(&fixture);
    let exchange = Exchange {
        input_offset: 0,
        input: b"0000",
        input_ends: true,
        output_offset: 0,
        error_offset: 0,
        room: 1,
        wait: 0,
    };
    for request in [Request::Exchange(exchange), Request::Close] {
        assert_eq!(message(&ask(&grant, ID, &request).await), "no such stream");
    }
    assert_eq!(
        message(&send(&grant, ID, b"\x09").await),
        "malformed message"
    );
    let reasons: Vec<_> = fixture
        .records()
        .iter()
        .filter_map(|record| record.reason)
        .collect();
    assert_eq!(
        reasons,
        [Reason::NoStream, Reason::NoStream, Reason::Malformed]
    );
}

#[tokio::test]
async fn a_stream_is_opened_once_and_its_name_is_used_once() {
    let fixture = Fixture::new().await;
    let grant = grant(&fixture);
    let request = Request::Open(open(b"git-upload-pack 'acme/lib-a'"));
    for _ in 0..2 {
        let blob = ask(&grant, ID, &request).await;
        assert_eq!(Reply::decode(&blob), Ok(Reply::Opened { wait: 1_000 }));
    }
    let allowed = |records: Vec<keystay_proto::control::Record>| {
        records
            .iter()
            .filter(|record| record.event == Event::Allowed)
            .count()
    };
    assert_eq!(
        allowed(fixture.records()),
        1,
        "the same frame opens nothing twice"
    );
    let other = Request::Open(open(b"git-upload-pack '/acme/lib-a'"));
    assert_eq!(message(&ask(&grant, ID, &other).await), "no such stream");
    let closed = ask(&grant, ID, &Request::Close).await;
    assert_eq!(Reply::decode(&closed), Ok(Reply::Closed));
    while grant.fetches().unwrap().streams.find(ID).is_some() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let again = ask(&grant, ID, &Request::Close).await;
    assert_eq!(
        Reply::decode(&again),
        Ok(Reply::Closed),
        "a repeated farewell is none the worse"
    );
    assert_eq!(message(&ask(&grant, ID, &request).await), "no such stream");
}

#[tokio::test]
async fn a_fetch_ends_with_the_time_of_its_grant() {
    assert_fetch_ends(Duration::from_millis(300), || {}).await;
}

#[tokio::test]
async fn a_fetch_ends_with_a_grant_whose_time_passed_while_the_machine_slept() {
    let hour = Duration::from_hours(1);
    assert_fetch_ends(hour, || machine_sleeps(hour)).await;
}

/// The host takes the connection and says nothing.
async fn assert_fetch_ends(ttl: Duration, meanwhile: impl FnOnce()) {
    let fixture = Fixture::new().await;
    let host = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = host.local_addr().unwrap().port();
    let line = format!("[127.0.0.1]:{port} ssh-ed25519 {HOST_KEY}\n");
    let shared = crate::grant::Shared {
        known_hosts: Arc::new(KnownHosts::parse(&line, Path::new("known_hosts"))),
        ..fixture.shared()
    };
    let spec = GrantSpec {
        mode: Mode::Fetch,
        ..Fixture::spec()
    };
    let (id, keys) = (GrantId::from_random([2; 8]), vec![Arc::clone(&fixture.key)]);
    let expires = Moment::now() + ttl;
    let grant = Arc::new(Grant::new(id, spec, keys, shared, expires));
    let request = Open {
        host: b"127.0.0.1",
        port,
        ..open(b"git-upload-pack 'acme/lib-a'")
    };
    ask(&grant, ID, &Request::Open(request)).await;
    let _connection = host.accept().await.unwrap();
    meanwhile();
    let exchange = Request::Exchange(Exchange {
        input_offset: 0,
        input: b"",
        input_ends: false,
        output_offset: 0,
        error_offset: 0,
        room: 1 << 10,
        wait: 1_000,
    });
    let told = loop {
        let blob = ask(&grant, ID, &exchange).await;
        match Reply::decode(&blob).unwrap() {
            Reply::Exchanged {
                error,
                exit: Some(exit),
                ..
            } => break (error.to_vec(), exit.0),
            // A stream that waits for its turn is answered at once.
            Reply::Exchanged { .. } => tokio::time::sleep(Duration::from_millis(10)).await,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(told, (b"keystay: the grant has expired\n".to_vec(), 255));
    let last = fixture.records().pop().unwrap();
    assert_eq!(
        (last.event, last.reason),
        (Event::Refused, Some(Reason::Expired))
    );
}

#[tokio::test]
async fn a_grant_in_sign_mode_does_not_know_the_tunnel() {
    let fixture = Fixture::new().await;
    let grant = fixture.grant(Fixture::spec());
    let mut message = Vec::new();
    Message::SignRequest(SignRequest {
        key_blob: &key_blob(ID),
        data: b"\x03",
        flags: SignFlags(0),
    })
    .encode(&mut message);
    assert_eq!(
        pipeline::answer(&grant, &mut Bound::Unbound, &message).await,
        [5]
    );
    assert!(Signature::decode(&[5]).is_err());
}
