//! `keystay build` and `keystay buildx build`.

mod asked;
mod dry_run;
mod files;
mod image;
mod outcome;
mod plan;
mod stdin;
mod wired;

pub(crate) use files::FilesError;
pub(crate) use image::search_image;
pub(crate) use stdin::StdinError;

use std::ffi::OsString;

use keystay_proto::control::{FetchSpec, Grant, GrantReport, GrantSpec, Hosts, Mode};

use self::{asked::Asked, files::Files, plan::Plan, wired::Wired};
use crate::{
    agent_link::{Control, PrivateAgent, Program},
    cli::{HostName, Options, UsageError},
    engine::{
        Docker, EngineError, Form, Input, Run, Signals, Variables, become_engine, run_to_end,
    },
    error::Error,
    exit_code::ExitCode,
    output::{self, Output},
    summary::{self, Image},
};

/// Runs `docker build` with a grant wired in.
pub(crate) async fn build(options: &Options, arguments: Vec<OsString>) -> Result<ExitCode, Error> {
    run(options, Form::Build, arguments).await
}

/// Runs `docker buildx build` with a grant wired in.
pub(crate) async fn buildx(
    options: &Options,
    mut arguments: Vec<OsString>,
) -> Result<ExitCode, Error> {
    if !arguments
        .first()
        .is_some_and(|word| word == "build" || word == "b")
    {
        return Err(UsageError::with_hint(
            "of buildx, only `buildx build` is wired",
            "its options stand behind: `keystay buildx build --builder NAME …`",
        )
        .into());
    }
    arguments.remove(0);
    run(options, Form::BuildxBuild, arguments).await
}

async fn run(options: &Options, form: Form, arguments: Vec<OsString>) -> Result<ExitCode, Error> {
    let output = Output::new(options.quiet);
    let asked = Asked::read(&arguments)?;
    for option in asked.misplaced() {
        output.note(&format!(
            "{option} {MISPLACED}: `keystay {option} … build …`"
        ));
    }
    if let Some(why) = asked.why_verbatim() {
        output.note(why);
        return Err(verbatim(options, form, &asked)?.into());
    }
    let plan = Plan::make(&asked, options)?;
    plan.notes.iter().for_each(|note| output.note(note));
    if options.dry_run {
        output::print(&wired::preview(form, &asked, &plan));
        return Ok(ExitCode::Success);
    }
    let docker = docker(options, &asked)?;
    docker.check(form, asked.builder()).await?;
    let mut signals = Signals::listen().map_err(Error::Runtime)?;
    let program = Program::own(&options.keys, options.verbose)?;
    let started = async { tokio::join!(PrivateAgent::start(&program), async { Files::new() }) };
    let (agent, files) = signals.unless_caught(started).await?;
    let (agent, files) = (agent?, files?);
    let code = granted(
        options,
        form,
        &asked,
        (plan, files),
        &docker,
        agent.control(),
        &mut signals,
    )
    .await;
    agent.end().await;
    code
}

/// From the grant to the exit status: the build itself.
async fn granted(
    options: &Options,
    form: Form,
    asked: &Asked,
    (plan, files): (Plan, Files),
    docker: &Docker,
    control: &Control,
    signals: &mut Signals,
) -> Result<ExitCode, Error> {
    let output = Output::new(options.quiet);
    let grant = signals
        .unless_caught(control.open_grant(&spec(options, asked)))
        .await??;
    tracing::info!(id = %grant.id, socket = %grant.socket.display(), "the grant is open");
    grant.notes.iter().for_each(|note| output.note(note));
    let wired = Wired::write(files, asked, &plan, &grant)?;
    let mut command = docker.command(form, &wired.arguments, plan.input);
    let failed = |source| EngineError::Run {
        program: docker.program().clone(),
        source,
    };
    let watched = async |pid| {
        if let Err(error) = control.watch_engine(pid).await {
            tracing::warn!(%error, "docker would outlive this process, were it killed");
        }
    };
    let mut run = run_to_end(&mut command, signals, watched)
        .await
        .map_err(failed)?;
    let image = if run.ended.is_success() && run.caught.is_none() && !options.no_verify {
        let search = image::search(docker, control, &grant, asked, &wired);
        signals.unless_caught(search).await
    } else {
        Ok(Image::NotAsked)
    };
    let image = image.unwrap_or_else(|caught| {
        run.caught = Some(caught);
        Image::NotAsked
    });
    let revoked = signals.unless_caught(control.revoke(&grant.id)).await;
    let report = match revoked.map_err(Error::from).and_then(|done| Ok(done?)) {
        Ok(report) => report,
        Err(error) => return unreported(run, error),
    };
    Ok(tell(output, run, &grant, &report, &image, options.strict))
}

/// The end of a build whose agent does not tell what its grant was used for. A signal that ended
/// the build decides the status all the same.
fn unreported(run: Run, error: Error) -> Result<ExitCode, Error> {
    if run.caught.is_none() {
        return Err(error);
    }
    output::error(&error);
    Ok(run.exit_code())
}

/// Writes the summary, the findings and the error, and tells the exit status.
fn tell(
    output: Output,
    run: Run,
    grant: &Grant,
    report: &GrantReport,
    image: &Image,
    strict: bool,
) -> ExitCode {
    for line in summary::lines(&grant.keys, report, image, run.ended.is_success()) {
        output.line(&line);
    }
    image.details(output);
    let outcome = outcome::outcome(run, report, image, strict);
    if let Some((message, hints)) = &outcome.complaint {
        output::complaint(message, hints);
    }
    outcome.code
}

/// Becomes docker as it was asked for, without a grant; returns only if it cannot.
fn verbatim(options: &Options, form: Form, asked: &Asked) -> Result<EngineError, EngineError> {
    let docker = docker(options, asked)?;
    let mut command = docker.command(form, asked.arguments(), Input::Inherited);
    Ok(EngineError::Run {
        program: docker.program().clone(),
        source: become_engine(&mut command),
    })
}

fn docker(options: &Options, asked: &Asked) -> Result<Docker, EngineError> {
    let docker = Docker::find(&Variables::of_process())?;
    Ok(docker.without_keys(
        options.key_variables(),
        asked.needs_agent(),
        asked.builder(),
    ))
}

fn spec(options: &Options, asked: &Asked) -> GrantSpec {
    let hosts = options
        .hosts
        .iter()
        .map(HostName::as_str)
        .map(str::to_owned)
        .collect::<Vec<_>>();
    GrantSpec {
        build: asked.name(),
        mode: Mode::Sign,
        keys: Vec::new(),
        user: options.user.clone(),
        hosts: if hosts.is_empty() {
            Hosts::Known
        } else {
            Hosts::Only(hosts)
        },
        signatures: options.signatures,
        ttl: options.ttl.seconds(),
        strict: options.strict,
        fetch: FetchSpec::default(),
    }
}

const MISPLACED: &str =
    "stands after `build`, so it is docker's; keystay's options stand before it";
