//! `keystay receipt check`: whether a receipt is of an image.

use std::sync::Arc;

use super::verify::Subject;
use crate::{
    cli::{CheckArgs, Options},
    config::Settings,
    engine::{Signals, Variables},
    error::Error,
    exit_code::ExitCode,
    output::Output,
    progress,
    receipt::{Checked, Unreadable, Verdict},
    summary,
    verify::{Gap, Name, VerifyError, identify},
};

/// Why a receipt cannot be checked, or says nothing good.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckError {
    /// The receipt is none.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The engine holds no such image.
    #[error("there is no such image")]
    Absent(Vec<String>),
    /// The image cannot be read.
    #[error(transparent)]
    Image(#[from] VerifyError),
    /// The receipt is of an image with other digests.
    #[error("the receipt is of another image")]
    Differs(String),
    /// The image is not all that it names.
    #[error("the image is not whole: {0}")]
    NotWhole(Gap),
    /// The receipt says that a key is in it.
    #[error("the receipt says that key material was found in the image")]
    Leak,
    /// The receipt says that it was not searched whole, and that is asked for.
    #[error("the receipt says that the image was not searched whole, and `--strict` asks for that")]
    Incomplete,
}

impl CheckError {
    /// The documented status.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Unreadable(_) | Self::Image(_) => ExitCode::Unreadable,
            Self::Absent(_) => ExitCode::Usage,
            Self::Differs(_) => ExitCode::Differs,
            Self::NotWhole(_) | Self::Incomplete => ExitCode::Incomplete,
            Self::Leak => ExitCode::Leak,
        }
    }

    /// What to do about it.
    pub(crate) fn hints(&self) -> Vec<String> {
        match self {
            Self::Unreadable(error) => error.hints(),
            Self::Absent(hints) => hints.clone(),
            Self::Differs(which) => vec![which.clone()],
            Self::Leak => vec![LEAK.to_owned()],
            Self::Image(_) | Self::NotWhole(_) | Self::Incomplete => Vec::new(),
        }
    }
}

/// Compares what a receipt is of with what an image is, and tells the receipt's verdict.
pub(crate) async fn receipt(options: &Options, asked: &CheckArgs) -> Result<ExitCode, Error> {
    let receipt = Checked::read(&asked.file).map_err(CheckError::from)?;
    let variables = Variables::of_process();
    let settings = Settings::of_user(options, &variables)?;
    let subject = Subject::find(&asked.image, asked.engine, &settings, &variables).await?;
    let mut signals = Signals::listen().map_err(Error::Runtime)?;
    let digests = signals.unless_caught(digests(&subject, options.quiet));
    let (digests, gap) = digests.await.map_err(Error::Ended)??;
    if let (Some(gap), true) = (&gap, digests.is_empty()) {
        return Err(CheckError::NotWhole(gap.clone()).into());
    }
    if !receipt.is_of(&digests) {
        return Err(CheckError::Differs(which(&receipt, &subject, &digests)).into());
    }
    if let Some(gap) = gap {
        return Err(CheckError::NotWhole(gap).into());
    }
    Output::new(options.quiet).line(&line(&receipt));
    match receipt.verdict {
        Verdict::Leak => Err(CheckError::Leak.into()),
        Verdict::Incomplete if options.strict => Err(CheckError::Incomplete.into()),
        Verdict::Clean | Verdict::Incomplete => Ok(ExitCode::Success),
    }
}

/// The digests that an image goes by, and what is missing of it where it is read.
async fn digests(subject: &Subject, quiet: bool) -> Result<(Vec<String>, Option<Gap>), Error> {
    if let Some(engine) = subject.engine() {
        let digests = engine.digests(subject.name()).await;
        let absent = || CheckError::Absent(subject.hints_if_absent());
        return Ok((digests.ok_or_else(absent)?, None));
    }
    let meter = Arc::default();
    let reading = identify(subject.source(), Arc::clone(&meter));
    let read = progress::shown(subject.name(), quiet, &meter, reading).await;
    let (names, gaps) = read.map_err(CheckError::from)?;
    subject.judge(&gaps)?;
    let digests = names.into_iter().map(|name: Name| name.digest).collect();
    Ok((digests, gaps.into_iter().next()))
}

fn which(receipt: &Checked, subject: &Subject, digests: &[String]) -> String {
    let of = receipt.subjects.first().map(String::as_str);
    let is = digests.first().map_or("several images", String::as_str);
    format!(
        "it is of {}, and {} is {is}",
        of.unwrap_or_default(),
        subject.name()
    )
}

fn line(receipt: &Checked) -> String {
    let of = receipt.subjects.first().map(String::as_str);
    format!(
        "receipt   {} of this image {}, built by {} until {}",
        receipt.verdict,
        summary::short(of.unwrap_or_default()),
        receipt.engine,
        receipt.finished_on
    )
}

const LEAK: &str = "do not push the image; the receipt names the places, under `findings`";
