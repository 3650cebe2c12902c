//! What a build is given by its command line: the words, the Dockerfile and the contexts.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs::{self, File, Metadata},
    io,
    os::unix::{ffi::OsStrExt as _, fs::MetadataExt as _},
    path::{Path, PathBuf},
};

use super::{
    asked::Asked,
    source::{Source, Stdin, Text as Dockerfile},
};
use crate::engine::{DockerfileLocation, Tool};

/// What a build is given. Contexts that the engine fetches itself are not here.
#[derive(Debug)]
pub(super) struct Inputs {
    /// What is on the command line, in variables that it names, and in the Dockerfile.
    pub(super) texts: Vec<Text>,
    /// The context, where it is an archive on standard input.
    pub(super) archive: Option<File>,
    /// The folders that are sent.
    pub(super) contexts: Vec<Context>,
    /// The Dockerfile's file system and number, where it is a text already.
    pub(super) dockerfile: Option<(u64, u64)>,
    /// The folder that the build begins in.
    pub(super) folder: PathBuf,
}

/// A text and where it is.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) content: Vec<u8>,
}

/// What kind of place something is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word of the command line, or a variable that it names.
    Argument,
    /// The Dockerfile.
    Dockerfile,
    /// A file of a context.
    File,
    /// An archive on standard input.
    Archive,
}

/// A folder that is sent.
#[derive(Debug)]
pub(super) struct Context {
    /// The name that the user gives it, for all but the main one.
    pub(super) name: Option<String>,
    /// Where it is.
    pub(super) root: PathBuf,
    /// Its ignore file, which need not be there.
    pub(super) ignore: PathBuf,
}

impl Inputs {
    /// Collects them.
    pub(super) fn of(asked: &Asked, source: &Source, tool: &Tool) -> Self {
        let mut texts = words(asked);
        texts.extend(variables(asked, tool));
        if let Dockerfile::Here(text) = &source.text {
            texts.push(Text {
                kind: Kind::Dockerfile,
                name: name(source),
                content: text.clone().into_bytes(),
            });
        }
        let folder = env::current_dir().unwrap_or_default();
        let dockerfile = match asked.dockerfile(&folder) {
            DockerfileLocation::Path(path) => Some(path),
            _ => None,
        };
        // What is no text is searched as a file of the context.
        let as_text = dockerfile.as_ref().filter(|_| source.known().is_some());
        let as_text = as_text.and_then(|path| Some(identity(&fs::metadata(path).ok()?)));
        Self {
            texts,
            archive: archive(source).unwrap_or_default(),
            contexts: contexts(asked, dockerfile.as_deref()),
            dockerfile: as_text,
            folder,
        }
    }
}

/// What no two files that are there share: their file system and number.
pub(super) fn identity(data: &Metadata) -> (u64, u64) {
    (data.dev(), data.ino())
}

fn words(asked: &Asked) -> Vec<Text> {
    let words = asked.arguments().iter().enumerate();
    let text = |(number, word): (usize, &OsString)| Text {
        kind: Kind::Argument,
        name: asked.word(number),
        content: word.as_bytes().to_vec(),
    };
    words.map(text).collect()
}

/// The values of build arguments that docker takes from its environment.
fn variables(asked: &Asked, tool: &Tool) -> Vec<Text> {
    let names = asked.inherited();
    let text = |name: &OsStr| {
        let name = name.to_str()?;
        Some(Text {
            kind: Kind::Argument,
            name: format!("--build-arg {name} (of the environment)"),
            content: tool.variable(name)?.as_bytes().to_vec(),
        })
    };
    names.iter().filter_map(|name| text(name)).collect()
}

fn name(source: &Source) -> String {
    match &source.files {
        Some(names) => names.name.to_string_lossy().into_owned(),
        None => "Dockerfile on standard input".to_owned(),
    }
}

fn archive(source: &Source) -> io::Result<Option<File>> {
    match &source.stdin {
        Stdin::Other(file) => file.try_clone().map(Some),
        Stdin::Untouched | Stdin::Dockerfile => Ok(None),
    }
}

fn contexts(asked: &Asked, dockerfile: Option<&Path>) -> Vec<Context> {
    let main = asked.folder().map(|root| Context {
        name: None,
        ignore: asked.ignore_file(&root, dockerfile),
        root,
    });
    let named = asked.named_folders().into_iter();
    let named = named.map(|(name, root)| Context {
        name: Some(name),
        ignore: root.join(".dockerignore"),
        root,
    });
    main.into_iter().chain(named).collect()
}
