//! The way from a text to its commands.

mod words;

use std::collections::VecDeque;

use super::{
    Input, Script, Simple,
    branches::Branches,
    heredocs::{Heredoc, Heredocs},
};

/// Reads one text.
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    escape: char,
    is_joined: bool,
    heredocs: Heredocs<'a>,
    script: Script,
    member: usize,
    branches: Branches,
    /// How many substitutions there were.
    dollars: usize,
}

impl<'a> Reader<'a> {
    /// For a script.
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            escape: '\\',
            is_joined: false,
            heredocs: Heredocs::among(),
            script: Script {
                is_plain: true,
                ..Script::default()
            },
            member: 0,
            branches: Branches::default(),
            dollars: 0,
        }
    }

    /// For lines that are continued by `escape` before the shell sees them, with the comment lines between
    /// them dropped, as a Dockerfile's own lines are. Its heredocs stand behind them.
    pub(super) fn joined(text: &'a str, escape: char, heredocs: VecDeque<Heredoc<'a>>) -> Self {
        Self {
            escape,
            is_joined: true,
            heredocs: Heredocs::Behind(heredocs),
            ..Self::new(text)
        }
    }

    /// The commands of the text, without those of the scripts that they hand on.
    pub(super) fn read(mut self) -> Script {
        self.list(0, None);
        self.script
    }

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
        let Some(behind) = self.rest().strip_prefix(self.escape) else {
            return false;
        };
        let trimmed = behind.trim_start_matches([' ', '\t', '\r']);
        if !trimmed.starts_with('\n') {
            return false;
        }
        self.at = self.text.len() - trimmed.len() + 1;
        while self.is_joined {
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
                let dollars = self.dollars;
                let word = self.word(depth, close);
                if command.words.is_empty() && RESERVED.contains(&word.as_str()) {
                    self.script.is_plain = false;
                    let next = self.script.commands.len();
                    self.branches.reserved(&word, next, self.asks_for_a_file());
                } else {
                    if word.contains('$') && self.dollars == dollars {
                        command.literal.push(command.words.len());
                    }
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
            if done.words.is_empty() {
                self.write_group(&done.writes);
            }
            done.depth = depth;
            done.member = self.member;
            done.since = self.branches.since();
            done.is_in_function = self.branches.is_function();
            self.script.commands.push(done);
        }
    }

    /// Takes note that the output of the group that ends here goes to files.
    fn write_group(&mut self, files: &[String]) {
        let group = self.branches.group(self.script.commands.len());
        let commands = group.and_then(|group| self.script.commands.get_mut(group));
        for command in commands.into_iter().flatten() {
            command.writes.extend_from_slice(files);
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
        self.at = if self.is_joined {
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
        if joint == "\n" {
            self.at = self.heredocs.behind(self.at);
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
        let word = self.text.get(start..self.at).unwrap_or_default();
        let is_quoted = word.contains(QUOTES);
        command
            .inputs
            .extend(self.input(operator, &target, is_quoted));
        if operator.starts_with('>') && *operator != ">&" {
            command.writes.push(target);
        }
        true
    }

    /// What an operator with this word makes the command read.
    fn input(&mut self, operator: &str, word: &str, is_quoted: bool) -> Option<Input> {
        if operator == "<<<" {
            return Some(Input {
                text: word.to_owned(),
                at: None,
                is_expanded: true,
            });
        }
        let strips_tabs = operator == "<<-";
        if !strips_tabs && operator != "<<" {
            return None;
        }
        let (text, at) = (self.heredocs).take(self.text, self.at, word, strips_tabs)?;
        Some(Input {
            text: text.to_owned(),
            at: Some(at),
            is_expanded: !is_quoted,
        })
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
