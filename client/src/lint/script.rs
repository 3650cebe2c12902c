//! What a step's shell runs: the simple commands of a script, where each stands, and how they are joined
//! (POSIX.1-2017, Shell Command Language, §2.9). It is read well enough to see what is run with which
//! words; nothing is expanded, and whatever is not understood has no place in a repair.

mod branches;
mod reader;

pub(super) use reader::read;

use std::ops::Range;

/// A script.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Script {
    /// The commands in the order in which they begin, those within substitutions among them.
    pub(super) commands: Vec<Simple>,
    /// Whether it is a plain list: no loop, condition, group, pipe between or alternative, so that taking
    /// one of its commands out leaves the others what they are.
    pub(super) is_plain: bool,
}

/// One simple command.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Simple {
    /// Its words, quotes resolved.
    pub(super) words: Vec<String>,
    /// The files that its output goes to.
    pub(super) writes: Vec<String>,
    /// Where it stands in the text that was read.
    pub(super) span: Range<usize>,
    /// How deep in substitutions.
    pub(super) depth: usize,
    /// The number of the list's member that it belongs to: those of one pipe share it.
    pub(super) member: usize,
    /// The number of the first command from which on all run that stand up to this one; it may not run where
    /// only earlier ones do.
    pub(super) since: usize,
    /// Whether it is in a function, and runs when that is called.
    pub(super) is_in_function: bool,
}

impl Simple {
    /// The program that it runs, without its folder; words that only prepare another are passed over.
    pub(super) fn program(&self) -> &str {
        let word = self.words.iter().find(|word| {
            !(PREFIXES.contains(&word.as_str()) || is_assignment(word) || word.starts_with('-'))
        });
        let word = word.map_or("", String::as_str);
        word.rsplit('/').next().unwrap_or_default()
    }

    /// The words behind the program.
    pub(super) fn arguments(&self) -> &[String] {
        let program = self.program();
        let at = (self.words.iter()).position(|word| word.rsplit('/').next() == Some(program));
        let behind = at.map_or(self.words.len(), |at| at + 1);
        self.words.get(behind..).unwrap_or_default()
    }

    /// The files that it writes: where its output goes, and the arguments of `tee`.
    pub(super) fn outputs(&self) -> impl Iterator<Item = String> {
        let is_tee = self.program() == "tee";
        let files = self
            .arguments()
            .iter()
            .filter(move |word| is_tee && !word.starts_with('-'));
        self.writes.iter().chain(files).cloned()
    }
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

/// Words before a program's name that do not change what it is.
const PREFIXES: [&str; 8] = ["sudo", "env", "exec", "time", "command", "eval", "!", "set"];

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Vec<String>> {
        let commands = read(text, '\\', true).commands;
        commands.into_iter().map(|command| command.words).collect()
    }

    #[test]
    fn commands_are_told_apart() {
        assert_eq!(
            words("a b && c 'd e' ; f\\ g | h"),
            [vec!["a", "b"], vec!["c", "d e"], vec!["f g"], vec!["h"]]
        );
        assert_eq!(
            words("a \\\n  # note\n\n  b && \\\n c"),
            [vec!["a", "b"], vec!["c"]]
        );
        assert_eq!(words("if a; then b; fi"), [vec!["a"], vec!["b"]]);
        assert_eq!(
            words("echo \"$(cat /x)\""),
            [vec!["cat", "/x"], vec!["echo", "$(cat /x)"]]
        );
    }

    #[test]
    fn output_is_followed_to_its_file() {
        let script = read("echo x >> /a 2>/dev/null && b &> c", '\\', true);
        let writes: Vec<_> = script.commands.iter().map(|c| c.writes.clone()).collect();
        assert_eq!(writes, [vec!["/a", "/dev/null"], vec!["c"]]);
    }

    #[test]
    fn spans_hold_each_command() {
        let text = "mkdir a && \\\n  x > y && z";
        let script = read(text, '\\', true);
        let texts: Vec<_> = script
            .commands
            .iter()
            .map(|c| &text[c.span.clone()])
            .collect();
        assert_eq!(texts, ["mkdir a", "x > y", "z"]);
        assert!(script.is_plain);
    }

    #[test]
    fn only_plain_lists_can_be_taken_apart() {
        for text in [
            "a || b",
            "(a; b)",
            "if a; then b; fi",
            "a & b",
            "a && b # c",
        ] {
            assert!(!read(text, '\\', true).is_plain, "{text}");
        }
        assert!(read("a | b && c", '\\', true).is_plain);
    }

    #[test]
    fn programs_are_found_behind_what_prepares_them() {
        let script = read("A=b sudo /usr/bin/ssh-add -k x", '\\', true);
        assert_eq!(script.commands[0].program(), "ssh-add");
        assert_eq!(script.commands[0].arguments(), ["-k", "x"]);
    }
}
