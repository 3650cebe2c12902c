//! What cannot be wired.

use std::fmt;

use keystay_proto::is_visible;

use super::Secret;

/// Something that is left as it is. Shown as a lower-case fragment that names the line; text from
/// the Dockerfile is escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// An `ONBUILD` trigger mounts an ssh agent. It would end up in the image's configuration.
    Onbuild {
        /// The line of the instruction, from 1.
        line: usize,
    },
    /// An ssh mount takes its id from a variable, or the engine reads it otherwise than written.
    VariableId {
        /// The line of the instruction, from 1.
        line: usize,
        /// The id as written.
        id: String,
    },
    /// A mount takes its type from a variable.
    VariableType {
        /// The line of the instruction, from 1.
        line: usize,
        /// The type as written.
        kind: String,
    },
    /// An ssh mount that takes its id from a variable could be given the socket that signs, so it is
    /// put on the one that carries fetches.
    VariableIdReplaced {
        /// The line of the instruction, from 1.
        line: usize,
        /// The id as written.
        id: String,
    },
    /// The step's first ssh mount, which its tools use, takes its id from a variable.
    UnknownAgent {
        /// The line of the instruction, from 1.
        line: usize,
    },
    /// The step's first ssh mount, which its tools use, is the user's own.
    OtherAgent {
        /// The line of the instruction, from 1.
        line: usize,
    },
    /// The step mounts something over the place of a file.
    Mounted {
        /// The line of the instruction, from 1.
        line: usize,
        /// The mount's target as written.
        target: String,
        /// The file that is not mounted.
        secret: Secret,
    },
    /// The step's own commands name a file, which a mount would make read-only.
    Named {
        /// The line of the instruction, from 1.
        line: usize,
        /// The file that is not mounted.
        secret: Secret,
    },
    /// The changed Dockerfile would be over one of the reader's caps, or the flag to change has no
    /// end: its quote is open, or the engine ends it within a character.
    Unchangeable {
        /// The line of the first instruction that would be changed, from 1.
        line: usize,
    },
}

impl Note {
    /// The line of the instruction it is about, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        match self {
            Self::Onbuild { line }
            | Self::VariableId { line, .. }
            | Self::VariableType { line, .. }
            | Self::VariableIdReplaced { line, .. }
            | Self::UnknownAgent { line }
            | Self::OtherAgent { line }
            | Self::Mounted { line, .. }
            | Self::Named { line, .. }
            | Self::Unchangeable { line } => *line,
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line())?;
        match self {
            Self::Onbuild { .. } => {
                f.write_str("the ssh mount of an ONBUILD trigger is left as it is")
            }
            Self::VariableId { id, .. } => {
                write!(
                    f,
                    "the ssh id {} is known only to the engine, so its mount is left as it is; write the id out",
                    shown(id)
                )
            }
            Self::VariableType { kind, .. } => {
                write!(
                    f,
                    "the mount type {} depends on a variable, so the mount is left as it is",
                    shown(kind)
                )
            }
            Self::VariableIdReplaced { id, .. } => {
                write!(
                    f,
                    "the ssh id {} could become the one that signs for ADD or the context, so its mount gets another",
                    shown(id)
                )
            }
            Self::UnknownAgent { .. } => f.write_str(
                "the step's fetches go by its first ssh mount, whose id only the engine knows, so \
                 the step is not connected",
            ),
            Self::OtherAgent { .. } => f.write_str(
                "the step's first ssh mount is not Keystay's, so its fetches are not either",
            ),
            Self::Mounted { target, secret, .. } => {
                write!(
                    f,
                    "the step mounts {} itself, so {} there",
                    shown(target),
                    left_out(*secret)
                )
            }
            Self::Named { secret, .. } => {
                write!(
                    f,
                    "the step names {} itself, so {} there",
                    secret.target(),
                    left_out(*secret)
                )
            }
            Self::Unchangeable { .. } => f.write_str(
                "the Dockerfile would be unreadable with its mounts, so it is left as it is",
            ),
        }
    }
}

fn left_out(secret: Secret) -> &'static str {
    match secret {
        Secret::KnownHosts => "verified host keys are not mounted",
        Secret::Shim | Secret::ShimAmd64 | Secret::ShimArm64 => "the ssh that fetches is not put",
        Secret::Gitconfig => "https URLs are not rewritten",
        Secret::Cargo => "cargo is not told to fetch with git",
    }
}

/// Text from a Dockerfile for a terminal: in quotes, control characters escaped, cut when long.
fn shown(text: &str) -> String {
    let cut: String = text.chars().take(MAX_SHOWN).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    format!(
        "\"{}{more}\"",
        cut.chars().flat_map(escaped).collect::<String>()
    )
}

fn escaped(c: char) -> impl Iterator<Item = char> {
    // `escape_debug` alone would keep marks that reorder or hide what stands beside them.
    let (unicode, debug) = if is_visible(c) {
        (None, Some(c.escape_debug()))
    } else {
        (Some(c.escape_default()), None)
    };
    unicode
        .into_iter()
        .flatten()
        .chain(debug.into_iter().flatten())
}

/// How many characters of a text from the Dockerfile are shown; ids and paths are shorter.
const MAX_SHOWN: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_fragments_that_name_the_line() {
        for (note, text) in [
            (
                Note::Onbuild { line: 3 },
                "line 3: the ssh mount of an ONBUILD trigger is left as it is",
            ),
            (
                Note::VariableId {
                    line: 4,
                    id: "${ID}".to_owned(),
                },
                "line 4: the ssh id \"${ID}\" is known only to the engine, so its mount is left as it is; write the id out",
            ),
            (
                Note::VariableType {
                    line: 4,
                    kind: "$t".to_owned(),
                },
                "line 4: the mount type \"$t\" depends on a variable, so the mount is left as it is",
            ),
            (
                Note::Mounted {
                    line: 5,
                    target: "/etc/ssh".to_owned(),
                    secret: Secret::KnownHosts,
                },
                "line 5: the step mounts \"/etc/ssh\" itself, so verified host keys are not mounted there",
            ),
            (
                Note::Named {
                    line: 6,
                    secret: Secret::KnownHosts,
                },
                "line 6: the step names /etc/ssh/ssh_known_hosts itself, so verified host keys are not mounted there",
            ),
            (
                Note::Named {
                    line: 8,
                    secret: Secret::Gitconfig,
                },
                "line 8: the step names /etc/gitconfig itself, so https URLs are not rewritten there",
            ),
            (
                Note::VariableIdReplaced {
                    line: 9,
                    id: "$X".to_owned(),
                },
                "line 9: the ssh id \"$X\" could become the one that signs for ADD or the context, so its mount gets another",
            ),
            (
                Note::UnknownAgent { line: 9 },
                "line 9: the step's fetches go by its first ssh mount, whose id only the engine knows, so the step is not connected",
            ),
            (
                Note::OtherAgent { line: 9 },
                "line 9: the step's first ssh mount is not Keystay's, so its fetches are not either",
            ),
            (
                Note::Unchangeable { line: 7 },
                "line 7: the Dockerfile would be unreadable with its mounts, so it is left as it is",
            ),
        ] {
            assert_eq!(note.to_string(), text);
        }
    }

    #[test]
    fn text_from_the_dockerfile_is_escaped_and_cut() {
        assert_eq!(
            shown("a\u{1b}[31m\n\"\u{202e}\u{9b}\u{e9}"),
            "\"a\\u{1b}[31m\\n\\\"\\u{202e}\\u{9b}\u{e9}\""
        );
        assert_eq!(shown(&"x".repeat(81)), format!("\"{}…\"", "x".repeat(80)));
    }
}
