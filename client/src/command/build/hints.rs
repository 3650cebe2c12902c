//! What `keystay lint` would say of a build, in two lines.

use std::{cmp::Reverse, ffi::OsString, fmt::Write as _};

use super::{
    asked::Asked,
    source::{Source, Text},
};
use crate::{
    dockerfile::Dockerfile,
    lint::{self, Problem, Severity},
    output::Output,
};

/// Tells the gravest problems of the Dockerfile and the command line. None of them ends the build: they
/// are judged by names and forms, and what is known to be a key is searched for.
pub(super) fn tell(asked: &Asked, source: &Source, output: Output) {
    let words = asked.arguments().iter().map(OsString::as_os_str);
    let words: Vec<&str> = words.filter_map(|word| word.to_str()).collect();
    let mut problems = lint::command_line(&words);
    if let Text::Here(text) = &source.text
        && let Ok(dockerfile) = Dockerfile::parse(text)
    {
        problems.extend(lint::lint(&dockerfile));
    }
    for line in lines(problems, &name(source)) {
        output.note(&line);
    }
}

fn lines(mut problems: Vec<Problem>, name: &str) -> Vec<String> {
    problems.retain(|problem| problem.severity >= Severity::Warning);
    problems.sort_by_key(|problem| (Reverse(problem.severity), problem.line));
    let (told, more) = problems.split_at(problems.len().min(MOST));
    let mut lines: Vec<String> = (told.iter())
        .map(|problem| match problem.line {
            0 => format!("{} [{}]", problem.message, problem.rule.id),
            line => format!("{name}:{line}: {} [{}]", problem.message, problem.rule.id),
        })
        .collect();
    if let Some(last) = lines.last_mut() {
        if !more.is_empty() {
            // Writing to memory does not fail.
            let _ = write!(last, "; {} more", more.len());
        }
        last.push_str("; `keystay lint` tells what to do");
    }
    lines
}

fn name(source: &Source) -> String {
    let names = source.files.as_ref();
    names.map_or_else(
        || "Dockerfile".to_owned(),
        |names| names.name.to_string_lossy().into_owned(),
    )
}

/// Lines beside what the build says itself.
const MOST: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    fn hints(text: &str) -> Vec<String> {
        let problems = lint::lint(&Dockerfile::parse(text).unwrap());
        lines(problems, "Dockerfile")
    }

    #[test]
    fn the_gravest_problems_are_told() {
        let text =
            "FROM a\nARG SSH_KEY\nRUN ssh-keyscan b\nCOPY id_rsa /\nRUN --mount=type=ssh x\n";
        assert_eq!(
            hints(text),
            [
                "Dockerfile:4: `id_rsa` is copied to `/` [L2]",
                "Dockerfile:2: `ARG SSH_KEY` is named like a secret [L1]; 1 more; `keystay lint` tells what to do",
            ]
        );
    }

    #[test]
    fn what_could_be_better_is_not_told() {
        assert_eq!(
            hints("FROM a\nRUN --mount=type=ssh npm ci\n"),
            Vec::<String>::new()
        );
    }
}
