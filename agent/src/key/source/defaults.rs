//! Sources when none is named.

use std::path::Path;

use super::{Environment, Fault, Place, Source, SourceError};

/// What a build uses when it names no source: the person's agent if there is one, else the usual
/// key files that exist.
pub fn defaults(environment: &Environment) -> Result<Vec<Source>, SourceError> {
    if environment.agent().is_some() {
        return Ok(vec![Source::Agent(None)]);
    }
    let exists = |path: &&&str| {
        environment
            .expand(Path::new(path))
            .is_some_and(|path| path.try_exists().unwrap_or(true))
    };
    let files: Vec<Source> = FILES
        .iter()
        .filter(exists)
        .map(|path| Source::File(path.into()))
        .collect();
    if files.is_empty() {
        Err(Fault::NoDefault.at(Place::Defaults))
    } else {
        Ok(files)
    }
}

/// Those of OpenSSH's default identities that can be read without an agent.
const FILES: [&str; 3] = ["~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa"];
