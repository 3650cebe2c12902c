//! `keystay build` and its kin: an engine's own build with grants wired in.

mod asked;
mod before;
mod content;
mod dry_run;
mod files;
mod grants;
mod hints;
mod image;
mod inputs;
mod key_given;
mod listed;
mod mode;
mod outcome;
mod plan;
mod receipt;
mod report;
mod run;
mod source;
mod stdin;
mod wired;

pub(crate) use files::FilesError;
pub(crate) use key_given::KeyGiven;
pub(crate) use stdin::StdinError;

use std::ffi::{OsStr, OsString};

use self::run::run;
use crate::{
    cli::{Options, UsageError},
    engine::{EngineError, Form},
    error::Error,
    exit_code::ExitCode,
};

/// Runs `docker build` with a grant wired in.
pub(crate) async fn build(options: &Options, arguments: Vec<OsString>) -> Result<ExitCode, Error> {
    run(options, Form::Build, arguments).await
}

/// Runs `docker buildx build` with a grant wired in.
pub(crate) async fn buildx(options: &Options, arguments: Vec<OsString>) -> Result<ExitCode, Error> {
    let (_, arguments) = below(
        arguments,
        &[("build", Form::BuildxBuild), ("b", Form::BuildxBuild)],
        "of buildx, only `buildx build` is wired",
        "its options stand behind: `keystay buildx build --builder NAME …`",
    )?;
    run(options, Form::BuildxBuild, arguments).await
}

/// Runs `podman build` with a grant wired in.
pub(crate) async fn podman(options: &Options, arguments: Vec<OsString>) -> Result<ExitCode, Error> {
    let first = arguments.first().and_then(|word| word.to_str());
    let remote = [
        "-r",
        "--remote",
        "--remote=true",
        "--url",
        "--connection",
        "-c",
    ];
    if first.is_some_and(|word| remote.contains(&word)) {
        return Err(EngineError::Remote("this option").into());
    }
    let (form, arguments) = below(
        arguments,
        &[("build", Form::PodmanBuild)],
        "of podman, only `podman build` is wired",
        "its options stand behind: `keystay podman build …`",
    )?;
    run(options, form, arguments).await
}

/// Runs `buildah build` with a grant wired in.
pub(crate) async fn buildah(
    options: &Options,
    arguments: Vec<OsString>,
) -> Result<ExitCode, Error> {
    let (form, arguments) = below(
        arguments,
        &[("build", Form::BuildahBuild), ("bud", Form::BuildahBud)],
        "of buildah, only `buildah build` is wired",
        "its options stand behind: `keystay buildah build …`",
    )?;
    run(options, form, arguments).await
}

/// The form that the first word names, and the words behind it.
fn below(
    mut arguments: Vec<OsString>,
    forms: &[(&str, Form)],
    message: &str,
    hint: &str,
) -> Result<(Form, Vec<OsString>), UsageError> {
    let first = arguments.first().map(OsString::as_os_str);
    let form = forms
        .iter()
        .find(|(word, _)| first == Some(OsStr::new(word)));
    let Some((_, form)) = form else {
        return Err(UsageError::with_hint(message, hint));
    };
    arguments.remove(0);
    Ok((*form, arguments))
}
