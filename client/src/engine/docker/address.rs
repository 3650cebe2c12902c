//! Where the docker engine listens, found as docker finds it.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::engine::Variables;

/// Where an engine listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// A Unix socket of this machine.
    Unix(PathBuf),
    /// Another transport: `tcp://…`, `ssh://…`, `npipe://…`.
    Other(String),
    /// A context that is not there; docker says so itself.
    Unknown,
}

impl Address {
    /// The address that docker uses with these variables: `DOCKER_HOST`, else the context of
    /// `DOCKER_CONTEXT` or of the configuration, else the default socket.
    pub(super) fn of(variables: &Variables) -> Self {
        if let Some(host) = variables.text("DOCKER_HOST") {
            return Self::parse(host);
        }
        let folder = variables.docker_config();
        let named = variables.text("DOCKER_CONTEXT").map(str::to_owned);
        match named.or_else(|| current_context(folder.as_deref()?)) {
            Some(name) if name != "default" => folder
                .and_then(|folder| endpoint(&folder, &name))
                .unwrap_or(Self::Unknown),
            _ => Self::Unix(DEFAULT.into()),
        }
    }

    /// Whether docker reaches it by ssh, and so needs the user's agent.
    pub(super) fn is_ssh(&self) -> bool {
        matches!(self, Self::Other(host) if host.starts_with("ssh://"))
    }

    fn parse(host: &str) -> Self {
        match host.strip_prefix("unix://") {
            Some("") => Self::Unix(DEFAULT.into()),
            Some(path) => Self::Unix(path.into()),
            None => Self::Other(host.to_owned()),
        }
    }
}

#[derive(Deserialize)]
struct Config {
    #[serde(rename = "currentContext")]
    current_context: Option<String>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "Endpoints")]
    endpoints: Endpoints,
}

#[derive(Deserialize)]
struct Endpoints {
    docker: Endpoint,
}

#[derive(Deserialize)]
struct Endpoint {
    #[serde(rename = "Host")]
    host: String,
}

fn current_context(folder: &Path) -> Option<String> {
    let text = fs::read(folder.join("config.json")).ok()?;
    let config: Config = serde_json::from_slice(&text).ok()?;
    config.current_context.filter(|name| !name.is_empty())
}

/// Docker files a context under the SHA-256 of its name.
fn endpoint(folder: &Path, name: &str) -> Option<Address> {
    let file = folder
        .join("contexts/meta")
        .join(hex(&Sha256::digest(name)))
        .join("meta.json");
    let meta: Meta = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    Some(Address::parse(&meta.endpoints.docker.host))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

const DEFAULT: &str = "/var/run/docker.sock";

#[cfg(test)]
mod tests {
    use super::*;

    fn with_context(name: &str, host: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let meta = folder
            .path()
            .join("contexts/meta")
            .join(hex(&Sha256::digest(name)));
        fs::create_dir_all(&meta).unwrap();
        let text = format!(r#"{{"Name":"{name}","Endpoints":{{"docker":{{"Host":"{host}"}}}}}}"#);
        fs::write(meta.join("meta.json"), text).unwrap();
        let config = format!(r#"{{"currentContext":"{name}"}}"#);
        fs::write(folder.path().join("config.json"), config).unwrap();
        folder
    }

    fn address(pairs: &[(&str, &str)]) -> Address {
        Address::of(&pairs.iter().copied().collect())
    }

    #[test]
    fn the_default_socket_is_the_last_resort() {
        assert_eq!(address(&[]), Address::Unix(DEFAULT.into()));
        assert_eq!(
            address(&[("DOCKER_HOST", "")]),
            Address::Unix(DEFAULT.into())
        );
        assert_eq!(
            address(&[("DOCKER_CONTEXT", "default")]),
            Address::Unix(DEFAULT.into())
        );
    }

    #[test]
    fn the_host_variable_wins() {
        let folder = with_context("rootless", "unix:///run/user/1000/docker.sock");
        let config = ("DOCKER_CONFIG", folder.path().to_str().unwrap());
        let host = ("DOCKER_HOST", "unix:///run/other.sock");
        assert_eq!(
            address(&[config, host]),
            Address::Unix("/run/other.sock".into())
        );
        assert_eq!(
            address(&[config]),
            Address::Unix("/run/user/1000/docker.sock".into())
        );
        assert_eq!(
            address(&[config, ("DOCKER_CONTEXT", "default")]),
            Address::Unix(DEFAULT.into())
        );
    }

    #[test]
    fn remote_engines_are_told_apart() {
        let folder = with_context("far", "ssh://me@far");
        let far = address(&[("DOCKER_CONFIG", folder.path().to_str().unwrap())]);
        assert_eq!(far, Address::Other("ssh://me@far".into()));
        assert!(far.is_ssh());
        assert!(!address(&[("DOCKER_HOST", "tcp://far:2376")]).is_ssh());
    }

    #[test]
    fn a_context_that_is_not_there_is_left_to_docker() {
        assert_eq!(address(&[("DOCKER_CONTEXT", "gone")]), Address::Unknown);
    }
}
