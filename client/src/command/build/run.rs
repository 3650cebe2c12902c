//! One build, from its arguments to its exit status.

mod end;

use std::{ffi::OsString, mem, time::SystemTime};

use keystay_proto::control::Grant;
use tokio::{process::Command, task::JoinHandle};

use self::end::unreported;
use super::{
    asked::Asked,
    before,
    files::Files,
    grants::Grants,
    hints, image,
    inputs::Inputs,
    listed::Listed,
    mode::Mode,
    plan::{Plan, plan},
    receipt::{Built, Receipt},
    source::Source,
    wired::{self, Wired},
};
use crate::{
    agent_link::{Control, Summoned},
    cli::Options,
    command::search::{Found, Search},
    config::Settings,
    engine::{EngineError, Form, Input, Run, Signals, Tool, Variables, become_engine, run_to_end},
    error::Error,
    exit_code::ExitCode,
    output::{self, Output},
    summary::Image,
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
        if options.dry_run {
            output::print(&wired::verbatim(form, &asked))?;
            return Ok(ExitCode::Success);
        }
        return Err(verbatim(&tool?, &asked).into());
    }
    if options.dry_run {
        let (source, settings) = read(options, &asked, settings)?;
        let plan = plan(options, form, &asked, &settings, source, tool.as_ref().ok()).await?;
        if let Mode::Sign { why: Some(why) } = &plan.mode {
            output.line(&format!("sign mode: {why}"));
        }
        output::print(&wired::preview(form, &asked, &plan))?;
        return Ok(ExitCode::Success);
    }
    let tool = match tool {
        Ok(tool) => tool,
        Err(missing) => {
            // What is wrong with what was asked for comes first.
            read(options, &asked, settings)?;
            return Err(missing.into());
        }
    };
    // It starts while the rest is made ready, and reads no key before the build is planned.
    let agent = Summoned::by(&settings.keys, options.verbose, &Variables::of_process()).await?;
    let (source, settings) = read(options, &asked, settings)?;
    let receipt = Receipt::asked_for(options, &asked, &source)?;
    tool.check(asked.builder()).await?;
    let inputs = Inputs::of(&asked, &source, &tool);
    let listing = (!options.no_verify).then(|| Listed::start(inputs));
    let plan = plan(options, form, &asked, &settings, source, Some(&tool)).await?;
    let build = Build {
        options,
        settings: &settings,
        asked: &asked,
        tool: &tool,
        receipt,
    };
    build.run(agent, plan, listing).await
}

/// What is built, and the settings that it narrows.
fn read(options: &Options, asked: &Asked, settings: Settings) -> Result<(Source, Settings), Error> {
    let output = Output::new(options.quiet);
    let source = Source::read(asked, settings.takes_stdin())?;
    let (settings, note) = settings.narrowed(options, &source.folder, &Variables::of_process())?;
    if let Some(note) = note {
        output.note(&note);
    }
    hints::tell(asked, &source, output);
    Ok((source, settings))
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
    async fn run(
        &self,
        agent: Summoned,
        plan: Plan,
        listing: Option<JoinHandle<Listed>>,
    ) -> Result<ExitCode, Error> {
        let mut signals = Signals::listen().map_err(Error::Runtime)?;
        let started =
            async { tokio::join!(agent.ready(), async { Files::new(self.tool.dialect()) }) };
        let (agent, files) = signals.unless_caught(started).await?;
        let (agent, files) = (agent?, files?);
        let code = self
            .granted(plan, listing, files, agent.control(), &mut signals)
            .await;
        agent.end().await;
        code
    }

    /// From the grants to the exit status: the build itself.
    async fn granted(
        &self,
        mut plan: Plan,
        listing: Option<JoinHandle<Listed>>,
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
        self.before(listing, control, &grants, signals).await?;
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
        listing: Option<JoinHandle<Listed>>,
        control: &Control,
        grants: &Grants,
        signals: &mut Signals,
    ) -> Result<(), Error> {
        let Some(listing) = listing else {
            return Ok(());
        };
        let search = before::search(self.search(control, grants), listing);
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
}

/// Becomes the engine as it was asked for, without a grant; returns only if it cannot.
fn verbatim(tool: &Tool, asked: &Asked) -> EngineError {
    let mut command = tool.command(asked.arguments(), Input::Inherited);
    EngineError::Run {
        program: tool.program().clone(),
        source: become_engine(&mut command),
    }
}
