//! An engine's program and how it is asked: what a build runs.

use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
    process::Stdio,
};

use tokio::process::Command;

use super::{Ability, Address, Dialect, Docker, EngineError, Form, Podman, Variables};
use crate::verify::ImageSource;

/// What an engine reads from standard input.
#[derive(Debug)]
pub(crate) enum Input {
    /// What this process was given.
    Inherited,
    /// Nothing.
    Nothing,
    /// A file, from where it stands.
    File(std::fs::File),
}

/// An engine's program and how it is asked.
#[derive(Debug)]
pub(crate) struct Tool {
    form: Form,
    engine: Engine,
}

#[derive(Debug)]
enum Engine {
    Docker(Docker),
    Podman(Podman),
}

impl Tool {
    /// The program that this form asks.
    ///
    /// # Errors
    ///
    /// When there is none, or it is not to be used.
    pub(crate) fn find(form: Form, variables: &Variables) -> Result<Self, EngineError> {
        let engine = match form {
            Form::Build | Form::BuildxBuild => Engine::Docker(Docker::find(variables)?),
            Form::PodmanBuild | Form::BuildahBuild | Form::BuildahBud => {
                Engine::Podman(Podman::find(form, variables)?)
            }
        };
        Ok(Self { form, engine })
    }

    /// Whose arguments its program takes.
    pub(crate) fn dialect(&self) -> Dialect {
        self.form.dialect()
    }

    /// Takes the variables that hold keys, and the user's agent unless it is needed, out of the
    /// engine's environment.
    pub(crate) fn without_keys<'a>(
        self,
        holders: impl IntoIterator<Item = &'a str>,
        keep_agent: bool,
        builder: Option<&OsStr>,
    ) -> Self {
        let engine = match self.engine {
            Engine::Docker(docker) => {
                Engine::Docker(docker.without_keys(holders, keep_agent, builder))
            }
            Engine::Podman(podman) => Engine::Podman(podman.without_keys(holders, keep_agent)),
        };
        Self { engine, ..self }
    }

    /// Checks that a build with a forwarded agent is possible.
    pub(crate) async fn check(&self, builder: Option<&OsStr>) -> Result<(), EngineError> {
        match &self.engine {
            Engine::Docker(docker) => docker.check(self.form, builder).await,
            Engine::Podman(_) => Ok(()),
        }
    }

    /// Whether a build can be done in fetch mode.
    pub(crate) async fn ability(&self, builder: Option<&OsStr>) -> Ability {
        match &self.engine {
            Engine::Docker(docker) => docker.ability(self.form, builder).await,
            Engine::Podman(_) => Ability::Able { is_local: true },
        }
    }

    /// A build ready to run, tied to this process.
    pub(crate) fn command(&self, arguments: &[OsString], input: Input) -> Command {
        let mut command = match &self.engine {
            Engine::Docker(docker) => docker.command(),
            Engine::Podman(podman) => podman.command(),
        };
        // Not its arguments: a build argument may hold a secret.
        tracing::info!(program = %self.program().display(), form = ?self.form, "running the engine");
        command.args(self.form.words()).args(arguments);
        command.stdin(match input {
            Input::Inherited => Stdio::inherit(),
            Input::Nothing => Stdio::null(),
            Input::File(file) => file.into(),
        });
        command
    }

    /// Where an image of the engine is read from: its own API where it listens on this machine, else
    /// its program.
    pub(crate) fn image(&self, image: &str) -> ImageSource {
        match &self.engine {
            Engine::Docker(docker) => docker_image(docker, image),
            Engine::Podman(podman) => {
                // Other formats lose the annotations, and compressing would take longer than the
                // search; but buildah writes an OCI archive to a regular file only.
                let words = match self.form {
                    Form::PodmanBuild => {
                        vec!["save", "--format=oci-archive", "--uncompressed", image]
                    }
                    _ => vec!["push", image, "docker-archive:/dev/stdout"],
                };
                ImageSource::Program {
                    program: podman.program().into(),
                    arguments: words.into_iter().map(OsString::from).collect(),
                    environment: podman.variables().pairs(),
                }
            }
        }
    }

    /// A variable of the engine's environment.
    pub(crate) fn variable(&self, name: &str) -> Option<&OsStr> {
        match &self.engine {
            Engine::Docker(docker) => docker.variable(name),
            Engine::Podman(podman) => podman.variables().get(name),
        }
    }

    /// The version of the engine, where it tells it.
    pub(crate) async fn version(&self) -> Option<String> {
        match &self.engine {
            Engine::Docker(docker) => docker.version().await,
            Engine::Podman(podman) => podman.version().await,
        }
    }

    /// The words that a build is asked for with, the program first.
    pub(crate) fn words(&self) -> Vec<&'static str> {
        let program = [self.form.program()].into_iter();
        program.chain(self.form.words().iter().copied()).collect()
    }

    /// The digests that an image of the engine goes by, `sha256:` and 64 digits; nothing where it
    /// holds no such image.
    pub(crate) async fn digests(&self, image: &str) -> Option<Vec<String>> {
        let names = match &self.engine {
            Engine::Docker(docker) => docker.image_names(image).await,
            Engine::Podman(podman) => podman.image_names(image).await,
        };
        Some(names?.split_whitespace().filter_map(digest).collect())
    }

    /// Checks that the engine answers, where it listens on this machine.
    pub(crate) async fn ping(&self) -> Result<(), EngineError> {
        match &self.engine {
            Engine::Docker(docker) => docker.ping().await,
            Engine::Podman(_) => Ok(()),
        }
    }

    /// The program's path.
    pub(crate) fn program(&self) -> &PathBuf {
        match &self.engine {
            Engine::Docker(docker) => docker.program(),
            Engine::Podman(podman) => podman.program(),
        }
    }
}

/// The digest that a name of an image is, or ends with. Podman writes ids without their algorithm.
fn digest(name: &str) -> Option<String> {
    let digest = name.rsplit('@').next().unwrap_or(name);
    let digits = digest.strip_prefix("sha256:").unwrap_or(digest);
    let is_hex = |digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
    (digits.len() == 64 && digits.bytes().all(is_hex)).then(|| format!("sha256:{digits}"))
}

/// Where an image of docker's engine is read from.
fn docker_image(docker: &Docker, image: &str) -> ImageSource {
    match docker.address() {
        Address::Unix(socket) => ImageSource::Engine {
            socket,
            image: image.to_owned(),
        },
        Address::Other(_) | Address::Unknown => {
            ImageSource::docker_save(docker.program().into(), docker.environment(), image)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_taken_from_ids_and_names() {
        let digits = "0123456789abcdef".repeat(4);
        let told = Some(format!("sha256:{digits}"));
        for name in [
            digits.clone(),
            format!("sha256:{digits}"),
            format!("reg.io/app@sha256:{digits}"),
        ] {
            assert_eq!(digest(&name), told, "{name}");
        }
        for name in ["app:1", "sha512:00", &digits.to_uppercase(), ""] {
            assert_eq!(digest(name), None, "{name}");
        }
    }
}
