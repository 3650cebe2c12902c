//! What `keystay verify --json` prints.

use keystay_proto::{
    Fingerprint,
    control::{Encoding, KeyInfo},
};
use serde::Serialize;

use crate::{
    command::search::Found,
    summary::Image,
    verify::{Finding, Gap, Kind, Layer, Verified, Warning},
};

/// One object. Fields may be added, but none changes its meaning.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    /// Keystay's version.
    keystay: &'static str,
    /// The image as it was named.
    image: &'a str,
    /// `clean`, `leak` or `incomplete`.
    verdict: &'static str,
    /// The fingerprints of the keys that were looked for.
    keys: Vec<Fingerprint>,
    /// Those of keys whose private halves are elsewhere, which were not.
    keys_elsewhere: Vec<Fingerprint>,
    /// How long the saved image is.
    bytes: u64,
    /// How many bytes were searched: those, and what they decode to.
    searched: u64,
    /// The layers, the lowest first, of all platforms.
    layers: &'a [Layer],
    /// Each place that holds a key.
    findings: Vec<Entry<'a>>,
    /// Other private keys, and tokens in URLs of git's configuration.
    warnings: Vec<Note<'a>>,
    /// What was not read, a sentence each. An image with a gap is not clean.
    gaps: Vec<String>,
}

/// Key material, and where it is.
#[derive(Serialize)]
struct Entry<'a> {
    key: Fingerprint,
    encoding: Encoding,
    /// `file`, `history`, `environment`, `label`, `configuration`, or `member` of the saved image.
    place: &'static str,
    /// The name of the variable, the label, the part of the configuration or the member; the number
    /// of the history entry.
    name: Option<String>,
    /// Counted from 1, the lowest first.
    layer: Option<usize>,
    /// The layer's digest as the configuration names it.
    diff_id: Option<&'a str>,
    path: Option<&'a str>,
    /// Where it begins, in bytes from 0.
    offset: Option<u64>,
    /// What the offset is counted in: `file`, its content; `layer`, its plain archive; `member`, the
    /// configuration or another member.
    offset_in: Option<&'static str>,
    /// The Dockerfile instruction.
    instruction: Option<&'a str>,
}

/// A secret that is none of the user's keys, and where it is.
#[derive(Serialize)]
struct Note<'a> {
    /// `private key` or `token`.
    kind: &'static str,
    /// How a key is written.
    form: Option<&'static str>,
    /// Whether a passphrase locks it.
    locked: bool,
    /// Who publishes it, for a test key that everybody knows.
    published_by: Option<&'static str>,
    /// As of findings.
    place: &'static str,
    name: Option<String>,
    layer: Option<usize>,
    diff_id: Option<&'a str>,
    path: Option<&'a str>,
    offset: Option<u64>,
    offset_in: Option<&'static str>,
    instruction: Option<&'a str>,
}

impl<'a> Document<'a> {
    pub(super) fn new(name: &'a str, found: &'a Found, keys: &[KeyInfo]) -> Self {
        let fingerprints = |here: bool| {
            let keys = keys.iter().filter(move |key| key.searchable == here);
            keys.map(|key| key.fingerprint).collect()
        };
        let verified = found.verified.as_ref();
        Self {
            keystay: env!("CARGO_PKG_VERSION"),
            image: name,
            verdict: verdict(&found.image),
            keys: fingerprints(true),
            keys_elsewhere: fingerprints(false),
            bytes: verified.map_or(0, |verified| verified.bytes),
            searched: verified.map_or(0, |verified| verified.searched),
            layers: verified.map_or(&[], |verified| &verified.layers),
            findings: findings(&found.image),
            warnings: found.warnings.iter().map(note).collect(),
            gaps: gaps(&found.image, verified),
        }
    }

    /// The text, with a line end.
    pub(super) fn text(&self) -> String {
        // Nothing in it can fail to be written.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

fn verdict(image: &Image) -> &'static str {
    match image {
        Image::Clean(_) | Image::CleanBefore { .. } => "clean",
        Image::Leak { .. } => "leak",
        _ => "incomplete",
    }
}

pub(super) fn gaps(image: &Image, verified: Option<&Verified>) -> Vec<String> {
    match (image, verified) {
        (Image::Incomplete { missing } | Image::Leak { missing, .. }, _) => missing.clone(),
        (Image::Absent { image }, _) => vec![format!("the engine holds no image {image}")],
        (_, Some(verified)) => verified.gaps.iter().map(Gap::to_string).collect(),
        _ => Vec::new(),
    }
}

fn findings(image: &Image) -> Vec<Entry<'_>> {
    match image {
        Image::Leak { findings, .. } => findings.iter().map(finding).collect(),
        _ => Vec::new(),
    }
}

fn finding(finding: &Finding) -> Entry<'_> {
    Entry {
        key: finding.key,
        encoding: finding.encoding,
        place: finding.place.kind(),
        name: finding.place.name(),
        layer: finding.layer,
        diff_id: finding.digest.as_deref(),
        path: finding.path.as_deref(),
        offset: finding.offset.map(|offset| offset.at),
        offset_in: finding.offset.map(|offset| offset.of.name()),
        instruction: finding.instruction.as_deref(),
    }
}

fn note(warning: &Warning) -> Note<'_> {
    let spot = &warning.spot;
    let (kind, form, locked, published_by) = match warning.kind {
        Kind::Key {
            form,
            is_locked,
            published,
        } => ("private key", Some(form), is_locked, published),
        Kind::Token => ("token", None, false, None),
    };
    Note {
        kind,
        form,
        locked,
        published_by,
        place: spot.place.kind(),
        name: spot.place.name(),
        layer: spot.layer,
        diff_id: spot.digest.as_deref(),
        path: spot.path.as_deref(),
        offset: spot.offset.map(|offset| offset.at),
        offset_in: spot.offset.map(|offset| offset.of.name()),
        instruction: spot.instruction.as_deref(),
    }
}
