//! L13: stages that hand on more than what they built.

use std::collections::HashSet;

use crate::{
    dockerfile::{Keyword, Stage},
    lint::{Problem, rule::L13, step::File},
};

pub(super) fn check(file: &File<'_>, problems: &mut Vec<Problem>) {
    let stages = file.dockerfile.stages();
    let holding = holding(file, problems);
    let mut found = Vec::new();
    for step in file.of(Keyword::Copy) {
        let Some(from) = step.flag("from").and_then(|name| find(stages, name)) else {
            continue;
        };
        if !holding.contains(&from) {
            continue;
        }
        let words = step.command.words();
        let sources = words.split_last().map_or(&[][..], |(_, sources)| sources);
        for source in sources.iter().filter(|source| is_whole(source)) {
            let message = format!("`{source}` is copied from a stage that held a secret");
            found.push(Problem::new(&L13, step.line(), message));
        }
    }
    problems.append(&mut found);
}

/// The stage of this name or number.
fn find(stages: &[Stage], name: &str) -> Option<usize> {
    let lower = name.to_lowercase();
    let named = stages
        .iter()
        .rposition(|stage| stage.name.as_deref() == Some(lower.as_str()));
    named.or_else(|| name.parse().ok().filter(|number| *number < stages.len()))
}

/// The stages in which a secret was found.
fn holding(file: &File<'_>, problems: &[Problem]) -> HashSet<usize> {
    let found = problems
        .iter()
        .filter(|problem| HOLDING.contains(&problem.rule.id));
    let lines: HashSet<usize> = found.map(|problem| problem.line).collect();
    let source = file.dockerfile.source();
    let steps = file.steps.iter();
    let steps = steps.filter(|step| step.lines(source).any(|line| lines.contains(&line)));
    steps.filter_map(|step| step.instruction.stage).collect()
}

fn is_whole(path: &str) -> bool {
    let path = path.trim_matches(['"', '\'']);
    matches!(path, "/" | "/." | "." | "./" | "/*")
        || matches!(
            path.trim_end_matches(['/', '*']),
            "/root" | "~" | "$HOME" | "${HOME}" | "/home"
        )
        || path
            .strip_prefix("/home/")
            .is_some_and(|user| !user.trim_end_matches(['/', '*']).contains('/'))
}

/// The rules whose problems leave a secret in the stage.
const HOLDING: [&str; 4] = ["L2", "L4", "L8", "L12"];
