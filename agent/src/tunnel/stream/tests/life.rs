//! How long a stream lives.

use tokio::time::sleep;

use super::{
    super::life::{IDLE, LEASE},
    *,
};

#[tokio::test(start_paused = true)]
async fn a_shim_that_is_gone_gives_the_stream_up() {
    let stream = stream(Transport::Streams);
    let begin = Instant::now();
    assert_eq!(stream.until_abandoned().await, Abandoned::Silent);
    assert_eq!(begin.elapsed(), LEASE);
}

#[tokio::test(start_paused = true)]
async fn a_stream_on_which_nothing_moves_is_given_up_however_often_it_is_asked() {
    for input_ends in [false, true] {
        let mut tasks = JoinSet::new();
        let stream = stream(Transport::Streams);
        let asked = Arc::clone(&stream);
        tasks.spawn(async move {
            loop {
                asked
                    .exchange(&Exchange {
                        wait: 1_000,
                        input_ends,
                        ..frame(0, b"", 0)
                    })
                    .await;
            }
        });
        let begin = Instant::now();
        let why = timeout(IDLE * 2, stream.until_abandoned()).await;
        assert_eq!(why, Ok(Abandoned::Idle), "input ends: {input_ends}");
        assert_eq!(begin.elapsed(), IDLE);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_sends_more_than_any_fetch_is_given_up() {
    let mut tasks = JoinSet::new();
    let stream = stream(Transport::Streams);
    let (sender, mut reader) = (Arc::clone(&stream), Input(Arc::clone(&stream)));
    tasks.spawn(async move {
        let _ = tokio::io::copy(&mut reader, &mut tokio::io::sink()).await;
    });
    tasks.spawn(async move {
        let (mut sent, bytes) = (0, vec![0; 64 * 1024]);
        loop {
            sent = told(&sender, frame(sent, &bytes, 0)).await.0;
            sleep(Duration::from_millis(1)).await;
        }
    });
    assert_eq!(stream.until_abandoned().await, Abandoned::TooMuchInput);
}

/// Who keeps asking for a stream that has ended gets it for a while, and costs nothing meanwhile.
#[tokio::test(start_paused = true)]
async fn a_stream_that_has_ended_does_not_live_for_ever() {
    let mut tasks = JoinSet::new();
    let stream = stream(Transport::Streams);
    sleep(IDLE * 2).await;
    told(&stream, frame(0, b"", 0)).await;
    stream.finish(0);
    let asked = Arc::clone(&stream);
    tasks.spawn(async move {
        loop {
            let sending = Exchange {
                room: 0,
                ..frame(0, b"", 0)
            };
            asked.exchange(&sending).await;
            sleep(Duration::from_secs(1)).await;
        }
    });
    let begin = Instant::now();
    assert_eq!(stream.until_abandoned().await, Abandoned::Idle);
    assert_eq!(begin.elapsed(), IDLE);
}
