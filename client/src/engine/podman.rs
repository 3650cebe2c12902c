//! Podman and buildah: their programs and environment. They build without a daemon.

use std::path::PathBuf;

use tokio::process::Command;

use super::{EngineError, Form, Variables, answer::answer, program};

/// A podman or buildah program that can build.
#[derive(Debug)]
pub(crate) struct Podman {
    program: PathBuf,
    variables: Variables,
}

impl Podman {
    /// The program of the path.
    ///
    /// # Errors
    ///
    /// When there is none, or it would build on another machine: no ssh agent is carried there.
    pub(crate) fn find(form: Form, variables: &Variables) -> Result<Self, EngineError> {
        let name = form.program();
        let program = program::find(name, variables).ok_or(EngineError::NoPodman(name))?;
        let remote = ["CONTAINER_HOST", "CONTAINER_CONNECTION"];
        let remote = remote
            .into_iter()
            .find(|name| variables.get(name).is_some());
        match remote.filter(|_| form == Form::PodmanBuild) {
            Some(name) => Err(EngineError::Remote(name)),
            None => Ok(Self {
                program,
                variables: variables.clone(),
            }),
        }
    }

    /// Takes the variables that hold keys, and the user's agent unless `keep_agent`, out of its
    /// environment.
    pub(crate) fn without_keys<'a>(
        mut self,
        holders: impl IntoIterator<Item = &'a str>,
        keep_agent: bool,
    ) -> Self {
        for name in holders {
            self.variables.remove(name);
        }
        if !keep_agent {
            self.variables.remove("SSH_AUTH_SOCK");
        }
        self
    }

    /// Its version: `4.3.1` of `podman version 4.3.1`.
    pub(crate) async fn version(&self) -> Option<String> {
        let said = answer(self.command(), &["--version"]).await?;
        said.split_whitespace().nth(2).map(str::to_owned)
    }

    /// The names of an image, separated by white space: its id, its digest, and its names in
    /// registries.
    pub(crate) async fn image_names(&self, image: &str) -> Option<String> {
        let format = "{{.Id}} {{.Digest}}{{range .RepoDigests}} {{.}}{{end}}";
        let words = ["image", "inspect", "--format", format, "--", image];
        answer(self.command(), &words).await
    }

    /// The program in its environment.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.env_clear().envs(self.variables.iter());
        command
    }

    /// The program's path.
    pub(crate) fn program(&self) -> &PathBuf {
        &self.program
    }

    /// The environment that it runs in.
    pub(crate) fn variables(&self) -> &Variables {
        &self.variables
    }
}
