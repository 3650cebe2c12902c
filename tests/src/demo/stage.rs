//! Where the demo plays: in the lab, or with the docker that a person has.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use clap::ValueEnum;

use super::container::GitContainer;
use crate::lab::{Engine, Lab, LabError, run};

/// Where the demo plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Where {
    /// With the docker at hand if it answers, else in the lab
    Auto,
    /// With the docker at hand; the git host is a container
    Docker,
    /// In the lab
    Lab,
}

/// What a demo is played with.
#[derive(Debug)]
pub(super) struct Stage {
    /// The docker program.
    pub(super) docker: PathBuf,
    /// Variables for it and for Keystay.
    pub(super) variables: Vec<(String, String)>,
    /// The key that opens the repository.
    pub(super) key: PathBuf,
    /// The git host's lines for a `known_hosts` file.
    pub(super) known_hosts: String,
    /// The Dockerfile.
    pub(super) dockerfile: String,
    /// The `package.json`; empty where the Dockerfile does not use it.
    pub(super) package: String,
    /// The git host, where it is the demo's own.
    _host: Option<GitContainer>,
}

impl Stage {
    /// Sets the stage; throw-away keys are made in the folder.
    pub(super) fn set(place: Where, folder: &Path) -> Result<Self, LabError> {
        match place {
            Where::Docker => Self::with_docker(folder),
            Where::Auto if docker_answers() => Self::with_docker(folder),
            Where::Auto | Where::Lab => Self::in_lab(),
        }
    }

    fn in_lab() -> Result<Self, LabError> {
        let lab = Lab::up()?;
        let [_, engine] = lab.engines();
        let url = lab.git_host().url("acme/npm-greet");
        Ok(Self {
            docker: docker_of(engine),
            variables: engine.env(),
            key: lab.key("dev"),
            known_hosts: lab.git_host().known_hosts().to_owned(),
            dockerfile: NPM_DOCKERFILE.to_owned(),
            package: format!(
                "{{ \"name\": \"app\", \"dependencies\": {{ \"greet\": \"git+{url}\" }} }}\n"
            ),
            _host: None,
        })
    }

    fn with_docker(folder: &Path) -> Result<Self, LabError> {
        let key = folder.join("id_ed25519");
        run(Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-C", "demo", "-f"])
            .arg(&key))?;
        let public = folder.join("id_ed25519.pub");
        let public = fs::read_to_string(&public).map_err(LabError::file("read", &public))?;
        let host = GitContainer::start(&public)?;
        let docker = "docker".into();
        let known_hosts = host.known_hosts()?;
        let dockerfile = GIT_DOCKERFILE.replace("{url}", &host.url());
        let package = String::new();
        Ok(Self {
            docker,
            variables: docker_config(),
            key,
            known_hosts,
            dockerfile,
            package,
            _host: Some(host),
        })
    }
}

/// The person's own docker configuration: the demo changes `HOME`.
fn docker_config() -> Vec<(String, String)> {
    let own = std::env::home_dir().map(|home| home.join(".docker"));
    match (std::env::var_os("DOCKER_CONFIG"), own) {
        (None, Some(own)) => vec![(
            "DOCKER_CONFIG".to_owned(),
            own.to_string_lossy().into_owned(),
        )],
        _ => Vec::new(),
    }
}

fn docker_answers() -> bool {
    run(Command::new("docker").args(["version", "--format", "{{.Server.Version}}"])).is_ok()
}

fn docker_of(engine: &Engine) -> PathBuf {
    engine.docker().get_program().into()
}

const NPM_DOCKERFILE: &str = "\
FROM keystay/node:1 AS build
WORKDIR /app
COPY package.json .
RUN --mount=type=ssh npm install

FROM keystay/lean:1
COPY --from=build /app /app
";
const GIT_DOCKERFILE: &str = "\
FROM keystay-demo-tools AS build
RUN --mount=type=ssh git clone {url} /src

FROM scratch
COPY --from=build /src /src
";
