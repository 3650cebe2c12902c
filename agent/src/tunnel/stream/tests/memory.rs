//! Streams whose steps take nothing.

use std::task::{Context, Poll};

use tokio::io::AsyncWrite as _;

use super::*;
use crate::tunnel::memory::FLOOR;

fn grant() -> Arc<Memory> {
    Arc::new(Memory::of_grant(&Arc::new(Memory::of_agent())))
}

/// A stream whose host says as much as is taken, with what that is.
fn full(memory: &Arc<Memory>) -> (Arc<Stream>, usize) {
    let stream = Stream::new(Transport::Streams, memory, b"open");
    stream.start();
    let mut output = Output(Arc::clone(&stream));
    let (mut context, packet) = (Context::from_waker(Waker::noop()), vec![7; 32 * 1024]);
    let mut all = 0;
    while let Poll::Ready(taken) = std::pin::Pin::new(&mut output).poll_write(&mut context, &packet)
    {
        all += taken.unwrap();
    }
    (stream, all)
}

#[tokio::test]
async fn all_streams_of_a_grant_hold_no_more_than_it_may() {
    let memory = grant();
    let streams: Vec<_> = (0..512).map(|_| full(&memory)).collect();
    assert_eq!(streams[0].1, 2 << 20, "one alone is not held up");
    assert!(streams.iter().all(|(_, held)| *held >= FLOOR));
    let held: usize = streams.iter().map(|(_, held)| held).sum();
    assert!((16 << 20..34 << 20).contains(&held), "{held}");
    let counted = memory.held();
    assert!((held..held * 5 / 4).contains(&counted), "{counted}");
    drop(streams);
    assert_eq!(memory.held(), 0);
}

#[tokio::test]
async fn a_stream_goes_on_by_its_own_step_though_all_others_stand_still() {
    let memory = grant();
    let others: Vec<_> = (0..511).map(|_| full(&memory)).collect();
    let stream = Stream::new(Transport::Streams, &memory, b"open");
    stream.start();
    let mut output = Output(Arc::clone(&stream));
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { output.write_all(&vec![7; 1 << 20]).await });
    let (mut got, mut replies) = (0, 0);
    while got < 1 << 20 {
        let exchange = Exchange {
            wait: 1_000,
            ..frame(0, b"", got)
        };
        let (_, output, ..) = told(&stream, exchange).await;
        got += u64::try_from(output.len()).unwrap();
        replies += 1;
    }
    tasks.join_next().await.unwrap().unwrap().unwrap();
    assert!(replies <= (1 << 20) / FLOOR, "{replies}");
    drop(others);
}

#[tokio::test]
async fn what_others_give_back_is_there_for_the_next() {
    let memory = grant();
    let others: Vec<_> = (0..512).map(|_| full(&memory)).collect();
    let (stream, held) = full(&memory);
    assert!(held < 64 * 1024, "{held}");
    drop(others);
    let arrived = frame(0, b"", u64::try_from(held).unwrap());
    stream.exchange(&arrived).await;
    assert_eq!(full(&memory).1, 2 << 20);
}

#[tokio::test]
async fn input_and_errors_are_bounded_too() {
    let memory = grant();
    let _others: Vec<_> = (0..512).map(|_| full(&memory)).collect();
    let stream = Stream::new(Transport::Streams, &memory, b"open");
    stream.start();
    Errors(Arc::clone(&stream))
        .write_all(&vec![7; 1 << 16])
        .await
        .unwrap();
    stream.exchange(&frame(0, &vec![7; 1 << 16], 0)).await;
    let progress = stream.progress();
    assert_eq!((progress.input.len(), progress.error.len()), (FLOOR, FLOOR));
}
