//! A plan with its grant: the arguments for docker, and the files they name.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use keystay_proto::control::Grant;

use super::{
    asked::Asked,
    dry_run,
    files::{Files, FilesError},
    plan::Plan,
};
use crate::{engine::Form, wiring::Secret};

/// The paths that the arguments of a wired build name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Paths {
    /// The grant's socket.
    pub(super) socket: PathBuf,
    /// The wired Dockerfile, where there is one.
    pub(super) dockerfile: Option<PathBuf>,
    /// The files for the steps.
    pub(super) secrets: Vec<(Secret, PathBuf)>,
    /// Where docker writes the image's id.
    pub(super) iidfile: PathBuf,
}

/// A build ready to run. Its files live as long as this value.
#[derive(Debug)]
pub(super) struct Wired {
    /// What follows the command word.
    pub(super) arguments: Vec<OsString>,
    /// Where docker writes the image's id.
    pub(super) iidfile: PathBuf,
    _files: Files,
}

impl Wired {
    /// Writes the files of a build and connects it to its grant.
    pub(super) fn write(
        files: Files,
        asked: &Asked,
        plan: &Plan,
        grant: &Grant,
    ) -> Result<Self, FilesError> {
        let mut paths = Paths {
            socket: grant.socket.clone(),
            iidfile: files.path(IIDFILE),
            ..Paths::default()
        };
        if let (Some(text), Some(names)) = (&plan.dockerfile, &plan.files) {
            paths.dockerfile = Some(files.write(&names.name, text.as_bytes())?);
            for (name, content) in &names.beside {
                files.write(name, content)?;
            }
        }
        for &secret in &plan.secrets {
            let path = files.write(OsStr::new(secret.id()), grant.known_hosts.as_bytes())?;
            paths.secrets.push((secret, path));
        }
        let arguments = asked.wired(plan, &paths);
        Ok(Self {
            arguments,
            iidfile: asked.iidfile().map_or(paths.iidfile, Path::to_owned),
            _files: files,
        })
    }
}

/// What `--dry-run` prints: the wired command with placeholders for what exists only while it runs.
pub(super) fn preview(form: Form, asked: &Asked, plan: &Plan) -> String {
    let is_file = plan.dockerfile.is_some() && plan.files.is_some();
    let paths = Paths {
        socket: "<grant socket>".into(),
        dockerfile: is_file.then(|| "<wired Dockerfile>".into()),
        secrets: (plan.secrets.iter())
            .map(|&secret| (secret, "<verified host keys>".into()))
            .collect(),
        iidfile: "<image id>".into(),
    };
    let docker = OsString::from("docker");
    let words = form.words().iter().map(OsString::from);
    let line: Vec<_> = [docker]
        .into_iter()
        .chain(words)
        .chain(asked.wired(plan, &paths))
        .collect();
    dry_run::text(&line, plan.dockerfile.as_deref())
}

const IIDFILE: &str = "keystay.image-id";
