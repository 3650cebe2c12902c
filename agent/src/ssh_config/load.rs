//! The files, read, with those that they include.

use std::{
    fs,
    io::{self, Read as _},
    path::{Component, Path, PathBuf},
};

use super::directive::Directive;
use crate::known_hosts::{is_match, open};

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// The files that were named, with what they include in its place.
    pub(super) roots: Vec<Vec<Directive>>,
    /// What was left out, a sentence each.
    pub(super) notes: Vec<String>,
    /// Where it was read, includes among them.
    pub(super) paths: Vec<PathBuf>,
    count: usize,
}

impl Files {
    /// Reads these files. One that does not exist is empty; one that cannot be read, or is longer
    /// than 1 MiB, is left out and noted.
    pub(super) fn load(home: &Path, roots: &[PathBuf]) -> Self {
        let mut files = Self::default();
        for root in roots {
            let folder = root.parent().unwrap_or(home);
            let directives = files.read(root, home, folder, 0);
            files.roots.push(directives);
        }
        files
    }

    fn read(&mut self, path: &Path, home: &Path, folder: &Path, depth: usize) -> Vec<Directive> {
        self.count = self.count.saturating_add(1);
        if depth > MAX_DEPTH || self.count > MAX_FILES {
            self.note(format!("{} is one include too many", path.display()));
            return Vec::new();
        }
        let text = match read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
            Err(error) => {
                self.note(format!("{} cannot be read: {error}", path.display()));
                return Vec::new();
            }
        };
        self.paths.push(path.to_owned());
        let mut directives = Vec::new();
        for (number, line) in (1_usize..).zip(text.lines()) {
            directives.extend(self.line(path, number, line));
        }
        for directive in &mut directives {
            if let Directive::Include(paths) = directive {
                let files = paths.iter().flat_map(|path| glob(path, home, folder));
                let read =
                    files.map(|file| self.read(&file, home, folder, depth.saturating_add(1)));
                *directive = Directive::Included(flattened(read));
            }
        }
        directives
    }

    fn line(&mut self, path: &Path, number: usize, line: &str) -> Option<Directive> {
        match Directive::parse(line) {
            Ok(Some(Directive::Unread)) => {
                let place = path.display();
                self.note(format!("{place}:{number}: this `Match` is not read"));
                Some(Directive::Unread)
            }
            Ok(directive) => directive,
            Err(keyword) => {
                let place = path.display();
                self.note(format!("{place}:{number}: `{keyword}` is not understood"));
                // What follows is about hosts that nobody knows, and not about those before.
                matches!(keyword.as_str(), "host" | "match").then_some(Directive::Unread)
            }
        }
    }

    fn note(&mut self, note: String) {
        if self.notes.len() < MAX_NOTES {
            self.notes.push(note);
        }
    }
}

/// Each file on its own, since the last block of one does not reach into the next.
fn flattened(files: impl Iterator<Item = Vec<Directive>>) -> Vec<Directive> {
    files.map(Directive::Included).collect()
}

/// The files that a path with `*` and `?` names, in their order; a relative one begins in `folder`.
fn glob(pattern: &str, home: &Path, folder: &Path) -> Vec<PathBuf> {
    let path = match pattern.strip_prefix("~/") {
        Some(rest) => home.join(rest),
        None => folder.join(pattern),
    };
    let mut found = vec![PathBuf::new()];
    for component in path.components() {
        found = match component {
            Component::Normal(name) if is_pattern(name.as_encoded_bytes()) => {
                let inside = |folder: &PathBuf| entries(folder, name.as_encoded_bytes());
                found.iter().flat_map(inside).take(MAX_FILES).collect()
            }
            plain => found.iter().map(|folder| folder.join(plain)).collect(),
        };
    }
    found
}

fn is_pattern(name: &[u8]) -> bool {
    name.contains(&b'*') || name.contains(&b'?')
}

fn entries(folder: &Path, pattern: &[u8]) -> Vec<PathBuf> {
    let hidden = pattern.starts_with(b".");
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries
        .map(|entry| entry.file_name())
        .filter(|name| hidden || !name.as_encoded_bytes().starts_with(b"."))
        .filter(|name| is_match(pattern, name.as_encoded_bytes()))
        .collect();
    names.sort();
    names.iter().map(|name| folder.join(name)).collect()
}

fn read(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    let read = open(path)?
        .take(MAX_FILE.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if u64::try_from(read).is_ok_and(|read| read > MAX_FILE) {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

const MAX_FILE: u64 = 1024 * 1024;
/// `READCONF_MAX_DEPTH` of OpenSSH's `readconf.c`.
const MAX_DEPTH: usize = 16;
const MAX_FILES: usize = 256;
const MAX_NOTES: usize = 16;
