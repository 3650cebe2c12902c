//! The way from a text to its commands.

use std::{collections::VecDeque, ops::Range};

use super::{Input, Script, Simple, branches::Branches};

/// How a text is written.
#[derive(Clone, Debug)]
pub(super) struct Form<'a> {
    /// What continues lines.
    pub(super) escape: char,
    /// Whether lines are continued before the shell sees them, and comment lines between them dropped, as in a
    /// Dockerfile's own lines; its heredocs stand behind them, and are given here.
    pub(super) joined: Option<VecDeque<Heredoc<'a>>>,
}

impl Form<'_> {
    /// That of a script of its own.
    pub(super) const SHELL: Self = Self {
        escape: '\\',
        joined: None,
    };
}

/// A heredoc that stands behind a text.
#[derive(Clone, Debug)]
pub(in crate::lint) struct Heredoc<'a> {
    pub(in crate::lint) name: &'a str,
    pub(in crate::lint) text: &'a str,
    /// Where it begins, counted from the start of the text that was read.
    pub(in crate::lint) at: usize,
}

/// Reads one text.
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    form: Form<'a>,
    /// Where the heredocs of this line begin and end, once there is one.
    bodies: Range<usize>,
    /// Heredocs whose end was looked for and is not there.
    without_end: usize,
    script: Script,
    member: usize,
    branches: Branches,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, form: &Form<'a>) -> Self {
        Self {
            text,
            at: 0,
            form: form.clone(),
            bodies: 0..0,
            without_end: 0,
            script: Script {
                is_plain: true,
                ..Script::default()
            },
            member: 0,
            branches: Branches::default(),
        }
    }

    /// The commands of the text, without those of the scripts that they hand on.
    pub(super) fn read(mut self) -> Script {
        self.list(0, None);
        self.script
    }
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn takes(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    /// Passes over a line that goes on, and the comment and blank lines of a Dockerfile behind it.
    fn continues(&mut self) -> bool {
        let Some(behind) = self.rest().strip_prefix(self.form.escape) else {
            return false;
        };
        let trimmed = behind.trim_start_matches([' ', '\t', '\r']);
        if !trimmed.starts_with('\n') {
            return false;
        }
        self.at = self.text.len() - trimmed.len() + 1;
        while self.form.joined.is_some() {
            let line = self.rest().split_inclusive('\n').next().unwrap_or_default();
            let text = line.trim();
            if line.is_empty() || !(text.is_empty() || text.starts_with('#')) {
                break;
            }
            self.at += line.len();
        }
        true
    }

    fn blanks(&mut self) {
        while self.continues() || self.peek().is_some_and(|c| matches!(c, ' ' | '\t' | '\r')) {
            if self.peek().is_some_and(|c| matches!(c, ' ' | '\t' | '\r')) {
                self.next();
            }
        }
    }

    /// Reads commands until the end, or the character that closes a substitution.
    fn list(&mut self, depth: usize, close: Option<char>) {
        let mut command = Simple::default();
        loop {
            self.blanks();
            let start = self.at;
            let Some(c) = self.peek() else { break };
            if Some(c) == close && !(c == ')' && self.branches.is_in_parenthesis()) {
                self.next();
                break;
            }
            if c == '#' {
                self.comment();
            } else if let Some(joint) = self.joint(depth) {
                self.push(&mut command, depth);
                self.branches.joined(joint, self.script.commands.len());
                if !matches!(joint, "|" | "|&") && depth == 0 {
                    self.member += 1;
                }
            } else if self.redirect(&mut command, depth) {
                command.span.end = self.at;
            } else {
                if command.is_empty() {
                    command.span = start..start;
                }
                let word = self.word(depth, close);
                if command.words.is_empty() && RESERVED.contains(&word.as_str()) {
                    self.script.is_plain = false;
                    let next = self.script.commands.len();
                    self.branches.reserved(&word, next, self.asks_for_a_file());
                } else {
                    command.words.push(word);
                }
                command.span.end = self.at;
                if self.at == start {
                    self.next();
                }
            }
        }
        self.push(&mut command, depth);
    }

    fn push(&mut self, command: &mut Simple, depth: usize) {
        let mut done = std::mem::take(command);
        if !done.is_empty() {
            done.depth = depth;
            done.member = self.member;
            done.since = self.branches.since();
            done.is_in_function = self.branches.is_function();
            self.script.commands.push(done);
        }
    }

    /// Whether the last command only asks whether a file is there.
    fn asks_for_a_file(&self) -> bool {
        let words = (self.script.commands.last()).map(|command| command.words.as_slice());
        matches!(words, Some([test, option, ..])
            if ["[", "[[", "test"].contains(&test.as_str())
                && ["-e", "-f", "-s", "-d"].contains(&option.as_str()))
    }

    fn comment(&mut self) {
        let line = self.rest().split('\n').next().map_or(0, str::len);
        // In joined lines a comment takes the rest with it.
        self.at = if self.form.joined.is_some() {
            self.text.len()
        } else {
            self.at + line
        };
        self.script.is_plain = false;
    }

    /// Passes over what stands between commands, and says what it is.
    fn joint(&mut self, depth: usize) -> Option<&'static str> {
        if self.rest().starts_with("&>") {
            return None;
        }
        let joint = JOINTS.into_iter().find(|joint| self.takes(joint))?;
        if matches!(joint, "||" | "&" | "(" | ")") {
            self.script.is_plain &= depth > 0;
        }
        if joint == "\n" && self.at == self.bodies.start {
            self.at = self.bodies.end;
        }
        Some(joint)
    }

    fn redirect(&mut self, command: &mut Simple, depth: usize) -> bool {
        let digits = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        let behind = self.rest().get(digits..).unwrap_or_default();
        let behind = if digits == 0 {
            behind
                .strip_prefix('&')
                .filter(|text| text.starts_with('>'))
                .unwrap_or(behind)
        } else {
            behind
        };
        let Some(operator) = REDIRECTS
            .iter()
            .find(|operator| behind.starts_with(**operator))
        else {
            return false;
        };
        if command.is_empty() {
            command.span = self.at..self.at;
        }
        self.at = self.text.len() - behind.len() + operator.len();
        self.blanks();
        let start = self.at;
        let target = self.word(depth, None);
        let is_quoted = (self.text.get(start..self.at)).is_some_and(|text| text.contains(QUOTES));
        match *operator {
            "<<<" => command.inputs.push(Input {
                text: target.clone(),
                at: None,
                is_expanded: true,
            }),
            "<<" | "<<-" => {
                let body = self.heredoc(&target, *operator == "<<-");
                command.inputs.extend(body.map(|(text, at)| Input {
                    text: text.to_owned(),
                    at: Some(at),
                    is_expanded: !is_quoted,
                }));
            }
            _ => {}
        }
        if operator.starts_with('>') && *operator != ">&" {
            command.writes.push(target);
        }
        true
    }

    /// The heredoc of this name: one that was given, or the lines behind this one.
    fn heredoc(&mut self, name: &str, strips_tabs: bool) -> Option<(&'a str, usize)> {
        if let Some(given) = &mut self.form.joined {
            let mut next = given.iter().take(MOST_AHEAD);
            let number = next.position(|heredoc| heredoc.name == name)?;
            let heredoc = given.remove(number)?;
            return Some((heredoc.text, heredoc.at));
        }
        if self.without_end >= MOST_AHEAD {
            return None;
        }
        if self.bodies.start <= self.at {
            let lines = self.rest().split_inclusive('\n');
            let mut is_continued = true;
            let line = lines.take_while(|line| {
                let is_of_it = is_continued;
                is_continued = line.trim_end_matches(['\r', '\n']).ends_with('\\');
                is_of_it
            });
            let end = self.at + line.map(str::len).sum::<usize>();
            self.bodies = end..end;
        }
        let start = self.bodies.end;
        let mut at = start;
        for line in self.text.get(start..)?.split_inclusive('\n') {
            let text = line.trim_end_matches(['\r', '\n']);
            let text = if strips_tabs {
                text.trim_start_matches('\t')
            } else {
                text
            };
            if text == name {
                self.bodies.end = at + line.len();
                return Some((self.text.get(start..at)?, start));
            }
            at += line.len();
        }
        self.without_end += 1;
        None
    }

    fn word(&mut self, depth: usize, close: Option<char>) -> String {
        let mut word = String::new();
        while let Some(c) = self.peek() {
            if self.continues() {
                continue;
            }
            if Some(c) == close || " \t\r\n;&|()<>".contains(c) {
                break;
            }
            self.next();
            match c {
                '\'' => self.quoted(&mut word),
                '"' => self.double_quoted(&mut word, depth),
                '\\' => word.extend(self.next()),
                '$' | '`' => self.dollar(c, &mut word, depth),
                c => word.push(c),
            }
        }
        word
    }

    fn quoted(&mut self, word: &mut String) {
        while let Some(c) = self.next().filter(|c| *c != '\'') {
            word.push(c);
        }
    }

    fn double_quoted(&mut self, word: &mut String, depth: usize) {
        loop {
            if self.continues() {
                continue;
            }
            match self.next() {
                None | Some('"') => return,
                Some('\\') => word.extend(self.next()),
                Some(c @ ('$' | '`')) => self.dollar(c, word, depth),
                Some(c) => word.push(c),
            }
        }
    }

    /// The length of a sum, `((…))`, which has no commands.
    fn sum(&self) -> Option<usize> {
        let text = self.rest().strip_prefix("((")?;
        let mut pairs = text.as_bytes().windows(2).take(LONGEST_SUM);
        pairs.position(|pair| pair == b"))").map(|end| end + 4)
    }

    /// A substitution's commands are read on their own; its text stays in the word.
    fn dollar(&mut self, first: char, word: &mut String, depth: usize) {
        let start = self.at - 1;
        if let Some(length) = self.sum().filter(|_| first == '$') {
            self.at += length;
        } else if first == '`' || self.rest().starts_with('(') {
            let close = if first == '`' { '`' } else { ')' };
            if first == '$' {
                self.next();
            }
            if depth < DEEPEST {
                let outside = self.branches.enter(self.script.commands.len());
                self.list(depth + 1, Some(close));
                self.branches.leave(outside);
            } else {
                self.script.is_plain = false;
                self.at = self.text.len();
            }
        } else if self.takes("{") {
            while self.next().is_some_and(|c| c != '}') {}
        }
        word.push_str(self.text.get(start..self.at).unwrap_or_default());
    }
}

const QUOTES: [char; 3] = ['\'', '"', '\\'];
/// What stands between commands; the longer ones come first.
const JOINTS: [&str; 9] = ["&&", "||", "|&", "|", "&", ";", "\n", "(", ")"];
const REDIRECTS: [&str; 9] = ["<<<", "<<-", "<<", ">>", ">|", ">&", ">", "<&", "<"];
const RESERVED: [&str; 14] = [
    "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "{",
    "}",
];
/// Substitutions within substitutions that are looked into.
const DEEPEST: usize = 16;
/// As far as the end of a sum is looked for, in bytes.
const LONGEST_SUM: usize = 4096;
/// Heredocs that are looked for where they may not be, so that a long script takes no long time.
const MOST_AHEAD: usize = 64;
