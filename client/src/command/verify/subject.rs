//! What `keystay verify` was given.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
};

use super::ImageError;
use crate::{
    cli::Holder,
    command::StdinError,
    config::Settings,
    engine::{Form, Tool, Variables},
    error::Error,
    verify::{Gap, ImageSource, is_layout},
};

/// Where the image is, and the name it is told by.
#[derive(Debug)]
pub(in crate::command) struct Subject {
    name: String,
    source: ImageSource,
    holder: Option<(Holder, Tool)>,
}

impl Subject {
    /// Standard input for `-`, an OCI layout, a file; else an image of the engine, which must answer.
    pub(in crate::command) async fn find(
        image: &OsStr,
        engine: Holder,
        settings: &Settings,
        variables: &Variables,
    ) -> Result<Self, Error> {
        let path = Path::new(image);
        let name = image.to_string_lossy().into_owned();
        if image == "-" {
            return Ok(Self::stored("standard input", stdin(settings)?));
        }
        if path.is_dir() && is_layout(path) {
            return Ok(Self::stored(&name, ImageSource::Layout(path.to_owned())));
        }
        if fs::metadata(path).is_ok_and(|data| !data.is_dir()) {
            return Ok(Self::stored(&name, file(path)?));
        }
        if !may_be_name(&name) {
            return Err(no_file(path).into());
        }
        let tool = tool(engine, settings, variables).await?;
        Ok(Self {
            source: tool.image(&name),
            name,
            holder: Some((engine, tool)),
        })
    }

    fn stored(name: &str, source: ImageSource) -> Self {
        Self {
            name: name.to_owned(),
            source,
            holder: None,
        }
    }

    pub(in crate::command) fn source(&self) -> ImageSource {
        self.source.clone()
    }

    /// The image's name or id, the path of its file, or `standard input`.
    pub(in crate::command) fn name(&self) -> &str {
        &self.name
    }

    /// An error for a file that turned out to be no image, which is not the same as an image of
    /// which a part is missing.
    pub(in crate::command) fn judge(&self, gaps: &[Gap]) -> Result<(), ImageError> {
        if self.holder.is_some() {
            return Ok(());
        }
        let name = self.name.clone();
        match gaps {
            [Gap::Truncated(0), ..] => Err(ImageError::Empty(name)),
            [Gap::Truncated(..BLOCK) | Gap::Damaged(0), ..] => Err(ImageError::NoArchive(name)),
            [Gap::NotAnImage] => Err(ImageError::NoImage(name)),
            _ => Ok(()),
        }
    }

    /// The engine that holds it, where one does.
    pub(in crate::command) fn engine(&self) -> Option<&Tool> {
        self.holder.as_ref().map(|(_, tool)| tool)
    }

    /// What to do about an image that the engine does not hold.
    pub(in crate::command) fn hints_if_absent(&self) -> Vec<String> {
        let list = match &self.holder {
            Some((Holder::Podman, _)) => "podman image ls",
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

/// Whether an engine may hold an image of this name: one made of the characters of a reference (the
/// grammar of the distribution project) that is no path by its beginning.
fn may_be_name(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:/@".contains(&byte);
    name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.bytes().all(is_part)
        && name.split('/').all(|part| !part.is_empty())
}

fn no_file(path: &Path) -> ImageError {
    let no_layout = "the folder is no OCI layout: it holds no `oci-layout`";
    ImageError::Read {
        name: path.display().to_string(),
        source: fs::metadata(path).map_or_else(|error| error, |_| io::Error::other(no_layout)),
    }
}

/// The engine's program, once the engine answers.
async fn tool(engine: Holder, settings: &Settings, variables: &Variables) -> Result<Tool, Error> {
    let form = match engine {
        Holder::Docker => Form::Build,
        Holder::Podman => Form::PodmanBuild,
    };
    let tool = Tool::find(form, variables)?;
    let tool = tool.without_keys(settings.key_variables(), false, None);
    tool.ping().await?;
    Ok(tool)
}

/// Archives are made of blocks of this size.
const BLOCK: u64 = 512;
