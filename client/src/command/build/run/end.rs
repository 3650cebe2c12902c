//! What is told and written at the end of a build.

use keystay_proto::control::{GrantReport, Hosts, Repos};

use super::Build;
use crate::{
    agent_link::LinkError,
    command::{
        build::{
            grants::Grants,
            mode::Mode,
            outcome::{self, Terms},
            plan::Plan,
            receipt::Built,
        },
        search::Found,
    },
    engine::Run,
    error::Error,
    exit_code::ExitCode,
    output::{self, Output},
    summary::{self, Told, end_of_others, tell_others},
    wiring::Secret,
};

impl Build<'_> {
    /// Writes the summary, the findings and the error, and tells the exit status.
    pub(super) fn tell(
        &self,
        run: Run,
        plan: &Plan,
        grants: &Grants,
        report: &GrantReport,
        found: &Found,
    ) -> ExitCode {
        let (output, image) = (Output::new(self.options.quiet), &found.image);
        let told = Told {
            keys: &grants.main.keys,
            report,
            image,
            unseen: self.asked.unseen().filter(|_| !self.options.no_verify),
            was_built: run.ended.is_success(),
            why_sign: match &plan.mode {
                Mode::Sign { why } => why.as_deref(),
                Mode::Fetch(_) => None,
            },
            is_fetching: plan.fetching().is_some(),
            shim: (plan.secrets.contains(&Secret::Shim)).then(|| Secret::Shim.target()),
            is_listed: matches!(self.settings.repos, Repos::Only(_)),
        };
        for line in summary::lines(&told) {
            output.line(&line);
        }
        image.details(output);
        // Libraries of many base images hold published test keys; `verify` lists them.
        let others = found.warnings.iter();
        let secrets: Vec<_> = others
            .filter(|other| other.kind.is_secret())
            .cloned()
            .collect();
        tell_others(output, &secrets);
        let terms = Terms {
            strict: self.options.strict,
            is_fetching: told.is_fetching,
            is_limited: self.options.hosts.is_empty() && self.settings.hosts != Hosts::Known,
            repos: &self.settings.repos,
        };
        let outcome = outcome::outcome(run, report, image, terms)
            .or(end_of_others(self.options.strict, &found.warnings));
        if let Some((message, hints)) = &outcome.complaint {
            output::complaint(message, hints);
        }
        outcome.code
    }

    /// Writes the receipt that was asked for, whatever the verdict; the exit status then. One that cannot
    /// be written is an error, unless there is a graver one.
    pub(super) async fn write_receipt(
        &self,
        is_built: bool,
        built: &Built<'_>,
        code: ExitCode,
    ) -> ExitCode {
        let output = Output::new(self.options.quiet);
        let Some(receipt) = &self.receipt else {
            return code;
        };
        if !is_built {
            output.note(NO_RECEIPT);
            return code;
        }
        match receipt.write(self.tool, self.asked, built).await {
            Ok(path) => {
                output.line(&format!("receipt   {path}"));
                code
            }
            Err(error) => {
                let error = Error::from(error);
                output::error(&error);
                match code {
                    ExitCode::Success => error.exit_code(),
                    graver => graver,
                }
            }
        }
    }
}

/// The end of a build whose agent does not tell what its grant was used for. A signal that ended
/// the build decides the status all the same.
pub(super) fn unreported(run: Run, error: Error) -> Result<ExitCode, Error> {
    let error = match error {
        Error::Agent(LinkError::NotRunning) => LinkError::Died.into(),
        error => error,
    };
    if run.caught.is_none() {
        return Err(error);
    }
    output::error(&error);
    Ok(run.exit_code())
}

const NO_RECEIPT: &str = "no receipt is written: there is one of a build only that succeeded and was searched to its end";
