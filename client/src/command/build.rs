//! `keystay build` and its kin: an engine's own build with grants wired in.

mod asked;
mod content;
mod dry_run;
mod files;
mod grants;
mod image;
mod mode;
mod outcome;
mod plan;
mod report;
mod source;
mod stdin;
mod wired;

pub(crate) use files::FilesError;
pub(crate) use image::search_image;
pub(crate) use stdin::StdinError;

use std::ffi::{OsStr, OsString};

use keystay_proto::control::{GrantReport, Repos};

use self::{
    asked::Asked, files::Files, grants::Grants, mode::Mode, outcome::Terms, plan::Plan,
    source::Source, wired::Wired,
};
use crate::{
    agent_link::{Control, PrivateAgent, Program},
    cli::{self, Options, UsageError, Wire},
    config::Settings,
    engine::{EngineError, Form, Input, Run, Signals, Tool, Variables, become_engine, run_to_end},
    error::Error,
    exit_code::ExitCode,
    output::{self, Output},
    summary::{self, Image, Told},
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

async fn run(options: &Options, form: Form, arguments: Vec<OsString>) -> Result<ExitCode, Error> {
    let output = Output::new(options.quiet);
    let asked = Asked::read(form, &arguments)?;
    for option in asked.misplaced() {
        output.note(&format!(
            "{option} stands after `build`, so it is {}'s; keystay's options stand before it: \
             `keystay {option} … build …`",
            form.program()
        ));
    }
    let variables = Variables::of_process();
    let settings = Settings::of_user(options, &variables)?;
    let tool = Tool::find(form, &variables).map(|tool| {
        tool.without_keys(
            settings.key_variables(),
            asked.needs_agent(),
            asked.builder(),
        )
    });
    if let Some(why) = asked.why_verbatim() {
        output.note(&why);
        return Err(verbatim(&tool?, &asked).into());
    }
    let source = Source::read(&asked, settings.takes_stdin())?;
    let (settings, note) = settings.narrowed(options, &source.folder, &variables)?;
    if let Some(note) = note {
        output.note(&note);
    }
    let tool = if options.dry_run {
        tool.ok()
    } else {
        let tool = tool?;
        tool.check(asked.builder()).await?;
        Some(tool)
    };
    let mode = Mode::choose(options, &settings, &asked, &source, form, tool.as_ref()).await?;
    let plan = Plan::make(&asked, source, mode, options.wire, settings.takes_stdin())?;
    if options.mode == cli::Mode::Fetch && plan.fetching().is_none() {
        return Err(EngineError::NoFetch(plan::UNREAD.to_owned()).into());
    }
    if options.wire == Wire::All && plan.fetching().is_none() {
        output.note(ALL_IN_SIGN_MODE);
    }
    plan.notes.iter().for_each(|note| output.note(note));
    if options.dry_run {
        output::print(&wired::preview(form, &asked, &plan));
        return Ok(ExitCode::Success);
    }
    let tool = tool.ok_or(EngineError::NoProgram)?;
    let mut signals = Signals::listen().map_err(Error::Runtime)?;
    let program = Program::own(&settings.keys, options.verbose)?;
    let started = async { tokio::join!(PrivateAgent::start(&program), async { Files::new() }) };
    let (agent, files) = signals.unless_caught(started).await?;
    let (agent, files) = (agent?, files?);
    let build = Build {
        options,
        settings: &settings,
        asked: &asked,
        tool: &tool,
        control: agent.control(),
    };
    let code = build.granted(plan, files, &mut signals).await;
    agent.end().await;
    code
}

/// A build that is about to run.
struct Build<'a> {
    options: &'a Options,
    settings: &'a Settings,
    asked: &'a Asked,
    tool: &'a Tool,
    control: &'a Control,
}

impl Build<'_> {
    /// From the grants to the exit status: the build itself.
    async fn granted(
        &self,
        mut plan: Plan,
        files: Files,
        signals: &mut Signals,
    ) -> Result<ExitCode, Error> {
        let output = Output::new(self.options.quiet);
        let name = self.asked.name();
        let opened = Grants::open(self.control, &name, self.options, self.settings, &plan);
        let grants = signals.unless_caught(opened).await??;
        let grant = &grants.main;
        tracing::info!(id = %grant.id, socket = %grant.socket.display(), "the grant is open");
        grant.notes.iter().for_each(|note| output.note(note));
        let wired = Wired::write(files, self.asked, &plan, &grants)?;
        let input = std::mem::replace(&mut plan.input, Input::Nothing);
        let mut run = self.engine(&wired.arguments, input, signals).await?;
        let image = self.image(&mut run, &grants, &wired, signals).await;
        let revoked = signals.unless_caught(grants.revoke(self.control)).await;
        let report = match revoked.map_err(Error::from).and_then(|done| Ok(done?)) {
            Ok(report) => report,
            Err(error) => return unreported(run, error),
        };
        Ok(self.tell(run, &plan, &grants, &report, &image))
    }

    /// Runs the engine to its end.
    async fn engine(
        &self,
        arguments: &[OsString],
        input: Input,
        signals: &mut Signals,
    ) -> Result<Run, EngineError> {
        let mut command = self.tool.command(arguments, input);
        let watched = async |pid| {
            if let Err(error) = self.control.watch_engine(pid).await {
                tracing::warn!(%error, "the engine would outlive this process, were it killed");
            }
        };
        let run = run_to_end(&mut command, signals, watched).await;
        run.map_err(|source| EngineError::Run {
            program: self.tool.program().clone(),
            source,
        })
    }

    /// The verdict on the image, if there is one to search.
    async fn image(
        &self,
        run: &mut Run,
        grants: &Grants,
        wired: &Wired,
        signals: &mut Signals,
    ) -> Image {
        if !run.ended.is_success() || run.caught.is_some() || self.options.no_verify {
            return Image::NotAsked;
        }
        let search = image::search(self.tool, self.control, &grants.main, self.asked, wired);
        let image = signals.unless_caught(search).await;
        image.unwrap_or_else(|caught| {
            run.caught = Some(caught);
            Image::NotAsked
        })
    }

    /// Writes the summary, the findings and the error, and tells the exit status.
    fn tell(
        &self,
        run: Run,
        plan: &Plan,
        grants: &Grants,
        report: &GrantReport,
        image: &Image,
    ) -> ExitCode {
        let output = Output::new(self.options.quiet);
        let told = Told {
            keys: &grants.main.keys,
            report,
            image,
            was_built: run.ended.is_success(),
            why_sign: match &plan.mode {
                Mode::Sign { why } => why.as_deref(),
                Mode::Fetch(_) => None,
            },
            is_fetching: plan.fetching().is_some(),
            is_listed: matches!(self.settings.repos, Repos::Only(_)),
        };
        for line in summary::lines(&told) {
            output.line(&line);
        }
        image.details(output);
        let terms = Terms {
            strict: self.options.strict,
            is_fetching: told.is_fetching,
        };
        let outcome = outcome::outcome(run, report, image, terms);
        if let Some((message, hints)) = &outcome.complaint {
            output::complaint(message, hints);
        }
        outcome.code
    }
}

/// Becomes the engine as it was asked for, without a grant; returns only if it cannot.
fn verbatim(tool: &Tool, asked: &Asked) -> EngineError {
    let mut command = tool.command(asked.arguments(), Input::Inherited);
    EngineError::Run {
        program: tool.program().clone(),
        source: become_engine(&mut command),
    }
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

const ALL_IN_SIGN_MODE: &str =
    "`--wire all` needs fetch mode; in sign mode the steps with ssh mounts are wired";
