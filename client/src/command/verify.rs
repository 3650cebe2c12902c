//! `keystay verify`: the search of an image that is there already.

mod error;
mod json;
mod sarif;
mod subject;

pub(crate) use error::ImageError;

use keystay_proto::control::{FetchSpec, GrantSpec, Hosts, KeyInfo, Mode};

pub(super) use subject::Subject;

use self::json::Document;
use super::search::{Found, Search};
use crate::{
    agent_link::{Control, LinkError, Summoned},
    cli::{Options, UsageError, VerifyArgs},
    config::Settings,
    engine::{Signals, Variables},
    error::Error,
    exit_code::ExitCode,
    output::{self, Output},
    summary::{self, Image, end_of_others, tell_others},
};

/// Searches an image for the user's keys.
pub(crate) async fn verify(options: &Options, asked: &VerifyArgs) -> Result<ExitCode, Error> {
    if options.receipt.is_some() {
        return Err(UsageError::with_hint(NO_BUILD, JSON).into());
    }
    let variables = Variables::of_process();
    let settings = Settings::of_user(options, &variables)?;
    let subject = Subject::find(&asked.image, asked.engine, &settings, &variables).await?;
    let mut signals = Signals::listen().map_err(Error::Runtime)?;
    let agent = async {
        let summoned = Summoned::by(&settings.keys, options.verbose, &variables);
        summoned.await?.ready().await
    };
    let agent = signals.unless_caught(agent).await.map_err(Error::Ended)??;
    let searched = Verification {
        options,
        asked,
        settings: &settings,
        subject: &subject,
    };
    let found = signals.unless_caught(searched.run(agent.control())).await;
    agent.end().await;
    let (found, keys) = found.map_err(Error::Ended)??;
    let verified = found.verified.as_ref();
    subject.judge(verified.map_or(&[], |verified| &verified.gaps))?;
    if asked.form.json {
        output::print(&Document::new(subject.name(), &found, &keys).text())?;
    } else if asked.form.sarif {
        output::print(&sarif::log(subject.name(), &found))?;
    }
    Ok(tell(options, &found, &subject))
}

struct Verification<'a> {
    options: &'a Options,
    asked: &'a VerifyArgs,
    settings: &'a Settings,
    subject: &'a Subject,
}

impl Verification<'_> {
    async fn run(&self, control: &Control) -> Result<(Found, Vec<KeyInfo>), LinkError> {
        let (grant, _held) = control.open_grant(&self.spec()).await?;
        let search = Search {
            control,
            grant: &grant,
            is_remembering: !self.asked.no_cache,
            is_detailed: self.asked.form.json || self.asked.form.sarif,
            is_quiet: self.options.quiet,
        };
        let found = search.run(self.subject.source(), self.subject.name()).await;
        control.end_grant(&grant.id).await?;
        Ok((found, grant.keys))
    }

    /// Only a grant's keys can be searched for; nothing asks this one for a signature.
    fn spec(&self) -> GrantSpec {
        GrantSpec {
            build: format!("verify {}", self.subject.name()),
            mode: Mode::Sign,
            keys: Vec::new(),
            user: self.options.user().to_owned(),
            hosts: Hosts::Only(Vec::new()),
            signatures: 1,
            ttl: self.settings.ttl.seconds(),
            strict: true,
            fetch: FetchSpec::default(),
        }
    }
}

fn tell(options: &Options, found: &Found, subject: &Subject) -> ExitCode {
    let (output, image) = (Output::new(options.quiet), &found.image);
    output.line(&summary::verdict(image));
    image.details(output);
    tell_others(output, &found.warnings);
    let of_others = || end_of_others(options.strict, &found.warnings);
    let (code, complaint) = match image.end_of_search() {
        (ExitCode::Success, None) => of_others().unwrap_or((ExitCode::Success, None)),
        end => end,
    };
    if let Some((message, hints)) = complaint {
        let hints = match image {
            Image::Absent { .. } => subject.hints_if_absent(),
            _ => hints,
        };
        output::complaint(message, &hints);
    }
    code
}

const NO_BUILD: &str = "a receipt is of a build, and `verify` builds nothing";
const JSON: &str = "`keystay verify --json IMAGE` writes down what was searched";
