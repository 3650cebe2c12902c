//! Mounts that stand where no flag was read.

use crate::dockerfile::{Dockerfile, Keyword};

/// The line of the first `--mount` of the text that is no flag of a step.
///
/// Readers differ in what a heredoc, a comment or a continuation is, so that what is a shell's text here may be
/// an instruction to the engine. However it reads them, an instruction needs the letters of its flags, in order:
/// blanks, line ends, quotes, escapes and comment lines between them are passed over.
pub(super) fn mount(dockerfile: &Dockerfile<'_>) -> Option<usize> {
    let letters = letters(dockerfile.source());
    let flags: Vec<_> = (dockerfile.instructions())
        .flat_map(|it| [Some(&it.command), it.trigger.as_ref()])
        .flatten()
        .filter(|command| command.keyword == Keyword::Run)
        .flat_map(|command| &command.flags)
        .filter(|flag| flag.name == "mount")
        .map(|flag| flag.span.start)
        .collect();
    let is_mount = |found: &&[(usize, u8)]| found.iter().map(|(_, letter)| letter).eq(MOUNT);
    let mut mounts = letters.windows(MOUNT.len()).filter(is_mount);
    let (at, _) = mounts.find_map(|found| found.first().filter(|(at, _)| !flags.contains(at)))?;
    let before = dockerfile.source().bytes().take(*at);
    Some(before.filter(|byte| *byte == b'\n').count() + 1)
}

/// The letters of all lines but comments, each with its place, in lower case.
fn letters(source: &str) -> Vec<(usize, u8)> {
    let mut letters = Vec::new();
    let mut start = 0;
    for line in source.split_inclusive('\n') {
        if !line.trim_start().starts_with('#') {
            let read = line
                .bytes()
                .enumerate()
                .filter(|(_, byte)| is_letter(*byte));
            letters.extend(read.map(|(at, byte)| (start + at, byte.to_ascii_lowercase())));
        }
        start += line.len();
    }
    letters
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\\`'\"".contains(&byte)
}

const MOUNT: &[u8] = b"--mount";

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Option<usize> {
        mount(&Dockerfile::parse(text).unwrap())
    }

    #[test]
    fn flags_of_steps_and_triggers_are_not_hidden() {
        for text in [
            "FROM a\nRUN --mount=type=ssh --mount=type=cache,target=/c x\n",
            "FROM a\nONBUILD RUN --mount=type=ssh x\n",
            "FROM a\n# RUN --mount=type=ssh x\nRUN a <<EOF\nmount -t tmpfs\nEOF\n",
            "\u{feff}FROM a\nRUN --network=none \\\n  # --mount\n  --mount=type=ssh x\n",
        ] {
            assert_eq!(line(text), None, "{text}");
        }
    }

    #[test]
    fn what_another_reader_may_take_for_a_flag_is_found() {
        for (text, expected) in [
            (
                "FROM a\nRUN : << \"USER 0\"\nRUN --mount=type=ssh x\nUSER 0\n",
                3,
            ),
            (
                "FROM a\nRUN : <<\"U b${x:-y}\"\nRUN --mo\\\nunt=type=ssh x\nU b${x:-y}\n",
                3,
            ),
            (
                "# check=skip=all\n# escape=`\nFROM a\nRUN : # `\nRUN --mount=type=ssh x\n",
                5,
            ),
            (
                "FROM a\nRUN cat <<E\nRUN -\\\n# x\n\u{a0}-\"m\"ount=type=ssh x\nE\n",
                3,
            ),
            ("FROM a\nRUN x --mount=type=ssh\n", 2),
            (
                "# check=a\n# escape=`\nFROM a\nRUN \\\n--network=none --mount=type=ssh x\n",
                5,
            ),
            ("FROM a\nFOO --mount=type=ssh x\n", 2),
            ("FROM a\nRUN --MOUNT=type=ssh x\n", 2),
            ("FROM a\nLABEL x=--MOUNT=type=ssh\n", 2),
        ] {
            assert_eq!(line(text), Some(expected), "{text}");
        }
    }
}
