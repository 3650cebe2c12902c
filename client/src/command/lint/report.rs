//! What was found, as it is told.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::{
    exit_code::ExitCode,
    lint::{ALL, Change, Problem, Severity},
    output::{self, Output},
    sarif::{self, Finding, Level, Place},
};

/// What was found and done.
#[derive(Debug)]
pub(super) struct Report<'a> {
    name: &'a str,
    pub(super) problems: Vec<Problem>,
    pub(super) changes: Vec<Change>,
    pub(super) refusals: Vec<Change>,
}

impl<'a> Report<'a> {
    pub(super) fn new(name: &'a str) -> Self {
        Self {
            name,
            problems: Vec::new(),
            changes: Vec::new(),
            refusals: Vec::new(),
        }
    }

    /// Tells what was repaired, and what could not be.
    pub(super) fn tell_repair(&self, output: Output) {
        for Change { line, message } in &self.changes {
            output.line(&format!("{}:{line}: {message}", self.name));
        }
        for Change { line, message } in &self.refusals {
            output.note(&format!("{}:{line}: not repaired: {message}", self.name));
        }
    }

    /// Tells the problems on standard error, since standard output has the repaired Dockerfile.
    pub(super) fn tell_problems(&self) {
        for problem in &self.problems {
            output::problem(&self.line(problem));
        }
    }

    /// A line for each problem; the first of each rule is explained.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let mut explained: Vec<&str> = Vec::new();
        for problem in &self.problems {
            let rule = problem.rule;
            // Writing to memory does not fail.
            let _ = writeln!(text, "{}", self.line(problem));
            if !explained.contains(&rule.id) {
                explained.push(rule.id);
                let _ = writeln!(text, "    why: {}\n    fix: {}", rule.why, rule.fix);
            }
        }
        text
    }

    fn line(&self, problem: &Problem) -> String {
        let Problem {
            rule,
            severity,
            line,
            message,
        } = problem;
        format!(
            "{}:{line}: {}: {message} [{}]",
            self.name,
            severity.name(),
            rule.id
        )
    }

    /// One JSON object.
    pub(super) fn json(&self) -> String {
        let problem = |problem: &Problem| {
            json!({
                "rule": problem.rule.id,
                "severity": problem.severity.name(),
                "line": problem.line,
                "message": problem.message,
                "why": problem.rule.why,
                "fix": problem.rule.fix,
            })
        };
        let changes = |changes: &[Change]| -> Vec<Value> {
            let change =
                |change: &Change| json!({ "line": change.line, "message": change.message });
            changes.iter().map(change).collect()
        };
        let value = json!({
            "dockerfile": self.name,
            "problems": self.problems.iter().map(problem).collect::<Vec<_>>(),
            "changes": changes(&self.changes),
            "refusals": changes(&self.refusals),
        });
        format!("{value}\n")
    }

    /// A SARIF log.
    pub(super) fn sarif(&self) -> String {
        let rules = ALL.map(|rule| sarif::Rule {
            id: rule.id,
            summary: rule.summary,
            help: rule.fix,
            level: level(rule.severity),
        });
        let finding = |problem: &Problem| Finding {
            rule: problem.rule.id,
            level: level(problem.severity),
            message: problem.message.clone(),
            place: Place::File {
                path: self.name.to_owned(),
                line: Some(problem.line),
            },
        };
        let findings: Vec<_> = self.problems.iter().map(finding).collect();
        sarif::log(&rules, &findings)
    }

    /// The last line, and the status.
    pub(super) fn end(&self, output: Output, is_strict: bool, is_fixed: bool) -> ExitCode {
        let counts = [Severity::Error, Severity::Warning, Severity::Note].map(|severity| {
            let of_it = self
                .problems
                .iter()
                .filter(|problem| problem.severity == severity);
            (severity, of_it.count())
        });
        let [(_, errors), (_, warnings), _] = counts;
        let told = counts.iter().filter(|(_, count)| *count > 0);
        let told: Vec<String> = told
            .map(|(severity, count)| counted(*count, severity.name()))
            .collect();
        if errors == 0 && (warnings == 0 || !is_strict) {
            let told = if told.is_empty() {
                "nothing found".to_owned()
            } else {
                told.join(", ")
            };
            output.line(&format!("{}: {told}", self.name));
            return ExitCode::Success;
        }
        let mut hints = Vec::new();
        if !is_fixed {
            hints.push("`keystay lint --fix` rewrites what can be rewritten");
        }
        hints.push("`# keystay: allow RULE reason` above an instruction silences a rule for it");
        let message = format!(
            "{} leaks what it should not: {}",
            self.name,
            told.join(", ")
        );
        output::complaint(&message, &hints);
        ExitCode::Leak
    }
}

fn counted(count: usize, what: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {what}{ending}")
}

fn level(severity: Severity) -> Level {
    match severity {
        Severity::Note => Level::Note,
        Severity::Warning => Level::Warning,
        Severity::Error => Level::Error,
    }
}
