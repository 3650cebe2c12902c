//! L1, and L14 where a value goes to the configuration.

use crate::{
    dockerfile::{Command, Keyword},
    lint::{
        Problem,
        names::{is_secret_variable, secret_variable},
        rule::{L1, L14},
        step::File,
    },
};

pub(super) fn check(file: &File<'_>, problems: &mut Vec<Problem>) {
    for step in &file.steps {
        let keyword = step.command.keyword;
        let word = match keyword {
            Keyword::Arg => "ARG",
            Keyword::Env => "ENV",
            Keyword::Label => "LABEL",
            _ => continue,
        };
        for (name, value) in pairs(step.command) {
            let is_secret = keyword != Keyword::Label && is_secret_variable(name);
            let expanded = value.and_then(secret_variable);
            if is_secret {
                let message = format!("`{word} {name}` is named like a secret");
                problems.push(Problem::new(&L1, step.line(), message));
            } else if let Some(secret) = expanded {
                let message = format!("`{word} {name}` keeps the value of ${secret}");
                problems.push(Problem::new(&L14, step.line(), message));
            }
        }
    }
}

/// Names with their values: `NAME=VALUE …`, names alone, or the old form `NAME VALUE`.
fn pairs(command: &Command) -> Vec<(&str, Option<&str>)> {
    let words = command.words();
    let is_old =
        command.keyword != Keyword::Arg && !words.first().is_some_and(|word| word.contains('='));
    if is_old {
        let (name, value) = command
            .arguments
            .split_once([' ', '\t'])
            .unwrap_or((&command.arguments, ""));
        return vec![(name, Some(value))];
    }
    let pair = |word| match str::split_once(word, '=') {
        Some((name, value)) => (name, Some(value)),
        None => (word, None),
    };
    words.into_iter().map(pair).collect()
}
