//! The two searches of one stream.

use bytes::Bytes;
use keystay_proto::control::ScanReport;
use tokio::sync::mpsc;

use super::{Other, search::Search};
use crate::verify::{Matcher, MatcherError};

/// What the matcher finds in a stream, and what else is in it that is secret and not of a key that
/// the matcher found at the same place.
pub(in crate::verify) async fn beside(
    matcher: &impl Matcher,
    mut bytes: mpsc::Receiver<Bytes>,
) -> Result<(ScanReport, Vec<Other>), MatcherError> {
    let (sender, receiver) = mpsc::channel(1);
    let pass = async move {
        let mut search = Search::default();
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
    others.retain(|other| {
        let is_it = |offset| (other.begin..other.end).contains(&offset);
        !report.hits.iter().any(|hit| is_it(hit.offset))
    });
    Ok((report, others))
}
