//! A matcher that takes its time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use keystay_proto::control::ScanReport;
use tokio::{sync::mpsc, task, time::sleep};

use crate::verify::{
    Matcher, MatcherError,
    decode::{Label, Level},
    run::search_all,
};

/// Takes a while for each part, and counts the searches that are under way.
#[derive(Default)]
struct Slow {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Matcher for Slow {
    async fn scan(&self, mut bytes: mpsc::Receiver<Bytes>) -> Result<ScanReport, MatcherError> {
        let now = self.now.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(now, Ordering::Relaxed);
        let mut report = ScanReport {
            bytes: 0,
            hits: Vec::new(),
            truncated: false,
        };
        while let Some(part) = bytes.recv().await {
            report.bytes += u64::try_from(part.len()).unwrap();
            sleep(Duration::from_millis(2)).await;
        }
        self.now.fetch_sub(1, Ordering::Relaxed);
        Ok(report)
    }
}

/// An agent has a number of searches at a time, and refuses more.
#[tokio::test]
async fn short_streams_crowd_no_slow_matcher() {
    let (searches, opened) = mpsc::unbounded_channel();
    let writing = task::spawn_blocking(move || {
        let mut level = Level::new(searches);
        for number in 0..60_000_u32 {
            level.begin(Label {
                member: 0,
                path: b"pack!zlib".as_slice().into(),
            });
            level.push(&number.to_be_bytes());
        }
        level.flush();
    });
    let matcher = Arc::new(Slow::default());
    let reports = search_all(opened, &matcher).await.unwrap();
    writing.await.unwrap();
    assert!(reports.len() > 2, "{}", reports.len());
    let most = matcher.most.load(Ordering::Relaxed);
    assert!(most <= 2, "{most} searches at a time");
}
