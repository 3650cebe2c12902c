//! The words of a command, and the substitutions in them.

use super::Reader;

impl Reader<'_> {
    /// Reads a word, its quotes resolved.
    pub(super) fn word(&mut self, depth: usize, close: Option<char>) -> String {
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
        self.dollars += 1;
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

/// Substitutions within substitutions that are looked into.
const DEEPEST: usize = 16;
/// As far as the end of a sum is looked for, in bytes.
const LONGEST_SUM: usize = 4096;
