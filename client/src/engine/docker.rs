//! Docker: its program, its environment, its engine.

mod ability;
mod address;
mod builder;
mod buildkit;
mod environment;
mod ping;
mod remembered;

pub(crate) use ability::Ability;
pub(crate) use address::Address;

use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
};

use tokio::process::Command;

use super::{EngineError, Form, Variables, program};

/// A docker program that can build.
#[derive(Debug)]
pub(crate) struct Docker {
    program: PathBuf,
    variables: Variables,
}

impl Docker {
    /// The `docker` of the path, with BuildKit turned on.
    ///
    /// # Errors
    ///
    /// When there is none, or the user has turned BuildKit off.
    pub(crate) fn find(variables: &Variables) -> Result<Self, EngineError> {
        let program = program::find("docker", variables).ok_or(EngineError::NoProgram)?;
        let variables = environment::with_buildkit(variables)?;
        let variables = environment::with_few_collections(variables);
        Ok(Self { program, variables })
    }

    /// Where the engine listens.
    pub(crate) fn address(&self) -> Address {
        Address::of(&self.variables)
    }

    /// Checks that a build with a forwarded agent is possible: docker has BuildKit's client, and
    /// the engine answers.
    pub(crate) async fn check(
        &self,
        form: Form,
        builder: Option<&OsStr>,
    ) -> Result<(), EngineError> {
        buildkit::check(&self.program, &self.variables, form).await?;
        if self.builds_elsewhere(form, builder) {
            Ok(())
        } else {
            self.ping().await
        }
    }

    /// The engine's version.
    pub(crate) async fn version(&self) -> Option<String> {
        let said = ability::says(self, &["version", "--format", "{{.Server.Version}}"]).await;
        said.map(|text| text.trim().to_owned())
    }

    /// The names of an image, separated by white space: its id, and its names in registries.
    pub(crate) async fn image_names(&self, image: &str) -> Option<String> {
        let format = "{{.Id}}{{range .RepoDigests}} {{.}}{{end}}";
        ability::says(self, &["image", "inspect", "--format", format, "--", image]).await
    }

    /// Checks that the engine answers, where it listens on this machine.
    pub(crate) async fn ping(&self) -> Result<(), EngineError> {
        match self.address() {
            Address::Unix(socket) => ping::ping(&socket).await,
            _ => Ok(()),
        }
    }

    /// Whether a build can be done in fetch mode.
    pub(crate) async fn ability(&self, form: Form, builder: Option<&OsStr>) -> Ability {
        let named = builder.or_else(|| self.variables.get("BUILDX_BUILDER"));
        let is_own = named.is_some_and(|name| name == "default");
        if !is_own && self.builds_elsewhere(form, builder) {
            builder::ability(self, named).await
        } else {
            ability::of_engine(self).await
        }
    }

    /// Takes the variables that hold keys, and the user's agent unless `keep_agent` or a remote
    /// engine needs it, out of docker's environment.
    pub(crate) fn without_keys<'a>(
        mut self,
        holders: impl IntoIterator<Item = &'a str>,
        keep_agent: bool,
        builder: Option<&OsStr>,
    ) -> Self {
        for name in holders {
            self.variables.remove(name);
        }
        let dials_by_ssh = self.address().is_ssh() || self.has_builder(builder);
        if !keep_agent && !dials_by_ssh {
            self.variables.remove("SSH_AUTH_SOCK");
        }
        self
    }

    /// The program in its environment.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.env_clear().envs(self.variables.iter());
        command
    }

    /// A variable of that environment.
    pub(crate) fn variable(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(name)
    }

    /// The environment that docker runs in.
    pub(crate) fn environment(&self) -> Vec<(OsString, OsString)> {
        self.variables.pairs()
    }

    /// The program.
    pub(crate) fn program(&self) -> &PathBuf {
        &self.program
    }

    /// Whether another builder than the engine's own may be in use, so that a silent engine is no
    /// obstacle.
    fn builds_elsewhere(&self, form: Form, builder: Option<&OsStr>) -> bool {
        let chosen = || {
            self.buildx_folder()
                .is_some_and(|folder| folder.join("current").exists())
        };
        self.has_builder(builder) || (form == Form::BuildxBuild && chosen())
    }

    /// Where buildx keeps what it knows.
    fn buildx_folder(&self) -> Option<PathBuf> {
        let own = self.variables.get("BUILDX_CONFIG").map(PathBuf::from);
        own.or_else(|| Some(self.variables.docker_config()?.join("buildx")))
    }

    fn has_builder(&self, builder: Option<&OsStr>) -> bool {
        builder.is_some() || self.variables.get("BUILDX_BUILDER").is_some()
    }
}
