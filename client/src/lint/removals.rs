//! What a step deletes again of what it wrote.

use std::collections::HashMap;

use super::{
    paths::{folders, matches, normal},
    script::{self, Simple},
    step::Step,
};

/// The paths that a command deletes.
pub(super) fn deleted(command: &Simple) -> impl Iterator<Item = &str> {
    let is_removal = matches!(command.program(), "rm" | "shred" | "unlink");
    let paths = command.arguments().iter().filter(move |_| is_removal);
    paths
        .map(String::as_str)
        .filter(|path| !path.starts_with('-'))
}

/// The removals of a step.
#[derive(Debug, Default)]
pub(super) struct Removals {
    paths: HashMap<String, Vec<Removal>>,
    patterns: Vec<(String, Removal)>,
}

/// One of a path: of what is written by its commands from `since` on up to the one before `until`.
#[derive(Clone, Copy, Debug)]
struct Removal {
    since: usize,
    until: usize,
    /// Whether what is below the path is deleted, too.
    is_whole: bool,
}

impl Removals {
    /// Reads the commands of a step, which are known by their numbers.
    pub(super) fn of(step: &Step<'_>) -> Self {
        let mut removals = Self::default();
        for (number, command) in step.script.commands.iter().enumerate() {
            let since = command.since;
            let until = if command.is_in_function {
                usize::MAX
            } else {
                number
            };
            removals.add(command, since, until);
            for command in at_exit(command) {
                removals.add(&command, since, usize::MAX);
            }
        }
        removals
    }

    /// Whether a path that a command writes is deleted behind it, and not only sometimes.
    pub(super) fn take(&self, path: &str, number: usize) -> bool {
        let path = normal(path);
        let is_it = |removal: &Removal| removal.since <= number && number < removal.until;
        folders(&path).enumerate().any(|(above, folder)| {
            let is_it = |removal: &Removal| is_it(removal) && (above == 0 || removal.is_whole);
            let named = self.paths.get(folder).into_iter().flatten();
            let patterns = self.patterns.iter();
            named.into_iter().any(is_it)
                || patterns
                    .filter(|(_, removal)| is_it(removal))
                    .any(|(pattern, _)| matches(pattern, folder))
        })
    }

    fn add(&mut self, command: &Simple, since: usize, until: usize) {
        let mut options = command.arguments().iter();
        let removal = Removal {
            since,
            until,
            is_whole: options.any(|word| is_recursive(word)),
        };
        for path in deleted(command) {
            let path = normal(path);
            if path.contains(['*', '?']) {
                if self.patterns.len() < MOST {
                    self.patterns.push((path, removal));
                }
                continue;
            }
            let known = self.paths.entry(path).or_default();
            // The later one says the same of more commands.
            known.retain(|known| known.since < since || known.is_whole != removal.is_whole);
            if known.len() < MOST {
                known.push(removal);
            }
        }
    }
}

/// Whether a word makes `rm` delete folders.
fn is_recursive(word: &str) -> bool {
    match word.strip_prefix('-') {
        Some(long) if long.starts_with('-') => long == "-recursive",
        Some(short) => short.contains(['r', 'R']),
        None => false,
    }
}

/// The commands that `trap` keeps for the shell's end.
fn at_exit(command: &Simple) -> Vec<Simple> {
    match command.arguments() {
        [text, signals @ ..] if command.program() == "trap" => {
            let is_exit = signals
                .iter()
                .any(|signal| signal == "EXIT" || signal == "0");
            let script = is_exit.then(|| script::read(text));
            script.map(|script| script.commands).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// Removals of one path, or of patterns, that are kept in mind, so that a long script takes no long time.
const MOST: usize = 64;
