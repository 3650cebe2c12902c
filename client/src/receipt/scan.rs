//! The search of the image, as a receipt tells it.

use std::fmt;

use keystay_proto::{Fingerprint, control::Encoding};
use serde::{Deserialize, Serialize};

use crate::{
    summary::Image,
    verify::{self, Finding, Gap, Verified},
};

/// What the image was searched for, how far, and what was found.
#[derive(Debug, Serialize)]
pub(super) struct Scan {
    scanner: Scanner,
    verdict: Verdict,
    /// The layers, the lowest first, of all platforms.
    layers: Vec<Layer>,
    /// How long the saved image was.
    bytes: u64,
    /// How many bytes were searched: those, and what they decode to.
    searched: u64,
    /// The places that hold a key, at most 1,000.
    findings: Vec<Found>,
    /// What was not searched, a sentence each, at most 1,000.
    gaps: Vec<String>,
}

/// The verdict on an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Verdict {
    /// All of it was searched, and no key was found.
    Clean,
    /// A key was found.
    Leak,
    /// No key was found, and not all of it was searched.
    Incomplete,
}

#[derive(Debug, Serialize)]
struct Scanner {
    name: &'static str,
    version: &'static str,
    /// The version of what is looked for, and how.
    search: u32,
}

/// A layer and how much of it was searched.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Layer {
    diff_id: String,
    digest: Option<String>,
    bytes: u64,
    searched: u64,
    streams: u64,
    gaps: Vec<String>,
}

/// Key material, and where.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    key: Fingerprint,
    encoding: Encoding,
    place: &'static str,
    name: Option<String>,
    layer: Option<usize>,
    diff_id: Option<String>,
    path: Option<String>,
    instruction: Option<String>,
}

impl Scan {
    pub(super) fn of(image: &Image, verified: Option<&Verified>) -> Self {
        let findings = match image {
            Image::Leak { findings, .. } => findings.as_slice(),
            _ => &[],
        };
        Self {
            scanner: Scanner {
                name: "keystay",
                version: env!("CARGO_PKG_VERSION"),
                search: verify::SEARCH,
            },
            verdict: Verdict::of(image),
            layers: verified.map(layers).unwrap_or_default(),
            bytes: verified.map_or(0, |verified| verified.bytes),
            searched: verified.map_or(0, |verified| verified.searched),
            findings: findings.iter().take(MOST).map(Found::from).collect(),
            gaps: gaps(image, verified),
        }
    }
}

impl Verdict {
    fn of(image: &Image) -> Self {
        match image {
            Image::Clean(_) | Image::CleanBefore { .. } => Self::Clean,
            Image::Leak { .. } => Self::Leak,
            Image::NotAsked
            | Image::NoKeyHere { .. }
            | Image::Absent { .. }
            | Image::Incomplete { .. } => Self::Incomplete,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Clean => "CLEAN",
            Self::Leak => "LEAK",
            Self::Incomplete => "INCOMPLETE",
        })
    }
}

impl From<&Finding> for Found {
    fn from(finding: &Finding) -> Self {
        Self {
            key: finding.key,
            encoding: finding.encoding,
            place: finding.place.kind(),
            name: finding.place.name(),
            layer: finding.layer,
            diff_id: finding.digest.clone(),
            path: finding.path.clone(),
            instruction: finding.instruction.clone(),
        }
    }
}

fn layers(verified: &Verified) -> Vec<Layer> {
    let layer = |layer: &verify::Layer| Layer {
        diff_id: layer.diff_id.clone(),
        digest: layer.digest.clone(),
        bytes: layer.bytes,
        searched: layer.searched,
        streams: layer.streams,
        gaps: layer.gaps.clone(),
    };
    verified.layers.iter().map(layer).collect()
}

/// Why the image is not known to be clean, without what names files of this machine.
fn gaps(image: &Image, verified: Option<&Verified>) -> Vec<String> {
    let found = verified.map_or(&[][..], |verified| &verified.gaps);
    let mut gaps: Vec<String> = found.iter().take(MOST).map(Gap::portable).collect();
    let other = match image {
        Image::NotAsked => Some(NOT_ASKED),
        Image::NoKeyHere { .. } => Some(NO_KEY_HERE),
        Image::Absent { .. } => Some(ABSENT),
        Image::Incomplete { .. } if verified.is_none() => Some(UNREAD),
        _ => None,
    };
    gaps.extend(other.map(str::to_owned));
    gaps
}

const NOT_ASKED: &str = "the search was turned off";
const NO_KEY_HERE: &str =
    "no private key was at hand: the image was searched for locked copies only";
const ABSENT: &str = "the engine holds no such image";
const UNREAD: &str = "the image could not be read";
const MOST: usize = 1_000;
