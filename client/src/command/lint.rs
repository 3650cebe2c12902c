//! `keystay lint`: what in a Dockerfile leaks keys, and its repair.

mod report;
mod text;

pub(crate) use text::LintError;

use self::{report::Report, text::Text};
use crate::{
    cli::{LintArgs, Options},
    context::{self, Ignore},
    dockerfile::Dockerfile,
    error::Error,
    exit_code::ExitCode,
    lint::{self, Problem},
    output::{self, Output},
};

/// Looks through a Dockerfile, and repairs it where that is asked for.
pub(crate) fn lint(options: &Options, asked: &LintArgs) -> Result<ExitCode, Error> {
    let output = Output::new(options.quiet);
    let text = Text::read(&asked.dockerfile)?;
    let mut report = Report::new(text.name());
    if asked.fix {
        let fixed = lint::fix(text.content()).map_err(|error| text.refused(error))?;
        report.problems = problems(&fixed.text, &text, asked, output)?;
        (report.changes, report.refusals) = (fixed.changes, fixed.refusals);
        if text.path().is_some() || !(asked.form.json || asked.form.sarif) {
            text.write(&fixed.text)?;
        }
    } else {
        report.problems = problems(text.content(), &text, asked, output)?;
    }
    report.tell_repair(output);
    if asked.form.json {
        output::print(&report.json())?;
    } else if asked.form.sarif {
        output::print(&report.sarif())?;
    } else if asked.fix && text.path().is_none() {
        report.tell_problems();
    } else {
        output::print(&report.text())?;
    }
    Ok(report.end(output, options.strict, asked.fix))
}

/// The problems of a Dockerfile, and those of the files that are sent with it.
fn problems(
    content: &str,
    text: &Text,
    asked: &LintArgs,
    output: Output,
) -> Result<Vec<Problem>, LintError> {
    let dockerfile = Dockerfile::parse(content).map_err(|error| text.refused(error))?;
    let mut problems = lint::lint(&dockerfile);
    if let Some(root) = text.context(asked.context.as_deref())? {
        match Ignore::load(&text.ignore_file(&root)) {
            Ok(ignore) => {
                let listing = context::list(&root, &ignore, MOST_FILES);
                if listing.is_cut {
                    output.note("the context has more than 100,000 files, of which the others are not looked at");
                }
                problems.extend(lint::sent(&dockerfile, &root, &listing));
            }
            Err(error) => output.note(&format!(
                "the context is not looked at: .dockerignore: {error}"
            )),
        }
    }
    problems.sort_by_key(|problem| problem.line);
    Ok(problems)
}

const MOST_FILES: usize = 100_000;
