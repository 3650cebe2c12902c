//! L16: what a build's command line gives away.

use crate::lint::{Problem, names::is_secret_variable, rule::L16};

/// The problems of the words behind `build`.
#[must_use]
pub fn command_line(words: &[&str]) -> Vec<Problem> {
    let options = options(words);
    let mut messages = Vec::new();
    let mut has_argument = false;
    for (name, value) in &options {
        match (*name, *value) {
            ("--build-arg", value) => {
                has_argument = true;
                let name = value.split('=').next().unwrap_or_default();
                if is_secret_variable(name) {
                    messages.push(format!("`--build-arg {name}` is named like a secret"));
                }
            }
            ("--ssh", value) if value.split_once('=').is_some_and(|(_, path)| is_key(path)) => {
                messages.push(
                    "`--ssh` names a key file: every step with the mount may use it for anything"
                        .to_owned(),
                );
            }
            _ => {}
        }
    }
    if has_argument {
        let leaks = options
            .iter()
            .filter_map(|(name, value)| given_away(name, value));
        messages.extend(leaks.map(|what| format!("{what} the values of build arguments")));
    }
    messages
        .into_iter()
        .map(|message| Problem::new(&L16, 0, message))
        .collect()
}

fn is_key(path: &str) -> bool {
    !path.is_empty() && !path.contains(".sock") && crate::lint::names::is_key_path(path)
}

/// Who else gets the values of build arguments.
fn given_away(name: &str, value: &str) -> Option<&'static str> {
    match name {
        "--provenance" | "--attest" if value.contains("mode=max") => {
            Some("provenance with `mode=max` records")
        }
        "--cache-to" if value.contains("mode=max") => Some("the exported cache holds"),
        _ => None,
    }
}

/// The options that have values, in either form.
fn options<'a>(words: &[&'a str]) -> Vec<(&'a str, &'a str)> {
    let mut options = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if let Some((name, value)) = word.split_once('=').filter(|_| word.starts_with("--")) {
            options.push((name, value));
        } else if NAMES.contains(word)
            && let Some(value) = words.next()
        {
            options.push((word, value));
        }
    }
    options
}

const NAMES: [&str; 5] = [
    "--build-arg",
    "--ssh",
    "--provenance",
    "--attest",
    "--cache-to",
];
