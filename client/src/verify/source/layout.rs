//! OCI image layouts that lie in a folder (image-spec `image-layout.md`).

use std::{
    fs::{self, File},
    io::{self, Read as _, Write},
    path::{Path, PathBuf},
};

use bytes::{Bytes, BytesMut};
use rustix::fs::{Mode, OFlags};
use tar::{Builder, Header};

use super::{Sender, SourceError};

/// Whether the folder says of itself that it is an OCI layout.
pub(crate) fn is_layout(folder: &Path) -> bool {
    folder.join(MARK).is_file()
}

/// Sends the layout as the archive that its files make: the documents first, then every blob.
/// Blocks.
pub(super) fn copy(folder: &Path, to: &Sender) {
    let mut archive = Builder::new(Portions::new(to));
    let packed = names(folder).and_then(|names| {
        to.meter.expect(size(folder, &names));
        names
            .iter()
            .try_for_each(|name| add(&mut archive, folder, name))?;
        archive.into_inner()?.flush()
    });
    if let Err(source) = packed {
        let what = folder.display().to_string();
        to.blocking_send(Err(SourceError::Read { what, source }));
    }
}

fn size(folder: &Path, names: &[PathBuf]) -> u64 {
    let sizes = names.iter().map(|name| fs::metadata(folder.join(name)));
    sizes.flatten().map(|data| data.len()).sum()
}

/// The files of the layout, below its folder.
fn names(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut names: Vec<PathBuf> = DOCUMENTS
        .iter()
        .map(PathBuf::from)
        .filter(|name| folder.join(name).is_file())
        .collect();
    for algorithm in children(folder, Path::new("blobs"))? {
        names.extend(children(folder, &algorithm)?);
    }
    Ok(names)
}

/// What lies in a folder of the layout, in the order of its names.
fn children(folder: &Path, below: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder.join(below)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.push(below.join(entry?.file_name()));
    }
    names.sort_unstable();
    Ok(names)
}

/// Adds a file; what is none, a link for one, is left out, and so missed by what names it.
fn add(archive: &mut Builder<Portions<'_>>, folder: &Path, name: &Path) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = match rustix::fs::open(folder.join(name), flags, Mode::empty()) {
        Err(rustix::io::Errno::LOOP | rustix::io::Errno::NXIO) => return Ok(()),
        opened => File::from(opened?),
    };
    let data = file.metadata()?;
    if !data.is_file() {
        return Ok(());
    }
    let mut header = Header::new_gnu();
    header.set_size(data.len());
    header.set_mode(0o644);
    let mut content = file.take(data.len());
    archive.append_data(&mut header, name, &mut content)?;
    match content.limit() {
        0 => Ok(()),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Bytes that are sent in portions.
struct Portions<'t> {
    waiting: BytesMut,
    to: &'t Sender,
}

impl<'t> Portions<'t> {
    fn new(to: &'t Sender) -> Self {
        Self {
            waiting: BytesMut::with_capacity(PORTION),
            to,
        }
    }
}

impl Write for Portions<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= PORTION {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let bytes: Bytes = self.waiting.split().freeze();
        self.waiting.reserve(PORTION);
        if bytes.is_empty() {
            return Ok(());
        }
        if self.to.blocking_send(Ok(bytes)) {
            Ok(())
        } else {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }
}

const MARK: &str = "oci-layout";
/// The last is what Docker adds to a layout that it saves.
const DOCUMENTS: [&str; 3] = [MARK, "index.json", "manifest.json"];
const PORTION: usize = 256 << 10;
