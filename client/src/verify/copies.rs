//! Copies of keys that a passphrase locks.
//!
//! Such a copy holds none of the secret numbers in clear, but names its public key in clear, which
//! everybody may know: no key is needed to find it, and keys that live in another agent are found
//! too.

mod locked;
mod search;

use bytes::Bytes;
use keystay_proto::{Fingerprint, control::ScanReport};
use tokio::sync::mpsc;

use self::search::Search;
use super::{Matcher, MatcherError};

/// A matcher that besides looks for locked copies of some keys.
#[derive(Debug)]
pub struct WithCopies<M> {
    inner: M,
    keys: Vec<Fingerprint>,
}

impl<M> WithCopies<M> {
    /// What `inner` finds, and locked copies of these keys.
    pub fn new(inner: M, keys: Vec<Fingerprint>) -> Self {
        Self { inner, keys }
    }
}

impl<M: Matcher> Matcher for WithCopies<M> {
    async fn scan(&self, mut bytes: mpsc::Receiver<Bytes>) -> Result<ScanReport, MatcherError> {
        let (sender, receiver) = mpsc::channel(1);
        let pass = async move {
            let mut search = Search::new(&self.keys);
            while let Some(part) = bytes.recv().await {
                search.push(&part);
                if sender.send(part).await.is_err() {
                    break;
                }
            }
            search.finish()
        };
        let (report, copies) = tokio::join!(self.inner.scan(receiver), pass);
        let mut report = report?;
        report.hits.extend(copies);
        report.hits.sort_by_key(|hit| hit.offset);
        Ok(report)
    }
}

#[cfg(test)]
mod tests;
