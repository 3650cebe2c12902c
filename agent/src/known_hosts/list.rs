//! All lines of all files.

use std::{
    fmt,
    fs::{File, OpenOptions},
    io::{self, Read as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::fs::OFlags;

use super::{
    builtin,
    entry::{Entry, LineFault, Marker, Place},
};

/// The host keys that are known.
#[derive(Clone, Debug, Default)]
pub(crate) struct KnownHosts {
    pub(super) entries: Vec<Entry>,
    notes: Vec<Note>,
}

/// Something that was left out.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    /// The file.
    pub(crate) origin: PathBuf,
    /// Why.
    pub(crate) fault: Fault,
}

/// Why something was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The file could not be read.
    Unreadable(io::ErrorKind),
    /// The file is longer than is read, and none of it was.
    TooLong,
    /// The line, counted from 1, could not be understood.
    Line(usize, LineFault),
}

impl KnownHosts {
    /// The lines of `text`, which came from `origin`. Lines that cannot be understood are left out
    /// and noted.
    pub(crate) fn parse(text: &str, origin: &Path) -> Self {
        let mut known = Self::default();
        let from: Arc<Path> = Arc::from(origin);
        for (number, line) in (1..).zip(text.split('\n')) {
            let place = Place {
                origin: Arc::clone(&from),
                line: number,
            };
            match Entry::parse(line) {
                Ok(Some(entry)) => known.entries.push(entry.at(place)),
                Ok(None) => {}
                Err(fault) => known.note(origin, Fault::Line(number, fault)),
            }
        }
        known
    }

    /// The lines of files, in their order. A file that does not exist is empty; one that cannot be
    /// read, or is longer than 16 MiB, is left out and noted.
    pub(crate) fn load(paths: &[PathBuf]) -> Self {
        paths.iter().fold(Self::default(), |known, path| {
            known.merge(Self::load_one(path))
        })
    }

    /// The lines of both, these first.
    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.entries.extend(other.entries);
        self.notes.extend(other.notes);
        self
    }

    /// These lines, and the keys of the large public git hosts; a host that these lines
    /// have a key of has no other.
    pub(crate) fn with_builtin(mut self) -> Self {
        let theirs = builtin::entries();
        let new = theirs
            .filter(|(host, _)| !self.knows(host))
            .map(|(_, entry)| entry);
        let new = new.collect::<Vec<_>>();
        self.entries.extend(new);
        self
    }

    /// What was left out.
    pub(crate) fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Whether a line has a key of `host`: `name`, or `[name]:port` for another port than 22.
    pub(super) fn knows(&self, host: &str) -> bool {
        let mut own = self
            .entries
            .iter()
            .filter(|entry| entry.marker == Marker::Host);
        own.any(|entry| entry.names.matches(host))
    }

    fn load_one(path: &Path) -> Self {
        match read(path) {
            Ok(text) => Self::parse(&text, path),
            Err(Fault::Unreadable(io::ErrorKind::NotFound)) => Self::default(),
            Err(fault) => {
                let mut known = Self::default();
                known.note(path, fault);
                known
            }
        }
    }

    fn note(&mut self, origin: &Path, fault: Fault) {
        self.notes.push(Note {
            origin: origin.to_owned(),
            fault,
        });
    }
}

fn read(path: &Path) -> Result<String, Fault> {
    let mut bytes = Vec::new();
    let file = open(path).map_err(|error| Fault::Unreadable(error.kind()))?;
    let read = file.take(MAX_FILE + 1).read_to_end(&mut bytes);
    let length = read.map_err(|error| Fault::Unreadable(error.kind()))?;
    if u64::try_from(length).is_ok_and(|length| length <= MAX_FILE) {
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    } else {
        Err(Fault::TooLong)
    }
}

/// A pipe that nobody writes to is empty, and does not hold the opening up.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open(path)
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = self.origin.display();
        match &self.fault {
            Fault::Unreadable(kind) => write!(f, "{origin} cannot be read: {kind}"),
            Fault::TooLong => write!(f, "{origin} is longer than {MAX_FILE} bytes"),
            Fault::Line(number, fault) => write!(f, "{origin}:{number}: {fault}"),
        }
    }
}

/// The longest file that is read, in bytes.
const MAX_FILE: u64 = 16 * 1024 * 1024;
