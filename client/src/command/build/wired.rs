//! A plan with its grants: the arguments for the engine, and the files they name.

use std::{
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
};

use super::{
    asked::Asked,
    content::content,
    dry_run,
    files::{Files, FilesError},
    grants::Grants,
    plan::Plan,
};
use crate::{
    engine::Form,
    wiring::{Secret, Which},
};

/// The paths that the arguments of a wired build name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Paths {
    /// Ids of ssh mounts, and the sockets that serve them.
    pub(super) ssh: Vec<(String, PathBuf)>,
    /// The wired Dockerfile, where there is one.
    pub(super) dockerfile: Option<PathBuf>,
    /// The files for the steps.
    pub(super) secrets: Vec<(Secret, PathBuf)>,
    /// Where the engine writes the image's id.
    pub(super) iidfile: PathBuf,
}

/// A build ready to run. Its files live as long as this value.
#[derive(Debug)]
pub(super) struct Wired {
    /// What follows the command word.
    pub(super) arguments: Vec<OsString>,
    /// Where the engine writes the image's id.
    iidfile: PathBuf,
    _files: Files,
}

impl Wired {
    /// Writes the files of a build and connects it to its grants.
    pub(super) fn write(
        files: Files,
        asked: &Asked,
        plan: &Plan,
        grants: &Grants,
    ) -> Result<Self, FilesError> {
        let mut paths = Paths {
            ssh: sockets(plan, |which| grants.socket(which).to_owned()),
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
            let (name, content) = (OsStr::new(secret.id()), content(secret, plan, &grants.main));
            paths.secrets.push((secret, files.write(name, &content)?));
        }
        let arguments = asked.wired(&paths);
        Ok(Self {
            arguments,
            iidfile: asked.iidfile().map_or(paths.iidfile, Path::to_owned),
            _files: files,
        })
    }

    /// The image's id, once the engine has told it.
    pub(super) fn image_id(&self) -> Option<String> {
        let id = fs::read_to_string(&self.iidfile).ok()?;
        Some(id.trim().to_owned())
    }
}

/// What `--dry-run` prints: the wired command with placeholders for what exists only while it runs.
pub(super) fn preview(form: Form, asked: &Asked, plan: &Plan) -> String {
    let is_file = plan.dockerfile.is_some() && plan.files.is_some();
    let is_fetching = plan.fetching().is_some();
    let paths = Paths {
        ssh: sockets(plan, |which| match which {
            Which::Sign if is_fetching => "<signing socket>".into(),
            Which::Sign | Which::Fetch => "<grant socket>".into(),
        }),
        dockerfile: is_file.then(|| "<wired Dockerfile>".into()),
        secrets: (plan.secrets.iter())
            .map(|&secret| (secret, placeholder(secret).into()))
            .collect(),
        iidfile: "<image id>".into(),
    };
    let line = line(form, asked.wired(&paths));
    dry_run::text(&line, plan.dockerfile.as_deref())
}

/// The same for what runs without a grant.
pub(super) fn verbatim(form: Form, asked: &Asked) -> String {
    dry_run::text(&line(form, asked.arguments().to_vec()), None)
}

fn line(form: Form, arguments: Vec<OsString>) -> Vec<OsString> {
    let words = [form.program()].into_iter();
    let words = words.chain(form.words().iter().copied());
    words.map(OsString::from).chain(arguments).collect()
}

fn sockets(plan: &Plan, socket: impl Fn(Which) -> PathBuf) -> Vec<(String, PathBuf)> {
    let ids = plan.ssh.iter();
    ids.map(|(id, which)| (id.clone(), socket(*which)))
        .collect()
}

fn placeholder(secret: Secret) -> &'static str {
    match secret {
        Secret::KnownHosts => "<verified host keys>",
        Secret::Shim => "<ssh>",
        Secret::ShimAmd64 => "<ssh for amd64>",
        Secret::ShimArm64 => "<ssh for arm64>",
        Secret::Gitconfig => "<git configuration>",
        Secret::Cargo => "<cargo configuration>",
    }
}

const IIDFILE: &str = "keystay.image-id";
