//! Which commands run only sometimes, or at another time, told by where they stand. Commands are known by
//! their numbers.

use std::ops::Range;

/// What is open at a place of a script.
#[derive(Debug, Default)]
pub(super) struct Branches {
    open: Vec<Open>,
    /// The first command of an alternative (`||`) that is not read to its end.
    alternative: Option<usize>,
    /// The command that comes next behind `name ()`.
    body: Option<usize>,
    /// The commands of the group that ends before the next one.
    group: Range<usize>,
}

/// A compound command.
#[derive(Clone, Copy, Debug)]
struct Open {
    close: &'static str,
    /// The first command of it, or of its last condition.
    first: usize,
    /// The first of those that run together, or not.
    since: usize,
    is_loop: bool,
    is_function: bool,
}

/// What was open where a substitution begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outside {
    depth: usize,
    alternative: Option<usize>,
}

impl Branches {
    /// The first command from which on all run up to this place: an earlier one may run without what comes here.
    pub(super) fn since(&self) -> usize {
        let open = self.open.last().map_or(0, |open| open.since);
        self.alternative.unwrap_or(open)
    }

    /// The commands of the group that ends before the one of this number, and whose output its own is.
    pub(super) fn group(&self, next: usize) -> Option<Range<usize>> {
        let is_short = self.group.end == next && self.group.len() <= LONGEST_GROUP;
        is_short.then(|| self.group.clone())
    }

    /// Whether this place is in a function.
    pub(super) fn is_function(&self) -> bool {
        self.open.last().is_some_and(|open| open.is_function)
    }

    /// Takes note of what joins the command of this number to those before it.
    pub(super) fn joined(&mut self, joint: &str, next: usize) {
        self.group = 0..0;
        match joint {
            "(" => self.begin(")", next),
            ")" => {
                let is_empty = (self.end(")", next)).is_some_and(|open| open.first == next);
                self.body = is_empty.then_some(next);
            }
            "||" => self.alternative = Some(next),
            "|" | "|&" => {}
            _ => self.alternative = None,
        }
    }

    /// Takes note of a reserved word before the command of this number. `is_there` says that the command
    /// before it only asks whether a file is there.
    pub(super) fn reserved(&mut self, word: &str, next: usize, is_there: bool) {
        match word {
            "{" => self.begin("}", next),
            "if" => self.begin("fi", next),
            "for" | "while" | "until" => {
                self.begin("done", next);
                self.change(|open| open.is_loop = word != "for");
            }
            "case" => {
                self.begin("esac", next);
                self.change(|open| open.since = next);
            }
            "then" => self.change(|open| {
                if !(is_there && open.first + 1 == next) {
                    open.since = next;
                }
            }),
            "else" | "elif" => self.change(|open| (open.first, open.since) = (next, next)),
            "do" => self.change(|open| {
                if open.is_loop {
                    open.since = next;
                }
            }),
            "}" | "fi" | "done" | "esac" => drop(self.end(word, next)),
            _ => {}
        }
    }

    /// Goes into a substitution.
    pub(super) fn enter(&mut self, next: usize) -> Outside {
        let outside = Outside {
            depth: self.open.len(),
            alternative: self.alternative,
        };
        self.begin("", next);
        outside
    }

    /// Goes out of it.
    pub(super) fn leave(&mut self, outside: Outside) {
        self.open.truncate(outside.depth);
        self.alternative = outside.alternative;
    }

    /// Whether what is open last is a parenthesis, and no substitution.
    pub(super) fn is_in_parenthesis(&self) -> bool {
        self.open.last().is_some_and(|open| open.close == ")")
    }

    fn begin(&mut self, close: &'static str, next: usize) {
        self.open.push(Open {
            close,
            first: next,
            since: self.since(),
            is_loop: false,
            is_function: self.is_function() || self.body == Some(next),
        });
        self.alternative = None;
    }

    fn change(&mut self, change: impl FnOnce(&mut Open)) {
        self.alternative = None;
        if let Some(open) = self.open.last_mut() {
            change(open);
        }
    }

    fn end(&mut self, close: &str, next: usize) -> Option<Open> {
        let open = self.open.pop_if(|open| open.close == close)?;
        self.group = open.first..next;
        Some(open)
    }
}

/// Commands of a group whose output is followed, so that a long script takes no long time.
const LONGEST_GROUP: usize = 64;
