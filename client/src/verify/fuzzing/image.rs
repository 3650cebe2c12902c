//! What holds for any bytes as the members of a saved image.

use std::{
    io::{self, Write as _},
    sync::Arc,
};

use bytes::Bytes;
use keystay_proto::{
    Fingerprint,
    control::{Encoding, Hit, ScanReport},
};
use memchr::memmem;
use sha2::{Digest as _, Sha256};
use tar::{Builder, Header};
use tempfile::NamedTempFile;
use tokio::{runtime, sync::mpsc};

use crate::verify::{
    ImageSource, Matcher, MatcherError, Verdict, Verified, decode::fuzzing::LIMITS, manifest,
    run::verify_within,
};

/// Lines of `%%` stand between members, each a line with its name and its content; `*` in a name is the digest of the
/// content. An image that holds the secret is a leak, what is said of it does not hold it, and a clean one has a name.
///
/// # Panics
///
/// Where that does not hold.
#[must_use]
pub fn image(bytes: &[u8]) -> bool {
    let archive = pack(bytes);
    let verified = verified(&archive);
    assert!(verified.is_ok(), "{verified:?}");
    let Ok(verified) = verified else {
        return false;
    };
    let told = format!(
        "{:?} {:?} {:?}",
        verified.verdict, verified.gaps, verified.warnings
    );
    assert!(!told.contains(SECRET), "{told}");
    let is_leak = matches!(verified.verdict, Verdict::Leak(_));
    assert!(is_leak || memmem::find(&archive, SECRET.as_bytes()).is_none());
    let is_clean = verified.verdict == Verdict::Clean;
    assert!(!is_clean || !verified.names.is_empty());
    !verified.names.is_empty()
}

fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    for member in split(bytes) {
        let end = memmem::find(member, b"\n").unwrap_or(member.len());
        let (name, rest) = member.split_at(end);
        let content = rest.get(1..).unwrap_or_default();
        let digest = manifest::Digest::from(Sha256::new_with_prefix(content)).to_string();
        let digest = digest.rsplit(':').next().unwrap_or_default();
        let name = String::from_utf8_lossy(name).replace('*', digest);
        let mut header = Header::new_gnu();
        header.set_size(u64::try_from(content.len()).unwrap_or(0));
        // A name that an archive cannot have is left out.
        let _ = archive.append_data(&mut header, name, content);
    }
    archive.into_inner().unwrap_or_default()
}

fn split(bytes: &[u8]) -> Vec<&[u8]> {
    let (mut members, mut begin) = (Vec::new(), 0);
    for at in memmem::find_iter(bytes, BETWEEN) {
        members.extend(bytes.get(begin..at));
        begin = at + BETWEEN.len();
    }
    members.extend(bytes.get(begin..));
    members
}

fn verified(archive: &[u8]) -> io::Result<Verified> {
    let mut file = NamedTempFile::new()?;
    file.write_all(archive)?;
    let source = ImageSource::File(file.path().to_owned());
    let verifying = verify_within(source, Arc::new(Marked), Arc::default(), LIMITS, None);
    let runtime = runtime::Builder::new_current_thread().build()?;
    runtime.block_on(verifying).map_err(io::Error::other)
}

/// Looks for the secret as it is.
struct Marked;

impl Matcher for Marked {
    async fn scan(&self, mut bytes: mpsc::Receiver<Bytes>) -> Result<ScanReport, MatcherError> {
        let mut all = Vec::new();
        while let Some(part) = bytes.recv().await {
            all.extend_from_slice(&part);
        }
        let places = memmem::find_iter(&all, SECRET.as_bytes());
        let hits = places.take(100).map(|at| Hit {
            offset: u64::try_from(at).unwrap_or(u64::MAX),
            key: Fingerprint::of(b"its public half"),
            encoding: Encoding::Raw,
        });
        Ok(ScanReport {
            bytes: u64::try_from(all.len()).unwrap_or(u64::MAX),
            hits: hits.collect(),
            truncated: false,
        })
    }
}

const SECRET: &str = "only one person knows this";
const BETWEEN: &[u8] = b"\n%%\n";
