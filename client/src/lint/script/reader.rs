//! The way from a text to its commands.

use super::{Script, Simple, branches::Branches};

/// Reads a script. `escape` continues lines; `is_joined` says that lines are continued before the shell
/// sees them, and comment lines between them dropped, as in a Dockerfile's own lines.
pub(in crate::lint) fn read(text: &str, escape: char, is_joined: bool) -> Script {
    let mut reader = Reader {
        text,
        at: 0,
        escape,
        is_joined,
        script: Script {
            is_plain: true,
            ..Script::default()
        },
        member: 0,
        branches: Branches::default(),
    };
    reader.list(0, None);
    reader.script
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    escape: char,
    is_joined: bool,
    script: Script,
    member: usize,
    branches: Branches,
}

impl Reader<'_> {
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
                if command.words.is_empty() && command.writes.is_empty() {
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
        if !(done.words.is_empty() && done.writes.is_empty()) {
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
        if command.words.is_empty() && command.writes.is_empty() {
            command.span = self.at..self.at;
        }
        self.at = self.text.len() - behind.len() + operator.len();
        self.blanks();
        let target = self.word(depth, None);
        if operator.starts_with('>') && *operator != ">&" {
            command.writes.push(target);
        }
        true
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

    /// A substitution's commands are read on their own; its text stays in the word.
    fn dollar(&mut self, first: char, word: &mut String, depth: usize) {
        let start = self.at - 1;
        if first == '`' || self.rest().starts_with('(') {
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

/// What stands between commands; the longer ones come first.
const JOINTS: [&str; 9] = ["&&", "||", "|&", "|", "&", ";", "\n", "(", ")"];
const REDIRECTS: [&str; 9] = ["<<<", "<<-", "<<", ">>", ">|", ">&", ">", "<&", "<"];
const RESERVED: [&str; 14] = [
    "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "{",
    "}",
];
/// Substitutions within substitutions that are looked into.
const DEEPEST: usize = 16;
