//! What `keystay verify` was given.

use std::{
    fs::{self, File},
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
};

use super::{Found, ImageError};
use crate::{
    cli::{Holder, VerifyArgs},
    command::StdinError,
    config::Settings,
    engine::{Docker, Form, Tool, Variables, docker_image},
    error::Error,
    verify::{Gap, ImageSource, is_layout},
};

/// Where the image is, and the name it is told by.
#[derive(Debug)]
pub(super) struct Subject {
    name: String,
    source: ImageSource,
    holder: Option<Holder>,
}

impl Subject {
    /// Standard input for `-`, an OCI layout, a file; else an image of the engine, which must answer.
    pub(super) async fn find(
        asked: &VerifyArgs,
        settings: &Settings,
        variables: &Variables,
    ) -> Result<Self, Error> {
        let path = Path::new(&asked.image);
        let name = asked.image.to_string_lossy().into_owned();
        if asked.image == "-" {
            return Ok(Self::stored("standard input", stdin(settings)?));
        }
        if path.is_dir() && is_layout(path) {
            return Ok(Self::stored(&name, ImageSource::Layout(path.to_owned())));
        }
        if fs::metadata(path).is_ok_and(|data| !data.is_dir()) {
            return Ok(Self::stored(&name, file(path)?));
        }
        let source = held(asked.engine, &name, settings, variables).await?;
        Ok(Self {
            name,
            source,
            holder: Some(asked.engine),
        })
    }

    fn stored(name: &str, source: ImageSource) -> Self {
        Self {
            name: name.to_owned(),
            source,
            holder: None,
        }
    }

    pub(super) fn source(&self) -> ImageSource {
        self.source.clone()
    }

    /// The image's name or id, the path of its file, or `standard input`.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// An error for a file that turned out to be no image, which is not the same as an image of
    /// which a part is missing.
    pub(super) fn judge(&self, found: &Found) -> Result<(), ImageError> {
        let Some(verified) = found.verified.as_ref().filter(|_| self.holder.is_none()) else {
            return Ok(());
        };
        let name = self.name.clone();
        match verified.gaps.as_slice() {
            [Gap::Truncated(0), ..] => Err(ImageError::Empty(name)),
            [Gap::Truncated(..BLOCK) | Gap::Damaged(0), ..] => Err(ImageError::NoArchive(name)),
            [Gap::NotAnImage] => Err(ImageError::NoImage(name)),
            _ => Ok(()),
        }
    }

    /// What to do about an image that the engine does not hold.
    pub(super) fn hints_if_absent(&self) -> Vec<String> {
        let list = match self.holder {
            Some(Holder::Podman) => "podman image ls",
            _ => "docker image ls",
        };
        let mut hints = vec![format!("see which there are: `{list}`")];
        if Path::new(&self.name).is_dir() {
            hints.push("the folder of that name is no OCI layout: it holds no `oci-layout`".into());
        }
        hints
    }
}

fn stdin(settings: &Settings) -> Result<ImageSource, Error> {
    if settings.takes_stdin() {
        return Err(StdinError::Claimed("the image").into());
    }
    if io::stdin().is_terminal() {
        return Err(ImageError::Terminal.into());
    }
    Ok(ImageSource::Stdin)
}

/// A file that can be read. A pipe must not be opened twice: who writes to it would be gone.
fn file(path: &Path) -> Result<ImageSource, ImageError> {
    let path = PathBuf::from(path);
    let is_file = fs::metadata(&path).is_ok_and(|data| data.is_file());
    match is_file.then(|| File::open(&path)) {
        Some(Err(source)) => Err(ImageError::Read {
            name: path.display().to_string(),
            source,
        }),
        _ => Ok(ImageSource::File(path)),
    }
}

async fn held(
    engine: Holder,
    name: &str,
    settings: &Settings,
    variables: &Variables,
) -> Result<ImageSource, Error> {
    if engine == Holder::Podman {
        let podman = Tool::find(Form::PodmanBuild, variables)?;
        let podman = podman.without_keys(settings.key_variables(), false, None);
        return Ok(podman.image(name));
    }
    let docker = Docker::find(variables)?;
    let docker = docker.without_keys(settings.key_variables(), false, None);
    docker.ping().await?;
    Ok(docker_image(&docker, name))
}

/// Archives are made of blocks of this size.
const BLOCK: u64 = 512;
