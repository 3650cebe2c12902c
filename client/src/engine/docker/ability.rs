//! Whether an engine can run a program that it was given as a secret, as the shim is: `BuildKit` 0.13,
//! which is part of Docker 26, and later.

use std::path::Path;

use super::{
    Address, Docker,
    ping::{self, Answer, two_numbers},
};
use crate::engine::answer::answer;

/// Whether an engine can do fetch mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ability {
    /// It can; and whether its own platform is that of this machine.
    Able {
        /// Whether steps without another platform run on this machine's.
        is_local: bool,
    },
    /// It cannot, for this reason, a clause.
    Unable(String),
    /// It does not answer.
    Silent,
}

/// What the engine itself can do.
pub(super) async fn of_engine(docker: &Docker) -> Ability {
    match docker.address() {
        Address::Unix(socket) => of_socket(&socket).await,
        Address::Other(_) | Address::Unknown => of_remote(docker).await,
    }
}

async fn of_socket(socket: &Path) -> Ability {
    match ping::version(socket).await {
        None => Ability::Silent,
        Some(answer) if answer.api >= SINCE_API => Ability::Able { is_local: true },
        Some(answer) => Ability::Unable(too_old(&name(&answer))),
    }
}

/// `docker version`, since only docker knows the way to the engine.
async fn of_remote(docker: &Docker) -> Ability {
    let asked = says(
        docker,
        &[
            "version",
            "--format",
            "{{.Server.APIVersion}} {{.Server.Version}}",
        ],
    );
    let Some(text) = asked.await else {
        return Ability::Silent;
    };
    let mut words = text.split_whitespace();
    let api = words.next().and_then(two_numbers);
    match api {
        Some(api) if api >= SINCE_API => Ability::Able { is_local: false },
        Some(_) => Ability::Unable(too_old(&docker_name(words.next().unwrap_or_default()))),
        None => Ability::Silent,
    }
}

/// What docker says to a question, if it answers it.
pub(super) async fn says(docker: &Docker, arguments: &[&str]) -> Option<String> {
    answer(docker.command(), arguments).await
}

fn name(answer: &Answer) -> String {
    match answer.server.strip_prefix("Docker/") {
        Some(version) => docker_name(version),
        None => format!("an engine with API {}.{}", answer.api.0, answer.api.1),
    }
}

fn docker_name(version: &str) -> String {
    match two_numbers(version) {
        Some((major, minor)) => format!("docker {major}.{minor}"),
        None => "docker".to_owned(),
    }
}

fn too_old(name: &str) -> String {
    format!("{name} cannot run the shim from a secret (Docker 26 can)")
}

/// The API of Docker 26.
const SINCE_API: (u32, u32) = (1, 45);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_engine_is_named() {
        let answer = |server: &str| Answer {
            api: (1, 41),
            server: server.to_owned(),
        };
        for (server, told) in [
            (
                "Docker/20.10.24+dfsg1 (linux)",
                "docker 20.10 cannot run the shim from a secret (Docker 26 can)",
            ),
            (
                "Libpod/4.3.1 (linux)",
                "an engine with API 1.41 cannot run the shim from a secret (Docker 26 can)",
            ),
        ] {
            assert_eq!(too_old(&name(&answer(server))), told);
        }
    }
}
