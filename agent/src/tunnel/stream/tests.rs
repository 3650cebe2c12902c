use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    task::JoinSet,
};

mod life;
mod memory;

use super::*;
use crate::tunnel::{Errors, Input, Output};

fn stream(transport: Transport) -> Arc<Stream> {
    let memory = Arc::new(Memory::of_agent());
    let stream = Stream::new(transport, &memory, b"open");
    stream.start();
    stream
}

fn queued() -> Arc<Stream> {
    let memory = Arc::new(Memory::of_agent());
    Stream::new(Transport::Streams, &memory, b"open")
}

fn frame(input_offset: u64, input: &[u8], output_offset: u64) -> Exchange<'_> {
    Exchange {
        input_offset,
        input,
        input_ends: false,
        output_offset,
        error_offset: 0,
        room: 1 << 20,
        wait: 0,
    }
}

async fn told(stream: &Stream, exchange: Exchange<'_>) -> (u64, Vec<u8>, Vec<u8>, Option<u8>, u16) {
    let blob = stream.exchange(&exchange).await;
    match Reply::decode(&blob).unwrap() {
        Reply::Exchanged {
            input_offset,
            output,
            error,
            exit,
            pause,
        } => (
            input_offset,
            output.to_vec(),
            error.to_vec(),
            exit.map(|exit| exit.0),
            pause,
        ),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn input_reaches_the_broker_once_however_often_it_is_sent() {
    let stream = stream(Transport::Streams);
    for frame in [
        frame(0, b"want a", 0),
        frame(0, b"want a", 0),
        frame(5, b"abc", 0),
    ] {
        stream.exchange(&frame).await;
    }
    let last = Exchange {
        input_ends: true,
        ..frame(8, b"!", 0)
    };
    assert_eq!(told(&stream, last).await.0, 9);
    stream.exchange(&last).await;
    let mut read = String::new();
    Input(Arc::clone(&stream))
        .read_to_string(&mut read)
        .await
        .unwrap();
    assert_eq!(read, "want abc!");
}

#[tokio::test]
async fn input_that_leaves_a_gap_does_not_end_the_stream() {
    let stream = stream(Transport::Streams);
    let gap = Exchange {
        input_ends: true,
        ..frame(4, b"late", 0)
    };
    assert_eq!(told(&stream, gap).await.0, 0);
    assert!(!stream.progress().input_ended);
}

#[tokio::test]
async fn output_can_be_asked_for_again_until_it_has_arrived() {
    let stream = stream(Transport::Streams);
    let mut output = Output(Arc::clone(&stream));
    output.write_all(b"pack").await.unwrap();
    for _ in 0..2 {
        assert_eq!(told(&stream, frame(0, b"", 0)).await.1, b"pack");
    }
    output.write_all(b"data").await.unwrap();
    assert_eq!(told(&stream, frame(0, b"", 4)).await.1, b"data");
    // A frame that was on its way all the time is answered, and harms nothing.
    assert_eq!(told(&stream, frame(0, b"", 0)).await.1, b"");
    assert_eq!(told(&stream, frame(0, b"", 4)).await.1, b"data");
}

#[tokio::test]
async fn the_status_comes_with_the_last_byte_and_not_before() {
    let stream = stream(Transport::Streams);
    Output(Arc::clone(&stream))
        .write_all(b"pack")
        .await
        .unwrap();
    Errors(Arc::clone(&stream))
        .write_all(b"bye\n")
        .await
        .unwrap();
    stream.finish(3);
    let narrow = Exchange {
        room: 2,
        ..frame(0, b"", 0)
    };
    let (_, output, _, exit, _) = told(&stream, narrow).await;
    assert_eq!((&output[..], exit), (&b"pa"[..], None));
    let (_, output, error, exit, _) = told(&stream, frame(0, b"", 0)).await;
    assert_eq!(
        (&output[..], &error[..], exit),
        (&b"pack"[..], &b"bye\n"[..], Some(3))
    );
}

#[tokio::test(start_paused = true)]
async fn a_reply_waits_for_news_and_not_longer_than_it_may() {
    let mut tasks = JoinSet::new();
    let stream = stream(Transport::Streams);
    let begin = Instant::now();
    let patient = Exchange {
        wait: u16::MAX,
        ..frame(0, b"", 0)
    };
    assert_eq!(told(&stream, patient).await.1, b"");
    assert_eq!(begin.elapsed(), LONGEST_WAIT);
    let writer = Arc::clone(&stream);
    tasks.spawn(async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        Output(writer).write_all(b"pack").await.unwrap();
    });
    let begin = Instant::now();
    assert_eq!(told(&stream, patient).await.1, b"pack");
    assert_eq!(begin.elapsed(), Duration::from_millis(100));
}

#[tokio::test(start_paused = true)]
async fn where_connections_are_shared_a_reply_never_waits_and_pauses_grow() {
    let stream = stream(Transport::Shared);
    let begin = Instant::now();
    let patient = Exchange {
        wait: 1_000,
        ..frame(0, b"", 0)
    };
    let mut pauses = vec![];
    for _ in 0..7 {
        pauses.push(told(&stream, patient).await.4);
    }
    assert_eq!(pauses, [5, 10, 20, 40, 80, 80, 80]);
    assert_eq!(begin.elapsed(), Duration::ZERO);
    Output(Arc::clone(&stream)).write_all(b"x").await.unwrap();
    assert_eq!(told(&stream, frame(0, b"", 0)).await.4, 0);
    assert_eq!(told(&stream, frame(0, b"", 1)).await.4, 5);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_waits_for_its_turn_is_told_to_come_back() {
    let stream = queued();
    let begin = Instant::now();
    let patient = Exchange {
        wait: 1_000,
        ..frame(0, b"", 0)
    };
    assert_eq!(told(&stream, patient).await.4, QUEUED_PAUSE);
    assert_eq!(begin.elapsed(), Duration::ZERO);
}

#[tokio::test]
async fn a_stream_that_waits_for_its_turn_keeps_no_input() {
    let stream = queued();
    assert_eq!(told(&stream, frame(0, b"want a", 0)).await.0, 0);
    stream.start();
    assert_eq!(told(&stream, frame(0, b"want a", 0)).await.0, 6);
}

#[tokio::test]
async fn the_broker_cannot_get_far_ahead_of_the_shim() {
    let mut tasks = JoinSet::new();
    let stream = stream(Transport::Streams);
    let mut output = Output(Arc::clone(&stream));
    tasks.spawn(async move { output.write_all(&vec![7; 5 << 20]).await });
    let mut got = 0;
    while got < 5 << 20 {
        let (_, output, ..) = told(
            &stream,
            Exchange {
                wait: 1_000,
                ..frame(0, b"", got)
            },
        )
        .await;
        assert!(output.len() <= MAX_TUNNEL_OUTPUT && stream.progress().output.len() <= 2 << 20);
        got += u64::try_from(output.len()).unwrap();
    }
    tasks.join_next().await.unwrap().unwrap().unwrap();
}
