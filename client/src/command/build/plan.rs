//! What changes in a build to connect it to its grants.

use keystay_proto::control::Repos;

use super::{
    asked::Asked,
    mode::{Fetching, Mode},
    source::{Names, Source, Stdin, Text, too_long},
    stdin::{self, StdinError},
};
use crate::{
    cli::{Options, Wire},
    config::Settings,
    dockerfile::Dockerfile,
    engine::{EngineError, Form, Input, Tool},
    error::Error,
    output::Output,
    wiring::{self, FetchTerms, Secret, Unwirable, Which},
};

/// Chooses the mode, plans the wiring, and tells what cannot be wired.
pub(super) async fn plan(
    options: &Options,
    form: Form,
    asked: &Asked,
    settings: &Settings,
    source: Source,
    tool: Option<&Tool>,
) -> Result<Plan, Error> {
    let output = Output::new(options.quiet);
    let mode = Mode::choose(options, settings, asked, &source, form, tool).await?;
    let plan = Plan::make(asked, source, mode, options.wire, settings.takes_stdin())?;
    plan.check(options, settings)?;
    if plan.fetching().is_none() && options.wire == Wire::All {
        output.note(ALL_IN_SIGN_MODE);
    }
    plan.notes.iter().for_each(|note| output.note(note));
    Ok(plan)
}

/// What changes.
#[derive(Debug)]
pub(super) struct Plan {
    /// How the build reaches its repositories.
    pub(super) mode: Mode,
    /// The Dockerfile to build instead, where it changes.
    pub(super) dockerfile: Option<String>,
    /// The files to put it in, where the engine reads it from a file.
    pub(super) files: Option<Names>,
    /// The ids of ssh mounts that grants serve, and which.
    pub(super) ssh: Vec<(String, Which)>,
    /// The files that its steps get.
    pub(super) secrets: Vec<Secret>,
    /// What the user should know, a sentence each.
    pub(super) notes: Vec<String>,
    /// What the engine reads from standard input.
    pub(super) input: Input,
    /// Whether the engine's own git logs in by itself.
    own_git: bool,
    /// Why a step could get what signs for the engine's own git.
    exposed: Option<String>,
}

impl Plan {
    /// Plans a build of this Dockerfile in this mode, or in sign mode where it cannot be wired for
    /// fetches.
    pub(super) fn make(
        asked: &Asked,
        source: Source,
        mode: Mode,
        wire: Wire,
        stdin_taken: bool,
    ) -> Result<Self, StdinError> {
        let Source {
            text, files, stdin, ..
        } = source;
        let mut plan = Self {
            mode,
            dockerfile: None,
            files,
            ssh: Vec::new(),
            secrets: Vec::new(),
            notes: Vec::new(),
            input: Input::Inherited,
            own_git: false,
            exposed: None,
        };
        match &text {
            Text::Here(text) => plan.wire(text, asked, wire),
            Text::Unread(why) => plan.unread(asked, why),
            Text::Missing => plan.pass_default(asked),
        }
        // In fetch mode the wiring has passed it, where that git asks for it.
        if plan.fetching().is_none() && asked.context_needs_ssh() {
            plan.pass_default(asked);
        }
        plan.input = match (stdin, text) {
            (Stdin::Dockerfile, Text::Here(text)) => {
                Input::File(stdin::file(plan.dockerfile.as_deref().unwrap_or(&text))?)
            }
            (Stdin::Other(file), _) => Input::File(file),
            _ if stdin_taken => Input::Nothing,
            _ => Input::Inherited,
        };
        Ok(plan)
    }

    /// Refuses what gives a build more than the user allowed: sign mode for a Dockerfile that reaches for what
    /// signs, and the engine's own git where there is a list, which it does not see.
    fn check(&self, options: &Options, settings: &Settings) -> Result<(), EngineError> {
        if let Some(why) = &self.exposed {
            return Err(EngineError::NoFetch(why.clone()));
        }
        if self.own_git && self.fetching().is_some() && settings.repos != Repos::Any {
            return Err(EngineError::NoList(OWN_GIT.to_owned()));
        }
        self.mode.check(options, settings)
    }

    fn wire(&mut self, text: &str, asked: &Asked, wire: Wire) {
        if let Some(why) = too_long(text) {
            return self.unread(asked, why);
        }
        let dockerfile = match Dockerfile::parse(text) {
            Ok(dockerfile) => dockerfile,
            Err(error) => return self.unread(asked, &error.to_string()),
        };
        if let Mode::Fetch(fetching) = &self.mode {
            match self.fetch(&dockerfile, asked, &fetching.terms.clone()) {
                Ok(()) => return,
                Err(error) => {
                    let why = format!("the Dockerfile: {error}");
                    self.exposed = error.exposes().then(|| why.clone());
                    self.mode = Mode::sign(Some(why));
                }
            }
        }
        self.sign(&dockerfile, asked, wire);
    }

    fn fetch(
        &mut self,
        dockerfile: &Dockerfile<'_>,
        asked: &Asked,
        terms: &FetchTerms,
    ) -> Result<(), Unwirable> {
        let planned = wiring::fetch_mode(dockerfile, &asked.passed(), terms)?;
        if !planned.has_ssh_mount && planned.ssh.is_empty() {
            self.notes.push(NO_FETCH.to_owned());
        }
        self.take(planned);
        Ok(())
    }

    fn sign(&mut self, dockerfile: &Dockerfile<'_>, asked: &Asked, wire: Wire) {
        let planned = wiring::sign_mode(dockerfile, &asked.passed());
        if !planned.has_ssh_mount && planned.ssh.is_empty() && !asked.context_needs_ssh() {
            self.notes.push(NO_MOUNT.to_owned());
        }
        if wire == Wire::None {
            self.ssh = planned.ssh;
        } else {
            self.take(planned);
        }
    }

    fn take(&mut self, planned: wiring::Plan) {
        self.dockerfile = planned.dockerfile;
        self.ssh = planned.ssh;
        self.secrets = planned.secrets;
        self.own_git = planned.own_git;
        self.notes
            .extend(planned.notes.iter().map(ToString::to_string));
    }

    /// A Dockerfile that is not read is built as it stands, and may use the usual id.
    fn unread(&mut self, asked: &Asked, why: &str) {
        self.notes
            .push(format!("the Dockerfile is built as it stands, since {why}"));
        if matches!(self.mode, Mode::Fetch(_)) {
            self.mode = Mode::sign(Some(UNREAD.to_owned()));
        }
        self.pass_default(asked);
    }

    fn pass_default(&mut self, asked: &Asked) {
        let passed = asked.passed().ssh_ids;
        let mut ids = passed.iter().chain(self.ssh.iter().map(|(id, _)| id));
        if !ids.any(|id| id == DEFAULT) {
            self.ssh.push((DEFAULT.to_owned(), Which::Sign));
        }
    }

    /// What fetch mode needs, where the build is in it.
    pub(super) fn fetching(&self) -> Option<&Fetching> {
        match &self.mode {
            Mode::Fetch(fetching) => Some(fetching),
            Mode::Sign { .. } => None,
        }
    }
}

const DEFAULT: &str = "default";
const OWN_GIT: &str =
    "the engine's own git logs in by itself, for ADD or the context; fetch in a RUN step";
/// Why a build whose Dockerfile is not read is in sign mode.
pub(super) const UNREAD: &str = "the Dockerfile is built as it stands";
const NO_MOUNT: &str = "no step mounts an ssh agent, so none can use the keys; a step that fetches \
                        begins with `RUN --mount=type=ssh`";
const NO_FETCH: &str = "no step mounts an ssh agent or names an ssh URL, so none is connected; \
                        `--wire all` connects every step";
const ALL_IN_SIGN_MODE: &str =
    "`--wire all` needs fetch mode; in sign mode the steps with ssh mounts are wired";
