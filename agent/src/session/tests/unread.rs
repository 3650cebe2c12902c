//! Replies that a step does not read.

use std::time::Duration;

use keystay_proto::{
    control::Mode,
    tunnel::{self, Exchange, StreamId, key_blob},
};
use tokio::time::{sleep, timeout};

use super::*;
use crate::tunnel::{Memory, Output};

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

/// Waits until so many bytes are held.
async fn until(memory: &Memory, is_so: impl Fn(usize) -> bool) -> usize {
    let held = async {
        while !is_so(memory.held()) {
            sleep(Duration::from_millis(5)).await;
        }
    };
    let soon = timeout(Duration::from_secs(20), held).await;
    assert!(soon.is_ok(), "{}", memory.held());
    memory.held()
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
    let memory = streams.memory();
    until(memory, |held| held == 2 << 20).await;
    let mut peers: Vec<_> = (0..grant.connections())
        .map(|_| connect(Arc::clone(&grant)))
        .collect();
    for peer in &mut peers {
        peer.stream.write_all(&framed(&exchange())).await.unwrap();
    }
    until(memory, |held| held >= 8 << 20).await;
    // They are all answered by now, or soon; it is never more.
    sleep(Duration::from_millis(500)).await;
    assert!(memory.held() < 28 << 20, "{}", memory.held());
    let mut told = Vec::new();
    for peer in &mut peers {
        told.push(output(&peer.reply().await));
    }
    assert_eq!(told.iter().max(), Some(&(1 << 20)));
    assert!(told.iter().all(|told| *told >= 16 * 1024), "{told:?}");
    // What was read is given back.
    until(memory, |held| held == 2 << 20).await;
}
