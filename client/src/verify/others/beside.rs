//! The two searches of one stream.

use bytes::Bytes;
use keystay_proto::control::ScanReport;
use tokio::sync::mpsc;

use super::{
    Other,
    search::{MOST_KEYS, Search},
};
use crate::verify::{Matcher, MatcherError};

/// What the matcher finds in a stream, what else is in it that is secret and not of a key that the
/// matcher found at the same place, and whether there may be more of that.
pub(in crate::verify) async fn beside(
    matcher: &impl Matcher,
    mut bytes: mpsc::Receiver<Bytes>,
) -> Result<(ScanReport, Vec<Other>, bool), MatcherError> {
    let (sender, receiver) = mpsc::channel(1);
    let pass = async move {
        let mut search = Search::new();
        while let Some(part) = bytes.recv().await {
            search.push(&part);
            if sender.send(part).await.is_err() {
                break;
            }
        }
        search.finish()
    };
    let (report, mut others) = tokio::join!(matcher.scan(receiver), pass);
    let report = report?;
    let is_cut = others.len() >= MOST_KEYS;
    others.retain(|other| {
        let is_it = |offset| (other.begin..other.end).contains(&offset);
        !report.hits.iter().any(|hit| is_it(hit.offset))
    });
    Ok((report, others, is_cut))
}
