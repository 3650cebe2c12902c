//! Fetches that are under way when their grant ends.

use std::sync::atomic::Ordering::Relaxed;

use keystay_proto::control::{Event, Reason};

use super::{drain::Run, *};

#[tokio::test]
async fn what_was_fetched_when_the_grant_ends_is_recorded_and_reported_before_its_end() {
    let run = flooded().await;
    let report = run.table.end(run.grant.id().as_str()).await.unwrap();
    let [fetch] = &report.fetches[..] else {
        panic!("{:?}", report.fetches)
    };
    assert_eq!(fetch.commits, ["5".repeat(40)]);
    assert_eq!(fetch.key, Some(run.fixture.key.info.fingerprint));
    assert!(fetch.bytes > 0);
    assert_eq!(
        events(&run),
        [Event::Opened, Event::Allowed, Event::Fetched, Event::Closed]
    );
    assert_eq!(
        (&fetch.refs[..], fetch.other_wants),
        (&["refs/heads/main".to_owned()][..], 1)
    );
    let record = &run.fixture.records()[2];
    assert_eq!(record.user.as_deref(), Some("git"));
    assert_eq!(record.commits, fetch.commits);
    assert_eq!((&record.refs, record.other_wants), (&fetch.refs, 1));
}

#[tokio::test]
async fn a_step_that_spends_its_refusals_hides_no_fetch() {
    let run = flooded().await;
    for _ in 0..10_000 {
        run.grant.refuse(Reason::Malformed, None).await;
    }
    let report = run.table.end(run.grant.id().as_str()).await.unwrap();
    assert_eq!(report.fetches.len(), 1);
    assert!(report.fetches[0].bytes > 0);
    let mut events = events(&run);
    events.retain(|event| *event != Event::Refused);
    assert_eq!(
        events,
        [Event::Opened, Event::Allowed, Event::Fetched, Event::Closed]
    );
}

#[tokio::test]
async fn a_fetch_is_recorded_whose_host_said_nothing_before_the_grant_ended() {
    let run = Run::start(Act::Hang).await;
    until(|| run.host.seen.running.load(Relaxed) == 1).await;
    let began = Instant::now();
    run.table.abandon(run.grant.id());
    run.table.drain().await;
    assert!(began.elapsed() < Duration::from_secs(2));
    assert_eq!(
        events(&run),
        [Event::Opened, Event::Allowed, Event::Fetched, Event::Closed]
    );
    until(|| run.host.seen.running.load(Relaxed) == 0).await;
}

/// A grant with a stream that goes on, of which the step has taken some output.
async fn flooded() -> Run {
    let run = Run::start(Act::Flood(64 * 1024 * 1024)).await;
    let (commit, long) = ("5".repeat(40), "x".repeat(256));
    let input = format!("0032want {commit}\n001dwant-ref refs/heads/main\n010dwant-ref {long}0000");
    while run.exchange(input.as_bytes(), 0).await.0.is_empty() {
        // A stream that waits for its turn is answered at once.
        sleep(Duration::from_millis(10)).await;
    }
    // What it wants is read as its output comes.
    sleep(Duration::from_millis(100)).await;
    run
}

fn events(run: &Run) -> Vec<Event> {
    run.fixture.records().iter().map(|it| it.event).collect()
}
