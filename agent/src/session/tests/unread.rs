//! Replies that a step does not read.

use std::time::Duration;

use keystay_proto::{
    control::Mode,
    tunnel::{self, Exchange, StreamId, key_blob},
};
use tokio::time::sleep;

use super::*;
use crate::tunnel::Output;

const ID: StreamId = StreamId([7; 16]);

/// Asks for all that the stream has.
fn exchange() -> Vec<u8> {
    let (mut data, mut body) = (Vec::new(), Vec::new());
    tunnel::Request::Exchange(Exchange {
        input_offset: 0,
        input: b"",
        input_ends: false,
        output_offset: 0,
        error_offset: 0,
        room: 1 << 20,
        wait: 0,
    })
    .encode(&mut data);
    Request::SignRequest(SignRequest {
        key_blob: &key_blob(ID),
        data: &data,
        flags: SignFlags(0),
    })
    .encode(&mut body);
    body
}

fn output(reply: &[u8]) -> usize {
    match tunnel::Reply::decode(reply.get(5..).unwrap()).unwrap() {
        tunnel::Reply::Exchanged { output, .. } => output.len(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn replies_that_no_step_reads_take_no_more_memory_than_the_grant_may() {
    let fixture = Fixture::new().await;
    let grant = fixture.grant(GrantSpec {
        mode: Mode::Fetch,
        ..Fixture::spec()
    });
    let streams = &grant.fetches().unwrap().streams;
    let serve = |stream: Arc<crate::tunnel::Stream>| async move {
        stream.start();
        let _ = Output(stream).write_all(&vec![7; 8 << 20]).await;
    };
    streams.open(ID, b"frame", serve).unwrap();
    sleep(Duration::from_millis(50)).await;
    assert_eq!(streams.memory().held(), 2 << 20);
    let mut peers: Vec<_> = (0..grant.connections())
        .map(|_| connect(Arc::clone(&grant)))
        .collect();
    for peer in &mut peers {
        peer.stream.write_all(&framed(&exchange())).await.unwrap();
    }
    sleep(Duration::from_millis(500)).await;
    let held = streams.memory().held();
    assert!((8 << 20..28 << 20).contains(&held), "{held}");
    let mut told = Vec::new();
    for peer in &mut peers {
        told.push(output(&peer.reply().await));
    }
    assert_eq!(told.iter().max(), Some(&(1 << 20)));
    assert!(told.iter().all(|told| *told >= 16 * 1024), "{told:?}");
    sleep(Duration::from_millis(50)).await;
    assert_eq!(
        streams.memory().held(),
        2 << 20,
        "what was read is given back"
    );
}
