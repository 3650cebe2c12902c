//! The statement: which image, and what is said of it.

use std::time::SystemTime;

use humantime::format_rfc3339_millis;
use keystay_proto::control::{GrantReport, KeyInfo, Mode};
use serde::{Deserialize, Serialize};

use super::{
    predicate::{DockerfileUsed, EngineUsed, Image, Predicate, Program, Times},
    scan::Scan,
    uses,
};
use crate::{summary, verify::Verified};

/// An in-toto Statement v1 (in-toto attestation framework, `spec/v1/statement.md`).
#[derive(Debug, Serialize)]
pub(crate) struct Statement {
    #[serde(rename = "_type")]
    kind: &'static str,
    subject: Vec<Subject>,
    #[serde(rename = "predicateType")]
    predicate_type: &'static str,
    predicate: Predicate,
}

/// An image by its digest (`spec/v1/resource_descriptor.md`).
#[derive(Debug, Serialize)]
struct Subject {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    digest: Sha256Set,
}

/// A set of digests with one of SHA-256 (`spec/v1/digest_set.md`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sha256Set {
    /// 64 lower-case hexadecimal digits.
    pub(super) sha256: String,
}

/// All that a receipt tells of one build.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Build<'a> {
    /// The image's id as the engine told it.
    pub(crate) id: &'a str,
    /// The names that the user gave it.
    pub(crate) tags: &'a [String],
    /// What built it.
    pub(crate) engine: &'a EngineUsed,
    /// The Dockerfile, where it was read.
    pub(crate) dockerfile: Option<&'a DockerfileUsed>,
    /// When the engine began.
    pub(crate) began: SystemTime,
    /// When it ended.
    pub(crate) ended: SystemTime,
    /// How the build reached its repositories.
    pub(crate) mode: Mode,
    /// The keys of its grants.
    pub(crate) keys: &'a [KeyInfo],
    /// What they were used for.
    pub(crate) report: &'a GrantReport,
    /// What is known of the image.
    pub(crate) verdict: &'a summary::Image,
    /// The search in detail, where the image was read.
    pub(crate) verified: Option<&'a Verified>,
}

impl Statement {
    /// The receipt of a build; nothing for an image whose id is no SHA-256 digest.
    pub(crate) fn of(build: &Build<'_>) -> Option<Self> {
        let digest = digest(build.id)?;
        let subject = |name| Subject {
            name,
            digest: digest.clone(),
        };
        let named = build.tags.iter().cloned().map(Some);
        let mut subjects: Vec<_> = named.map(subject).collect();
        if subjects.is_empty() {
            subjects.push(subject(None));
        }
        Some(Self {
            kind: STATEMENT,
            subject: subjects,
            predicate_type: PREDICATE,
            predicate: predicate(build),
        })
    }

    /// The text, with a line end.
    pub(crate) fn text(&self) -> String {
        // Nothing in it can fail to be written.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

fn predicate(build: &Build<'_>) -> Predicate {
    let report = build.report;
    Predicate {
        keystay: Program {
            version: env!("CARGO_PKG_VERSION"),
        },
        engine: build.engine.clone(),
        dockerfile: build.dockerfile.cloned(),
        times: Times {
            started_on: format_rfc3339_millis(build.began).to_string(),
            finished_on: format_rfc3339_millis(build.ended).to_string(),
        },
        mode: build.mode,
        image: Image::of(build.id, build.verified),
        keys: uses::keys(build.keys, report),
        hosts: uses::hosts(report),
        repositories: uses::repositories(report),
        signatures: report.signatures,
        fetches: report.fetches.iter().map(|fetch| fetch.count).sum(),
        refusals: uses::refusals(report),
        failures: uses::failures(report),
        scan: Scan::of(build.verdict, build.verified),
    }
}

/// The digest that an image's id is, with the prefix `sha256:` or, as podman writes it, without.
pub(super) fn digest(id: &str) -> Option<Sha256Set> {
    let digits = id.strip_prefix("sha256:").unwrap_or(id);
    let is_hex = |digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
    (digits.len() == 64 && digits.bytes().all(is_hex)).then(|| Sha256Set {
        sha256: digits.to_owned(),
    })
}

pub(super) const STATEMENT: &str = "https://in-toto.io/Statement/v1";
pub(super) const PREDICATE: &str = "https://github.com/keystay/keystay/receipt/v1";
