//! One build, from its arguments to its exit status.

use std::{ffi::OsString, mem, time::SystemTime};

use keystay_proto::control::{Grant, GrantReport, Repos};
use tokio::process::Command;

use super::{
    asked::Asked,
    before,
    files::Files,
    grants::Grants,
    hints, image,
    inputs::Inputs,
    mode::Mode,
    outcome::{self, Terms},
    plan::{Plan, plan},
    receipt::{Built, Receipt},
    source::Source,
    wired::{self, Wired},
};
use crate::{
    agent_link::{Agent, Control},
    cli::Options,
    command::search::{Found, Search},
    config::Settings,
    engine::{EngineError, Form, Input, Run, Signals, Tool, Variables, become_engine, run_to_end},
    error::Error,
    exit_code::ExitCode,
    output::{self, Output},
    summary::{self, Image, Told, end_of_others, tell_others},
};

/// Runs an engine's build with grants wired in.
pub(super) async fn run(
    options: &Options,
    form: Form,
    arguments: Vec<OsString>,
) -> Result<ExitCode, Error> {
    let output = Output::new(options.quiet);
    let asked = Asked::read(form, &arguments)?;
    for option in asked.misplaced() {
        output.note(&format!(
            "{option} stands after `build`, so it is {}'s; keystay's options stand before it: \
             `keystay {option} … build …`",
            form.program()
        ));
    }
    if let Some(warning) = asked.warning() {
        output.note(warning);
    }
    let settings = Settings::of_user(options, &Variables::of_process())?;
    let tool = tool(form, &asked, &settings);
    if let Some(why) = asked.why_verbatim() {
        output.note(&why);
        return Err(verbatim(&tool?, &asked).into());
    }
    let source = Source::read(&asked, settings.takes_stdin())?;
    let (settings, note) = settings.narrowed(options, &source.folder, &Variables::of_process())?;
    if let Some(note) = note {
        output.note(&note);
    }
    hints::tell(&asked, &source, output);
    if options.dry_run {
        let plan = plan(options, form, &asked, &settings, source, tool.as_ref().ok()).await?;
        if let Mode::Sign { why: Some(why) } = &plan.mode {
            output.line(&format!("sign mode: {why}"));
        }
        output::print(&wired::preview(form, &asked, &plan));
        return Ok(ExitCode::Success);
    }
    let receipt = Receipt::asked_for(options, &asked, &source)?;
    let tool = tool?;
    tool.check(asked.builder()).await?;
    let inputs = Inputs::of(&asked, &source, &tool);
    let plan = plan(options, form, &asked, &settings, source, Some(&tool)).await?;
    let build = Build {
        options,
        settings: &settings,
        asked: &asked,
        tool: &tool,
        receipt,
    };
    build.run(plan, inputs).await
}

/// The engine's program, without the keys in its environment.
fn tool(form: Form, asked: &Asked, settings: &Settings) -> Result<Tool, EngineError> {
    let tool = Tool::find(form, &Variables::of_process())?;
    Ok(tool.without_keys(
        settings.key_variables(),
        asked.needs_agent(),
        asked.builder(),
    ))
}

/// A build that is ready to run.
struct Build<'a> {
    options: &'a Options,
    settings: &'a Settings,
    asked: &'a Asked,
    tool: &'a Tool,
    receipt: Option<Receipt>,
}

impl Build<'_> {
    /// The life of its agent.
    async fn run(&self, plan: Plan, inputs: Inputs) -> Result<ExitCode, Error> {
        let mut signals = Signals::listen().map_err(Error::Runtime)?;
        let variables = Variables::of_process();
        let (keys, verbose) = (&self.settings.keys, self.options.verbose);
        let agent = Agent::find_or_start(keys, verbose, &variables);
        let started = async { tokio::join!(agent, async { Files::new() }) };
        let (agent, files) = signals.unless_caught(started).await?;
        let (agent, files) = (agent?, files?);
        let code = self
            .granted(plan, inputs, files, agent.control(), &mut signals)
            .await;
        agent.end().await;
        code
    }

    /// From the grants to the exit status: the build itself.
    async fn granted(
        &self,
        mut plan: Plan,
        inputs: Inputs,
        files: Files,
        control: &Control,
        signals: &mut Signals,
    ) -> Result<ExitCode, Error> {
        let output = Output::new(self.options.quiet);
        let name = self.asked.name();
        let opened = Grants::open(control, &name, self.options, self.settings, &plan);
        let grants = signals.unless_caught(opened).await??;
        let grant = &grants.main;
        tracing::info!(id = %grant.id, socket = %grant.socket.display(), "the grant is open");
        grant.notes.iter().for_each(|note| output.note(note));
        self.before(inputs, control, &grants, signals).await?;
        let wired = Wired::write(files, self.asked, &plan, &grants)?;
        let input = mem::replace(&mut plan.input, Input::Nothing);
        let mut command = self.tool.command(&wired.arguments, input);
        self.receipt.as_ref().map(Receipt::clear).transpose()?;
        let began = SystemTime::now();
        let mut run = self.engine(&mut command, control, grant, signals).await?;
        let times = (began, SystemTime::now());
        let found = self
            .image(&mut run, control, &grants, &wired, signals)
            .await;
        let revoked = signals.unless_caught(grants.end(control)).await;
        let report = match revoked.map_err(Error::from).and_then(|done| Ok(done?)) {
            Ok(report) => report,
            Err(error) => return unreported(run, error),
        };
        let code = self.tell(run, &plan, &grants, &report, &found);
        let id = image::id(self.asked, &wired);
        let built = Built {
            id: id.as_deref(),
            times,
            plan: &plan,
            keys: &grants.main.keys,
            report: &report,
            found: &found,
        };
        let is_built = run.ended.is_success() && run.caught.is_none();
        Ok(self.write_receipt(is_built, &built, code).await)
    }

    /// Ends a build that would be given a key.
    async fn before(
        &self,
        inputs: Inputs,
        control: &Control,
        grants: &Grants,
        signals: &mut Signals,
    ) -> Result<(), Error> {
        if self.options.no_verify {
            return Ok(());
        }
        let search = before::search(self.search(control, grants), inputs);
        let Err(found) = signals.unless_caught(search).await? else {
            return Ok(());
        };
        found.tell();
        // The grant ends with this process, if not now.
        drop(signals.unless_caught(grants.end(control)).await?);
        Err(found.into())
    }

    fn search<'s>(&self, control: &'s Control, grants: &'s Grants) -> Search<'s> {
        Search {
            control,
            grant: &grants.main,
            is_remembering: true,
            is_detailed: self.receipt.is_some(),
            is_quiet: self.options.quiet,
        }
    }

    /// Runs the engine to its end, and has the agent see to it that it does not outlive this
    /// process.
    async fn engine(
        &self,
        command: &mut Command,
        control: &Control,
        grant: &Grant,
        signals: &mut Signals,
    ) -> Result<Run, EngineError> {
        let watched = async |pid| {
            if let Err(error) = control.watch_engine(&grant.id, pid).await {
                tracing::warn!(%error, "the engine would outlive this process, were it killed");
            }
        };
        let run = run_to_end(command, signals, watched).await;
        run.map_err(|source| EngineError::Run {
            program: self.tool.program().clone(),
            source,
        })
    }

    /// The verdict on the image, if there is one to search.
    async fn image(
        &self,
        run: &mut Run,
        control: &Control,
        grants: &Grants,
        wired: &Wired,
        signals: &mut Signals,
    ) -> Found {
        if !run.ended.is_success() || run.caught.is_some() || self.options.no_verify {
            return Image::NotAsked.into();
        }
        let search = self.search(control, grants);
        let search = image::search(search, self.tool, self.asked, wired);
        let found = signals.unless_caught(search).await;
        found.unwrap_or_else(|caught| {
            run.caught = Some(caught);
            Image::NotAsked.into()
        })
    }

    /// Writes the receipt that was asked for, whatever the verdict; the exit status then. One that cannot
    /// be written is an error, unless there is a graver one.
    async fn write_receipt(&self, is_built: bool, built: &Built<'_>, code: ExitCode) -> ExitCode {
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

    /// Writes the summary, the findings and the error, and tells the exit status.
    fn tell(
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
            is_listed: matches!(self.settings.repos, Repos::Only(_)),
        };
        for line in summary::lines(&told) {
            output.line(&line);
        }
        image.details(output);
        tell_others(output, &found.warnings);
        let terms = Terms {
            strict: self.options.strict,
            is_fetching: told.is_fetching,
        };
        let outcome = outcome::outcome(run, report, image, terms)
            .or(end_of_others(self.options.strict, &found.warnings));
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

const NO_RECEIPT: &str = "no receipt is written: there is none of a build that did not succeed";
