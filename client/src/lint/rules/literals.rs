//! L14: secrets that stand in the Dockerfile.

use crate::lint::{Problem, rule::L14, step::File};

pub(super) fn check(file: &File<'_>, problems: &mut Vec<Problem>) {
    let lines = file.dockerfile.source().lines().zip(1..);
    for (line, number) in lines {
        if let Some(what) = literal(line) {
            problems.push(Problem::new(&L14, number, format!("{what} stands here")));
        }
    }
}

fn literal(line: &str) -> Option<&'static str> {
    if line.contains("-----BEGIN ") && line.contains("PRIVATE KEY-----") {
        return Some("a private key");
    }
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let mut words = line.split(|c: char| !is_part(c));
    words.any(is_token).then_some("a token")
}

/// Whether a word has the form in which a service writes its tokens.
fn is_token(word: &str) -> bool {
    TOKENS.iter().any(|(prefix, least)| {
        let rest = word.strip_prefix(prefix);
        rest.is_some_and(|rest| rest.len() >= *least && is_random(rest))
    })
}

/// Whether text looks drawn, and not written: digits and letters, and more than a few of them.
fn is_random(text: &str) -> bool {
    let mut seen: Vec<char> = text.chars().collect();
    let has_digit = seen.iter().any(char::is_ascii_digit);
    seen.sort_unstable();
    seen.dedup();
    has_digit && seen.len() >= 10
}

/// Beginnings of tokens, and how much follows at least.
const TOKENS: [(&str, usize); 9] = [
    ("ghp_", 36),
    ("gho_", 36),
    ("ghs_", 36),
    ("ghu_", 36),
    ("github_pat_", 36),
    ("glpat-", 20),
    ("npm_", 36),
    ("xoxb-", 24),
    ("AKIA", 16),
];
