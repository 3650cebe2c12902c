//! A receipt that somebody hands over: it is read strictly, and may be anything.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};

use super::{
    scan::Verdict,
    statement::{PREDICATE, STATEMENT, digest},
};

/// What a receipt says, as far as it is needed to check it. Every text is of the outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Checked {
    /// The digests of the image that it is of, `sha256:` and 64 digits.
    pub(crate) subjects: Vec<String>,
    /// The verdict on that image.
    pub(crate) verdict: Verdict,
    /// When its build ended, as it is written there.
    pub(crate) finished_on: String,
    /// What built it.
    pub(crate) engine: String,
}

/// Why a file is no receipt.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    /// It cannot be read.
    #[error("cannot read the receipt {path}: {source}", path = .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is longer than any receipt.
    #[error("{} is no receipt: it is longer than {} MiB", .0.display(), LONGEST >> 20)]
    TooLong(PathBuf),
    /// It is no JSON, or lacks what a receipt has.
    #[error("{path} is no receipt: {what} at line {line}, column {column}", path = .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: &'static str,
        /// In which line, from 1.
        line: usize,
        /// In which column.
        column: usize,
    },
    /// A signed envelope (DSSE) around what may be one.
    #[error("{} is a signed envelope, and no receipt", .0.display())]
    Envelope(PathBuf),
    /// Another type of document.
    #[error("{path} is no receipt: its {field} is {found}", path = .path.display())]
    Type {
        /// The file.
        path: PathBuf,
        /// Which field says so.
        field: &'static str,
        /// What it says, cut.
        found: String,
    },
    /// It contradicts itself.
    #[error("{path} is no receipt: it says {verdict}, and its findings and gaps say otherwise", path = .path.display())]
    Verdict {
        /// The file.
        path: PathBuf,
        /// What it says.
        verdict: Verdict,
    },
    /// Of no image.
    #[error("{} is no receipt: it names no image by a SHA-256 digest", .0.display())]
    NoSubject(PathBuf),
}

impl Unreadable {
    /// What to do about it.
    pub(crate) fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Read { .. } => return Vec::new(),
            Self::Envelope(_) => "take the statement out of it: `jq -r .payload FILE | base64 -d`",
            _ => "`keystay --receipt FILE build …` writes one",
        };
        vec![hint.to_owned()]
    }
}

impl Checked {
    /// Reads a file, as far as it is no longer than a receipt can be.
    pub(crate) fn read(path: &Path) -> Result<Self, Unreadable> {
        let text = read(path)?;
        let head: Head = parse(path, &text)?;
        if head.payload_type.is_some() {
            return Err(Unreadable::Envelope(path.to_owned()));
        }
        is(path, "_type", head.kind.as_deref(), STATEMENT)?;
        is(
            path,
            "predicateType",
            head.predicate_type.as_deref(),
            PREDICATE,
        )?;
        let body: Body = parse(path, &text)?;
        body.predicate.scan.check(path)?;
        let subjects: Option<Vec<String>> = body.subject.iter().map(Subject::digest).collect();
        let subjects = subjects.filter(|subjects| !subjects.is_empty());
        let Engine { name, version } = body.predicate.engine;
        Ok(Self {
            subjects: subjects.ok_or_else(|| Unreadable::NoSubject(path.to_owned()))?,
            verdict: body.predicate.scan.verdict,
            finished_on: cut(&body.predicate.finished_on),
            engine: cut(&[name, version.unwrap_or_default()].join(" ")),
        })
    }

    /// Whether the receipt is of an image with one of these names: digests, `sha256:` and 64 digits.
    pub(crate) fn is_of(&self, names: &[String]) -> bool {
        // Every subject must be the image: a receipt of two would say too little of either.
        self.subjects.iter().all(|subject| names.contains(subject))
    }
}

/// What tells the kind of a document.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    #[serde(rename = "_type", default)]
    kind: Option<String>,
    predicate_type: Option<String>,
    payload_type: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Body {
    subject: Vec<Subject>,
    predicate: Predicate,
}

#[derive(Deserialize)]
struct Subject {
    digest: DigestSet,
}

/// Digests of other kinds may stand beside it; that of one kind stands there once.
#[derive(Deserialize)]
struct DigestSet {
    sha256: Option<String>,
}

impl Subject {
    /// Its digest, `sha256:` and 64 digits.
    fn digest(&self) -> Option<String> {
        let named = self.digest.sha256.as_deref();
        let named = digest(named.filter(|name| name.len() == DIGITS)?)?;
        Some(format!("sha256:{}", named.sha256))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Predicate {
    engine: Engine,
    finished_on: String,
    scan: Scan,
}

#[derive(Deserialize)]
struct Engine {
    name: String,
    version: Option<String>,
}

#[derive(Deserialize)]
struct Scan {
    verdict: Verdict,
    findings: Vec<IgnoredAny>,
    gaps: Vec<IgnoredAny>,
}

impl Scan {
    /// Refuses a verdict that the rest of the search does not bear.
    fn check(&self, path: &Path) -> Result<(), Unreadable> {
        let borne = match self.verdict {
            Verdict::Clean => self.findings.is_empty() && self.gaps.is_empty(),
            Verdict::Leak => !self.findings.is_empty(),
            Verdict::Incomplete => self.findings.is_empty(),
        };
        let (path, verdict) = (path.to_owned(), self.verdict);
        borne
            .then_some(())
            .ok_or(Unreadable::Verdict { path, verdict })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Unreadable> {
    let fail = |source| Unreadable::Read {
        path: path.to_owned(),
        source,
    };
    let mut text = Vec::new();
    let file = File::open(path).map_err(fail)?;
    file.take(LONGEST + 1)
        .read_to_end(&mut text)
        .map_err(fail)?;
    match u64::try_from(text.len()) {
        Ok(..=LONGEST) => Ok(text),
        _ => Err(Unreadable::TooLong(path.to_owned())),
    }
}

/// Nothing of what the file says is in the error: its text may be long, and for a terminal.
fn parse<T: DeserializeOwned>(path: &Path, text: &[u8]) -> Result<T, Unreadable> {
    serde_json::from_slice(text).map_err(|error| Unreadable::Malformed {
        path: path.to_owned(),
        what: if error.is_data() {
            "something is missing or of another kind"
        } else {
            "it is not well-formed JSON"
        },
        line: error.line(),
        column: error.column(),
    })
}

fn is(
    path: &Path,
    field: &'static str,
    found: Option<&str>,
    expected: &str,
) -> Result<(), Unreadable> {
    match found {
        Some(found) if found == expected => Ok(()),
        found => Err(Unreadable::Type {
            path: path.to_owned(),
            field,
            found: found.map_or_else(|| "missing".to_owned(), cut),
        }),
    }
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST_SHOWN).collect()
}

/// Three times what the largest that is written takes.
const LONGEST: u64 = 16 << 20;
const LONGEST_SHOWN: usize = 100;
const DIGITS: usize = 64;
