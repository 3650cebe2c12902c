//! Many fetches over few connections.

use std::sync::atomic::Ordering::Relaxed;

use tokio::{
    io::{AsyncReadExt as _, duplex, empty, sink},
    task::JoinSet,
    time::{advance, pause, resume, timeout},
};

use super::{
    super::pool::{MAX_IDLE, SWEEP},
    *,
};

fn pack(_: &[u8], _: &str) -> Act {
    Act::Say(b"0008NAK\n", "", 0)
}

#[tokio::test]
async fn two_hundred_fetches_at_once_share_eight_connections() {
    let folder = folder();
    let a = key(&folder, "a", "ed25519").await;
    let plan = Plan {
        max_channels: 3,
        ..Plan::new(&[&a.blob], pack)
    };
    let host = plan.start().await;
    let broker = Arc::new(broker(&host.known, &[&a]));
    let mut fetches = JoinSet::new();
    for number in 0..200 {
        let (broker, errand) = (
            Arc::clone(&broker),
            upload_pack(&host, &format!("r{number}")),
        );
        fetches.spawn(async move { fetch(&broker, errand).await.status() });
    }
    while let Some(status) = fetches.join_next().await {
        assert_eq!(status.unwrap(), 0);
    }
    let connections = host.seen.connections.load(Relaxed);
    assert!((1..=8).contains(&connections), "{connections}");
    assert!(host.seen.most_channels.load(Relaxed) <= 3);
}

#[tokio::test]
async fn a_fetch_whose_build_takes_nothing_does_not_stop_the_others() {
    let folder = folder();
    let a = key(&folder, "a", "ed25519").await;
    let host = Plan::new(&[&a.blob], |_, command| match command {
        "git-upload-pack 'large'" => Act::Flood(64 * 1024 * 1024),
        _ => Act::Say(b"0008NAK\n", "", 0),
    });
    let host = host.start().await;
    let broker = Arc::new(broker(&host.known, &[&a]));
    let mut stalled = JoinSet::new();
    let mut ends = Vec::new();
    for _ in 0..3 {
        let (end, output) = duplex(64 * 1024);
        ends.push(end);
        let (broker, errand) = (Arc::clone(&broker), upload_pack(&host, "large"));
        stalled.spawn(async move {
            let fetch = broker.fetch(errand, empty(), output, sink(), pending::<()>());
            fetch.await.0.bytes
        });
    }
    until(|| host.seen.running.load(Relaxed) == 3).await;
    for _ in 0..20 {
        let small = timeout(
            Duration::from_secs(10),
            fetch(&broker, upload_pack(&host, "small")),
        );
        assert_eq!(small.await.unwrap().status(), 0);
    }
    let mut sizes = JoinSet::new();
    for mut end in ends {
        sizes.spawn(async move {
            let mut buffer = vec![0; 256 * 1024];
            let mut size = 0_u64;
            while let Ok(read @ 1..) = end.read(&mut buffer).await {
                size += u64::try_from(read).unwrap();
            }
            size
        });
    }
    while let Some(bytes) = stalled.join_next().await {
        assert_eq!(bytes.unwrap(), 64 * 1024 * 1024);
    }
    while let Some(size) = sizes.join_next().await {
        assert_eq!(size.unwrap(), 64 * 1024 * 1024);
    }
}

#[tokio::test]
async fn a_fetch_that_is_dropped_ends_on_the_host_and_leaves_the_connection() {
    let folder = folder();
    let a = key(&folder, "a", "ed25519").await;
    let host = Plan::new(&[&a.blob], |_, command| match command {
        "git-upload-pack 'hang'" => Act::Hang,
        _ => Act::Say(b"0008NAK\n", "", 0),
    });
    let host = host.start().await;
    let broker = broker(&host.known, &[&a]);
    tokio::select! {
        _ = fetch(&broker, upload_pack(&host, "hang")) => panic!("it does not end"),
        () = until(|| host.seen.running.load(Relaxed) == 1) => {}
    }
    until(|| host.seen.running.load(Relaxed) == 0).await;
    assert_eq!(fetch(&broker, upload_pack(&host, "a")).await.status(), 0);
    assert_eq!(host.seen.connections.load(Relaxed), 1);
}

#[tokio::test]
async fn the_channel_of_the_next_fetch_is_opened_while_one_runs() {
    let folder = folder();
    let a = key(&folder, "a", "ed25519").await;
    let host = Plan::new(&[&a.blob], pack).start().await;
    let broker = broker(&host.known, &[&a]);
    for opened in 2..5 {
        assert_eq!(fetch(&broker, upload_pack(&host, "a")).await.status(), 0);
        until(|| host.seen.channels.load(Relaxed) == opened).await;
    }
    assert_eq!(host.seen.connections.load(Relaxed), 1);
}

#[tokio::test]
async fn a_host_that_gives_no_channel_ahead_is_not_asked_again() {
    let folder = folder();
    let a = key(&folder, "a", "ed25519").await;
    let plan = Plan {
        max_channels: 1,
        ..Plan::new(&[&a.blob], pack)
    };
    let host = plan.start().await;
    let broker = broker(&host.known, &[&a]);
    for _ in 0..3 {
        assert_eq!(fetch(&broker, upload_pack(&host, "a")).await.status(), 0);
    }
    assert_eq!(host.seen.connections.load(Relaxed), 1);
}

#[tokio::test]
async fn the_connections_end_with_the_broker() {
    let folder = folder();
    let a = key(&folder, "a", "ed25519").await;
    let host = Plan::new(&[&a.blob], pack).start().await;
    let broker = broker(&host.known, &[&a]);
    assert_eq!(fetch(&broker, upload_pack(&host, "a")).await.status(), 0);
    assert_eq!(host.seen.open_connections.load(Relaxed), 1);
    drop(broker);
    until(|| host.seen.open_connections.load(Relaxed) == 0).await;
}

#[tokio::test]
async fn a_connection_that_rests_is_closed_without_another_fetch() {
    let folder = folder();
    let a = key(&folder, "a", "ed25519").await;
    let host = Plan::new(&[&a.blob], pack).start().await;
    let broker = broker(&host.known, &[&a]);
    assert_eq!(fetch(&broker, upload_pack(&host, "a")).await.status(), 0);
    let pass = async |time| {
        pause();
        advance(time).await;
        resume();
        // What falls due has its turn.
        sleep(Duration::from_millis(100)).await;
    };
    pass(2 * SWEEP).await;
    assert_eq!(host.seen.open_connections.load(Relaxed), 1);
    pass(MAX_IDLE).await;
    until(|| host.seen.open_connections.load(Relaxed) == 0).await;
}

#[tokio::test]
async fn a_build_that_takes_no_more_ends_the_fetch() {
    let folder = folder();
    let a = key(&folder, "a", "ed25519").await;
    let host = Plan::new(&[&a.blob], |_, _| Act::Flood(64 * 1024 * 1024))
        .start()
        .await;
    let broker = broker(&host.known, &[&a]);
    let (end, output) = duplex(64 * 1024);
    drop(end);
    let errand = upload_pack(&host, "a");
    let fetch = broker.fetch(errand, empty(), output, sink(), pending::<()>());
    let (outcome, _) = fetch.await;
    assert!(matches!(outcome.end, Err(FetchError::BuildGone)));
    until(|| host.seen.running.load(Relaxed) == 0).await;
}

#[tokio::test]
async fn a_fetch_that_is_over_ends_on_the_host_and_tells_what_it_brought() {
    let folder = folder();
    let a = key(&folder, "a", "ed25519").await;
    let host = Plan::new(&[&a.blob], |_, _| Act::Flood(64 * 1024 * 1024))
        .start()
        .await;
    let broker = broker(&host.known, &[&a]);
    let (mut end, output) = duplex(64 * 1024);
    let over = async {
        end.read_u8().await.unwrap();
        "enough"
    };
    let errand = upload_pack(&host, "a");
    let (outcome, why) = broker.fetch(errand, empty(), output, sink(), over).await;
    assert_eq!(why, Some("enough"));
    assert!(outcome.bytes > 0);
    assert_eq!(outcome.key, Some(a.info.fingerprint));
    until(|| host.seen.running.load(Relaxed) == 0).await;
}
