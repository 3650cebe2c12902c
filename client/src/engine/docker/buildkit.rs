//! Whether docker can talk to BuildKit, without running docker where a look at files is enough.

use std::{
    env::consts::EXE_SUFFIX,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde::Deserialize;
use tokio::{process::Command, time::timeout};

use super::remembered::Remembered;
use crate::engine::{EngineError, Form, Variables, program::is_executable};

/// Checks that docker has BuildKit's client: the buildx plug-in, or one built in, as before
/// Docker 23.
pub(super) async fn check(
    docker: &Path,
    variables: &Variables,
    form: Form,
) -> Result<(), EngineError> {
    let config = Config::read(variables);
    if has_plugin(&folders(variables, &config)) {
        return Ok(());
    }
    if form == Form::Build && (config.has_builder_alias() || has_client(docker, variables).await) {
        return Ok(());
    }
    Err(EngineError::NoBuildx)
}

/// What is read of docker's `config.json`; docker itself tells its user when the file is broken.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Config {
    cli_plugins_extra_dirs: Vec<PathBuf>,
    aliases: Aliases,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Aliases {
    builder: Option<String>,
}

impl Config {
    fn read(variables: &Variables) -> Self {
        let text = variables
            .docker_config()
            .and_then(|dir| fs::read(dir.join("config.json")).ok());
        text.and_then(|text| serde_json::from_slice(&text).ok())
            .unwrap_or_default()
    }

    /// Whether the user has put another plug-in in charge of `docker build`.
    fn has_builder_alias(&self) -> bool {
        self.aliases
            .builder
            .as_ref()
            .is_some_and(|name| name != "buildx")
    }
}

/// Where docker looks for plug-ins.
fn folders(variables: &Variables, config: &Config) -> Vec<PathBuf> {
    let own = variables
        .docker_config()
        .map(|folder| folder.join("cli-plugins"));
    let system = SYSTEM
        .iter()
        .map(|folder| Path::new(folder).join("docker/cli-plugins"));
    config
        .cli_plugins_extra_dirs
        .iter()
        .cloned()
        .chain(own)
        .chain(system)
        .collect()
}

fn has_plugin(folders: &[PathBuf]) -> bool {
    let name = format!("docker-buildx{EXE_SUFFIX}");
    folders
        .iter()
        .any(|folder| is_executable(&folder.join(&name)))
}

/// Whether this docker has BuildKit's client built in.
async fn has_client(docker: &Path, variables: &Variables) -> bool {
    let remembered = Remembered::of(docker, variables);
    if remembered.as_ref().is_some_and(Remembered::is_known) {
        return true;
    }
    let has_client = says_client(docker, variables).await;
    if has_client && let Some(remembered) = remembered {
        // What is not remembered is asked again.
        drop(remembered.remember());
    }
    has_client
}

/// Whether this docker's version has BuildKit's client built in; a docker that does not say its version is
/// left to speak for itself.
async fn says_client(docker: &Path, variables: &Variables) -> bool {
    let mut command = Command::new(docker);
    command.arg("--version").env_clear().envs(variables.iter());
    command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let Ok(Ok(output)) = timeout(PATIENCE, command.output()).await else {
        return true;
    };
    major_version(&String::from_utf8_lossy(&output.stdout)).is_none_or(|major| major < 23)
}

/// The first number of `Docker version 20.10.24+dfsg1, build 297e128`.
fn major_version(text: &str) -> Option<u32> {
    let number = text.strip_prefix("Docker version ")?;
    number
        .split(|c: char| !c.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

const SYSTEM: [&str; 4] = [
    "/usr/local/lib",
    "/usr/local/libexec",
    "/usr/lib",
    "/usr/libexec",
];
const PATIENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_version_is_read_from_dockers_own_words() {
        assert_eq!(
            major_version("Docker version 20.10.24+dfsg1, build 297e128\n"),
            Some(20)
        );
        assert_eq!(
            major_version("Docker version 28.2.2, build e6534b4\n"),
            Some(28)
        );
        assert_eq!(major_version("podman version 4.3.1\n"), None);
    }

    #[test]
    fn plug_ins_are_looked_for_where_docker_does() {
        let home = tempfile::tempdir().unwrap();
        let text = r#"{"cliPluginsExtraDirs": ["/opt/plugins"], "auths": {}}"#;
        fs::write(home.path().join("config.json"), text).unwrap();
        let variables = [("DOCKER_CONFIG", home.path().to_str().unwrap())]
            .into_iter()
            .collect();
        let config = Config::read(&variables);
        assert_eq!(
            folders(&variables, &config),
            [
                PathBuf::from("/opt/plugins"),
                home.path().join("cli-plugins"),
                "/usr/local/lib/docker/cli-plugins".into(),
                "/usr/local/libexec/docker/cli-plugins".into(),
                "/usr/lib/docker/cli-plugins".into(),
                "/usr/libexec/docker/cli-plugins".into(),
            ]
        );
    }

    #[test]
    fn a_plug_in_must_be_executable() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("docker-buildx");
        fs::write(&file, "").unwrap();
        assert!(!has_plugin(&[folder.path().into()]));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(has_plugin(&[folder.path().into()]));
    }

    #[test]
    fn a_broken_configuration_is_left_to_docker() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("config.json"), "{").unwrap();
        let variables = [("DOCKER_CONFIG", home.path().to_str().unwrap())]
            .into_iter()
            .collect();
        assert!(Config::read(&variables).cli_plugins_extra_dirs.is_empty());
    }
}
