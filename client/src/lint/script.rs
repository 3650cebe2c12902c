//! What a step's shell runs: the simple commands of a script, where each stands, and how they are joined
//! (POSIX.1-2017, Shell Command Language, §2.9). It is read well enough to see what is run with which
//! words; nothing is expanded, and whatever is not understood has no place in a repair.

mod branches;
mod handed;
mod heredocs;
mod program;
mod reader;

pub(super) use heredocs::Heredoc;
pub(super) use program::is_shell;

use std::{borrow::Cow, collections::VecDeque, ops::Range};

use self::reader::Reader;

/// Reads a script, and those that it hands to other shells.
pub(super) fn read(text: &str) -> Script {
    expanded(Reader::new(text).read(), text.len())
}

/// Reads the lines of a Dockerfile that its shell runs, of which `escape` continues each, and their heredocs.
pub(super) fn read_lines(text: &str, escape: char, heredocs: VecDeque<Heredoc<'_>>) -> Script {
    let behind = heredocs.iter().map(|heredoc| heredoc.text.len());
    let length = text.len() + behind.sum::<usize>();
    expanded(Reader::joined(text, escape, heredocs).read(), length)
}

/// A script of one command, which no shell reads.
pub(super) fn exec(words: &[String]) -> Script {
    let command = Simple {
        words: words.to_vec(),
        ..Simple::default()
    };
    let script = Script {
        commands: vec![command],
        is_plain: false,
    };
    expanded(script, words.iter().map(String::len).sum())
}

/// What is handed on is read as often as scripts stand within each other, so there is a limit.
fn expanded(script: Script, length: usize) -> Script {
    handed::expand(script, &mut (4 * length), 0)
}

/// A script.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Script {
    /// The commands in the order in which they begin, those within substitutions and of other scripts among them.
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
    /// Which of them, in their order, have a dollar sign that expands nothing, for they are quoted.
    pub(super) literal: Vec<usize>,
    /// The files that its output goes to.
    pub(super) writes: Vec<String>,
    /// What it reads that stands in the script.
    pub(super) inputs: Vec<Input>,
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
    /// Whether it is of a script that another command hands on.
    pub(super) is_handed: bool,
}

/// A heredoc, or a word that is read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Input {
    pub(super) text: String,
    /// Where it stands in the text that was read, if it does as it is.
    pub(super) at: Option<usize>,
    /// Whether variables in it are expanded.
    pub(super) is_expanded: bool,
}

impl Simple {
    /// The program that it runs, without its folder; words that only prepare another are passed over.
    pub(super) fn program(&self) -> &str {
        let word = self.words.get(program::place(&self.words));
        let word = word.map_or("", String::as_str);
        word.rsplit('/').next().unwrap_or_default()
    }

    /// The words behind the program.
    pub(super) fn arguments(&self) -> &[String] {
        let behind = program::place(&self.words) + 1;
        self.words.get(behind..).unwrap_or_default()
    }

    /// The texts that the shell expands for it: its words, and what it reads.
    pub(super) fn texts(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let words = self.words.iter().enumerate();
        let words = words.filter(|(number, _)| self.literal.binary_search(number).is_err());
        let inputs = self.inputs.iter().filter(|input| input.is_expanded);
        let words = words.map(|(_, word)| Cow::Borrowed(word.as_str()));
        words.chain(inputs.map(|input| unescaped(&input.text)))
    }

    /// The files that it writes: where its output goes, and the arguments of `tee` and of `sed -i`.
    pub(super) fn outputs(&self) -> impl Iterator<Item = String> {
        let is_option = |word: &&String| word.starts_with('-');
        let arguments = self.arguments().iter();
        // The words that are no files.
        let first = match self.program() {
            "tee" => 0,
            "sed" if arguments.clone().any(|word| word.starts_with("-i")) => {
                usize::from(!arguments.clone().any(|word| word == "-e"))
            }
            _ => usize::MAX,
        };
        let files = arguments.filter(move |word| !is_option(word)).skip(first);
        self.writes.iter().chain(files).cloned()
    }

    fn is_empty(&self) -> bool {
        self.words.is_empty() && self.writes.is_empty() && self.inputs.is_empty()
    }
}

/// The text of a heredoc without the dollar signs that expand nothing.
pub(super) fn unescaped(text: &str) -> Cow<'_, str> {
    if text.contains("\\$") {
        text.replace("\\$", "").into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Vec<String>> {
        let commands = read_lines(text, '\\', VecDeque::new()).commands;
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
        let script = read_lines("echo x >> /a 2>/dev/null && b &> c", '\\', VecDeque::new());
        let writes: Vec<_> = script.commands.iter().map(|c| c.writes.clone()).collect();
        assert_eq!(writes, [vec!["/a", "/dev/null"], vec!["c"]]);
    }

    #[test]
    fn spans_hold_each_command() {
        let text = "mkdir a && \\\n  x > y && z";
        let script = read_lines(text, '\\', VecDeque::new());
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
            assert!(!read_lines(text, '\\', VecDeque::new()).is_plain, "{text}");
        }
        assert!(read_lines("a | b && c", '\\', VecDeque::new()).is_plain);
    }

    #[test]
    fn programs_are_found_behind_what_prepares_them() {
        let script = read_lines("A=b sudo /usr/bin/ssh-add -k x", '\\', VecDeque::new());
        assert_eq!(script.commands[0].program(), "ssh-add");
        assert_eq!(script.commands[0].arguments(), ["-k", "x"]);
    }

    #[test]
    fn programs_are_found_behind_options_with_values() {
        for (text, program) in [
            ("sudo -u git git clone x", "git"),
            ("env -i A=b ssh-add", "ssh-add"),
            ("timeout -k 5 60 ssh-keyscan a", "ssh-keyscan"),
            ("gosu app ssh-add", "ssh-add"),
            ("sudo --user=a -- ssh-add", "ssh-add"),
            ("command -v ssh-agent", "command"),
            ("set -ex", "set"),
            ("A=b", ""),
        ] {
            assert_eq!(read(text).commands[0].program(), program, "{text}");
        }
    }

    #[test]
    fn scripts_that_are_handed_on_are_read() {
        for text in [
            "bash -c 'a && ssh-add k'",
            "sh -ceu \"a; ssh-add k\"",
            "bash -o pipefail -c 'a | ssh-add k'",
            "su -c 'ssh-add k'",
            "su - user -c 'ssh-add k'",
            "runuser -l user -c 'ssh-add k'",
            "sudo -u user sh -c 'ssh-add k'",
            "eval ssh-add k",
            "eval \"a; ssh-add k\"",
            "bash -c \"sh -c 'ssh-add k'\"",
            "bash -e <<EOF\nssh-add k\nEOF\n",
            "sh <<'EOF' >/log\nssh-add k\nEOF\n",
            "su user <<< a -c 'ssh-add k'",
        ] {
            let commands = read(text).commands;
            let found = commands
                .iter()
                .find(|command| command.program() == "ssh-add");
            assert!(
                found.is_some_and(|command| command.is_handed),
                "{text}\n{commands:?}"
            );
        }
        for text in [
            "bash x <<EOF\nssh-add k\nEOF",
            "echo 'ssh-add k'",
            "bash -x 'ssh-add k'",
        ] {
            let commands = read(text).commands;
            assert!(
                commands
                    .iter()
                    .all(|command| command.program() != "ssh-add"),
                "{text}"
            );
        }
    }

    #[test]
    fn heredocs_are_no_commands() {
        for text in [
            "cat <<EOF >f\nssh-add k\nEOF\nb",
            "cat <<-'E F' >f && \\\n x\n\tssh-add\n\tE F\nb",
            "cat <<A - <<B\nssh-add\nA\nssh-add\nB\nb",
            "x=$(cat <<EOF\nssh-add )\nEOF\n)\nb",
            "python3 <<EOF\nssh-add\nEOF\nb",
        ] {
            let script = read(text);
            let programs: Vec<_> = script.commands.iter().map(Simple::program).collect();
            assert!(!programs.contains(&"ssh-add"), "{text}\n{programs:?}");
            assert_eq!(programs.last(), Some(&"b"), "{text}");
        }
        for text in [
            "echo $((1<<2))\nssh-add",
            "((x<<2))\nssh-add",
            "a <<EOF\nssh-add",
        ] {
            let commands = read(text).commands;
            let last = commands.last().map(Simple::program);
            assert_eq!(last, Some("ssh-add"), "{text}");
        }
    }
}
