//! The image's verdict.

use std::fmt;

use super::{
    advice::advice,
    size::{count, size},
};
use crate::{
    exit_code::ExitCode,
    output::{self, Output},
    verify::Finding,
};

/// A verdict's exit status, and the error and its hints where there is one.
pub(crate) type End = (ExitCode, Option<(&'static str, Vec<String>)>);

/// What is known about the image of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Image {
    /// The user did not want it searched, or there is none.
    NotAsked,
    /// No key of the grant has its private half here, so nothing but locked copies could be
    /// searched for; there are none.
    NoKeyHere {
        /// How many keys the grant has.
        keys: usize,
    },
    /// All of it was searched and nothing was found.
    Clean(Searched),
    /// The same image was searched before for the same keys, and nothing was found.
    CleanBefore {
        /// The image's id.
        image: String,
    },
    /// Key material was found.
    Leak {
        /// What was searched.
        searched: Searched,
        /// Where it was found.
        findings: Vec<Finding>,
        /// What was not searched beside that, and why, a fragment each.
        missing: Vec<String>,
    },
    /// The engine holds no such image.
    Absent {
        /// The image's id, or the name it was asked for by.
        image: String,
    },
    /// Nothing was found, but not all of it was searched.
    Incomplete {
        /// What was not searched, and why, a fragment each.
        missing: Vec<String>,
    },
}

/// How much was searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Searched {
    /// The image's id, or the name it was asked for by.
    pub(crate) image: String,
    /// How many keys were looked for.
    pub(crate) keys: usize,
    /// For how many keys of the grant only locked copies were, since their private halves are
    /// elsewhere.
    pub(crate) unsearchable: usize,
    /// How many layers it has.
    pub(crate) layers: usize,
    /// How many of them were found clean before, and not searched again.
    pub(crate) known_layers: usize,
    /// How many bytes were looked at.
    pub(crate) bytes: u64,
}

impl Image {
    /// The verdict in one line, if there is one.
    pub(super) fn line(&self) -> Option<String> {
        match self {
            Self::NotAsked => None,
            Self::NoKeyHere { keys } => Some(elsewhere(*keys)),
            Self::Clean(searched) => Some(format!("CLEAN {} {searched}", short(&searched.image))),
            Self::CleanBefore { image } => Some(format!(
                "CLEAN {} searched before for the same keys",
                short(image)
            )),
            Self::Leak {
                searched,
                findings,
                missing,
            } => {
                let findings = count(findings.len(), "finding");
                let rest = besides(missing);
                Some(format!(
                    "LEAK {} {findings}, {searched}{rest}",
                    short(&searched.image)
                ))
            }
            Self::Absent { image } => Some(format!(
                "INCOMPLETE the engine holds no image {}",
                short(image)
            )),
            Self::Incomplete { missing } => Some(incomplete(missing)),
        }
    }

    /// What a verdict means for a build.
    pub(crate) fn end(&self, strict: bool) -> End {
        match self {
            Self::Leak { findings, .. } => (ExitCode::Leak, Some((LEAK, advice(findings)))),
            Self::Incomplete { .. } | Self::Absent { .. } if strict => {
                (ExitCode::Incomplete, Some(hinted(INCOMPLETE)))
            }
            _ => (ExitCode::Success, None),
        }
    }

    /// The same where the search is all that was asked for: one that was not whole has failed.
    pub(crate) fn end_of_search(&self) -> End {
        match self {
            Self::NoKeyHere { .. } => (ExitCode::Incomplete, Some(hinted(NO_KEY_HERE))),
            Self::Incomplete { .. } => (ExitCode::Incomplete, Some(hinted(NOT_WHOLE))),
            Self::Absent { .. } => (ExitCode::Usage, Some(hinted(ABSENT))),
            _ => self.end(false),
        }
    }

    /// Writes what the one line does not tell: each finding, and what was not searched where that
    /// is more than one thing, or beside findings.
    pub(crate) fn details(&self, output: Output) {
        match self {
            Self::Leak {
                findings, missing, ..
            } => {
                findings
                    .iter()
                    .take(DETAILS)
                    .for_each(|finding| output::finding(&finding.to_string()));
                if let Some(more @ 1..) = findings.len().checked_sub(DETAILS) {
                    output::finding(&format!("and {more} more"));
                }
                not_searched(missing, output);
            }
            Self::Incomplete { missing } if missing.len() > 1 => not_searched(missing, output),
            _ => {}
        }
    }
}

impl fmt::Display for Searched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = count(self.keys, "key");
        let layers = count(self.layers, "layer");
        write!(f, "searched for {keys} in {layers} ({}", size(self.bytes))?;
        match self.known_layers {
            0 => f.write_str(")")?,
            1 => f.write_str("; 1 layer was clean before)")?,
            more => write!(f, "; {more} layers were clean before)")?,
        }
        match self.unsearchable {
            0 => Ok(()),
            1 => f.write_str("; 1 key is in your agent, searched for locked copies only"),
            more => write!(
                f,
                "; {more} keys are in your agent, searched for locked copies only"
            ),
        }
    }
}

fn hinted((message, hint): (&'static str, &str)) -> (&'static str, Vec<String>) {
    (message, vec![hint.to_owned()])
}

fn elsewhere(keys: usize) -> String {
    match keys {
        1 => "searched for locked copies only: the key is in your agent, its private half is not here".to_owned(),
        keys => format!(
            "searched for locked copies only: the {keys} keys are in your agent, their private halves are not here"
        ),
    }
}

fn not_searched(missing: &[String], output: Output) {
    let shown = missing.iter().take(DETAILS);
    shown.for_each(|part| output.note(&format!("not searched: {part}")));
}

/// What is said of an image with findings that was not searched whole.
fn besides(missing: &[String]) -> &'static str {
    if missing.is_empty() {
        ""
    } else {
        "; not searched whole: there may be more"
    }
}

fn incomplete(missing: &[String]) -> String {
    let first = missing.first().map_or("not searched", String::as_str);
    match missing.len() {
        0 | 1 => format!("INCOMPLETE {first}"),
        all => format!("INCOMPLETE {first}; and {} more", all - 1),
    }
}

/// The first 12 digits of an id, as docker shows it.
pub(crate) fn short(image: &str) -> &str {
    match image.strip_prefix("sha256:") {
        Some(_) => image.get(.."sha256:".len() + 12).unwrap_or(image),
        None => image,
    }
}

/// As many as a screen takes.
const DETAILS: usize = 20;

const LEAK: &str = "key material found in the image";
const INCOMPLETE: (&str, &str) = (
    "the image was not searched whole, and `--strict` asks for that",
    "leave out `--strict` to take it as it is",
);
const NOT_WHOLE: (&str, &str) = (
    "the image was not searched whole",
    "it is not known to be clean: see what was not searched",
);
const NO_KEY_HERE: (&str, &str) = (
    "there is no key to search for",
    "name the file of the key: `keystay --key file:PATH verify IMAGE`",
);
const ABSENT: (&str, &str) = (
    "there is no such image",
    "see which there are: `docker image ls`",
);
