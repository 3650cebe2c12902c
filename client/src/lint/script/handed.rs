//! Scripts that a command hands to a shell: as a word, or as what it reads.

use std::ops::Range;

use super::{Script, Simple, program::is_shell, reader::Reader};

/// Adds the commands of the scripts that commands hand on, each behind the one that does. `room` is what is
/// read of them at most, in bytes.
pub(super) fn expand(script: Script, room: &mut usize, depth: usize) -> Script {
    let members = script.commands.iter().map(|command| command.member);
    let mut expanded = Expanded {
        commands: Vec::new(),
        places: Vec::new(),
        member: 1 + members.max().unwrap_or_default(),
    };
    for command in script.commands {
        expanded.add(command, room, depth);
    }
    Script {
        commands: expanded.commands,
        is_plain: script.is_plain,
    }
}

struct Expanded {
    commands: Vec<Simple>,
    /// The new number of each old one.
    places: Vec<usize>,
    /// The next member's number.
    member: usize,
}

impl Expanded {
    fn add(&mut self, mut command: Simple, room: &mut usize, depth: usize) {
        self.places.push(self.commands.len());
        let since = self.places.get(command.since).copied();
        command.since = since.unwrap_or(self.commands.len());
        let scripts = handed(&command);
        let outer = Simple {
            span: command.span.clone(),
            depth: command.depth,
            since: command.since,
            is_in_function: command.is_in_function,
            ..Simple::default()
        };
        self.commands.push(command);
        for (text, at) in scripts {
            if depth < DEEPEST && text.len() <= *room {
                *room -= text.len();
                let script = Reader::new(&text).read();
                self.inner(expand(script, room, depth + 1), at, &outer);
            }
        }
    }

    /// Adds the commands of a script that `outer` hands on.
    fn inner(&mut self, script: Script, at: Option<usize>, outer: &Simple) {
        let first = self.commands.len();
        let members = self.member;
        for mut command in script.commands {
            command.since = match command.since {
                0 => outer.since,
                since => first + since,
            };
            command.span = at.map_or_else(|| outer.span.clone(), |at| moved(command.span, at));
            command.depth += outer.depth;
            command.member += members;
            command.is_in_function |= outer.is_in_function;
            command.is_handed = true;
            self.member = self.member.max(command.member + 1);
            self.commands.push(command);
        }
    }
}

fn moved(span: Range<usize>, by: usize) -> Range<usize> {
    span.start + by..span.end + by
}

/// The scripts that a command hands on, and where they stand, if they stand there as they are.
fn handed(command: &Simple) -> Vec<(String, Option<usize>)> {
    let arguments = command.arguments();
    let word = match command.program() {
        "eval" => Some(arguments.join(" ")),
        "su" | "runuser" => after_option(arguments, |word| word == "-c" || word == "--command"),
        program if is_shell(program) => {
            let is_flag = |word: &str| word.contains('c') && !word.starts_with("--");
            let Some(text) = after_option(arguments, is_flag) else {
                return read_in(command);
            };
            Some(text)
        }
        "" if command.words.is_empty() => return read_in(command),
        _ => None,
    };
    word.into_iter().map(|word| (word, None)).collect()
}

/// The word behind the first option that is one of these.
fn after_option(words: &[String], is_it: impl Fn(&str) -> bool) -> Option<String> {
    let mut words = words.iter();
    words.find(|word| word.starts_with('-') && is_it(word))?;
    words.find(|word| !word.starts_with('-')).cloned()
}

/// What a shell reads that is given no other script.
fn read_in(command: &Simple) -> Vec<(String, Option<usize>)> {
    let has_script = command
        .arguments()
        .iter()
        .any(|word| !word.starts_with('-'));
    let inputs = command.inputs.iter().filter(|_| !has_script);
    let scripts = inputs.filter(|input| is_for_shell(&input.text));
    scripts
        .map(|input| (input.text.clone(), input.at))
        .collect()
}

/// Whether no other interpreter is named in a script's first line.
fn is_for_shell(text: &str) -> bool {
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("#!").is_none_or(|line| {
        let mut words = line.split([' ', '\t', '/']);
        words.any(is_shell)
    })
}

/// Scripts within scripts that are looked into.
const DEEPEST: usize = 4;
