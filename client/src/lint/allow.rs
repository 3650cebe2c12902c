//! `# keystay: allow RULE reason`: what a Dockerfile says it does on purpose.

use std::collections::HashSet;

use super::{
    Problem, Rule,
    rule::L0,
    step::{File, Step},
};
use crate::dockerfile::Part;

/// Takes out the problems that are allowed, and adds those of the comments themselves.
pub(super) fn apply(file: &File<'_>, problems: Vec<Problem>) -> Vec<Problem> {
    let (allowed, mut kept) = read(file);
    let is_allowed = |problem: &Problem| {
        let mut reaches = allowed.iter();
        reaches.any(|reach| reach.lines.contains(&problem.line) && reach.rule.id == problem.rule.id)
    };
    kept.extend(problems.into_iter().filter(|problem| !is_allowed(problem)));
    kept
}

struct Reach {
    rule: &'static Rule,
    lines: std::ops::Range<usize>,
}

fn read(file: &File<'_>) -> (Vec<Reach>, Vec<Problem>) {
    let source = file.dockerfile.source();
    let (mut reaches, mut problems) = (Vec::new(), Vec::new());
    let mut above: Vec<&'static Rule> = Vec::new();
    let data = data(file);
    let mut line = 1;
    for part in file.dockerfile.parts() {
        let text = part.span().text(source);
        let mut rules = Vec::new();
        let lines = text.lines().zip(line..);
        for (text, line) in lines.filter(|(_, line)| !data.contains(line)) {
            match comment(text) {
                Some(Ok(rule)) => rules.push(rule),
                Some(Err(message)) => problems.push(Problem::new(&L0, line, message)),
                None => {}
            }
        }
        let height = text.matches('\n').count();
        match part {
            Part::Comment(_) => above.append(&mut rules),
            Part::Instruction(_) => {
                let lines = line..line + text.lines().count();
                let all = above.drain(..).chain(rules);
                reaches.extend(all.map(|rule| Reach {
                    rule,
                    lines: lines.clone(),
                }));
            }
            Part::Blank(_) | Part::Directive(_) | Part::ByteOrderMark(_) => above.clear(),
        }
        line += height;
    }
    (reaches, problems)
}

/// The lines that are a file's text, in which nothing is a comment.
fn data(file: &File<'_>) -> HashSet<usize> {
    let data = file.steps.iter().flat_map(Step::data);
    let lines = data.map(|body| file.line_of(body.start)..file.line_of(body.end));
    lines.flatten().collect()
}

/// The rule that a line allows, or what is wrong with it; nothing if it is no such comment.
fn comment(line: &str) -> Option<Result<&'static Rule, String>> {
    let text = line.trim_start().strip_prefix('#')?.trim_start();
    let text = text.strip_prefix("keystay:")?.trim_start();
    let Some(text) = text.strip_prefix("allow") else {
        return Some(Err("`keystay:` is followed by `allow` only".to_owned()));
    };
    let mut words = text.split_whitespace();
    let id = words.next().unwrap_or_default();
    let Some(rule) = Rule::named(id).filter(|rule| rule.id != L0.id) else {
        return Some(Err(format!("there is no rule `{id}`")));
    };
    if words.next().is_none() {
        return Some(Err(format!("{} is allowed without a reason", rule.id)));
    }
    Some(Ok(rule))
}
