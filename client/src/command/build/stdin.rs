//! Standard input as a Dockerfile or a context.

use std::{
    fs::File,
    io::{self, Read, Seek as _, Write as _},
};

use crate::verify::is_header;

/// What standard input held.
#[derive(Debug)]
pub(super) enum Content {
    /// A Dockerfile.
    Dockerfile(String),
    /// A tar archive, or something else to be handed on as it is, from its beginning.
    Other(File),
}

/// Why standard input cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StdinError {
    /// Two readers.
    #[error("standard input cannot be both the key and {0}")]
    Claimed(&'static str),
    /// It cannot be read.
    #[error("cannot read standard input: {0}")]
    Read(#[source] io::Error),
}

impl StdinError {
    /// What to do about it.
    pub(crate) fn hints(&self) -> Vec<String> {
        match self {
            Self::Claimed(_) => {
                vec!["name the key in another way: `--key file:PATH` or `--key env:NAME`".into()]
            }
            Self::Read(_) => Vec::new(),
        }
    }
}

/// Reads standard input as docker reads its context argument `-`: an archive, or a Dockerfile.
pub(super) fn read(mut stdin: impl Read) -> Result<Content, StdinError> {
    let mut head = Vec::new();
    stdin
        .by_ref()
        .take(LONGEST_DOCKERFILE)
        .read_to_end(&mut head)
        .map_err(StdinError::Read)?;
    let is_whole = head.len() < usize::try_from(LONGEST_DOCKERFILE).unwrap_or(usize::MAX);
    if is_whole && !is_archive(&head) {
        match String::from_utf8(head) {
            Ok(text) => return Ok(Content::Dockerfile(text)),
            Err(error) => head = error.into_bytes(),
        }
    }
    spool(&head, stdin)
        .map(Content::Other)
        .map_err(StdinError::Read)
}

/// A file that holds a Dockerfile, for docker to read where it would have read standard input.
pub(super) fn file(dockerfile: &str) -> Result<File, StdinError> {
    spool(dockerfile.as_bytes(), io::empty()).map_err(StdinError::Read)
}

/// Docker reads it from its beginning, and only a file has its beginning still.
fn spool(head: &[u8], mut rest: impl Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    file.write_all(head)?;
    io::copy(&mut rest, &mut file)?;
    file.rewind()?;
    Ok(file)
}

/// Whether the bytes may be one of docker's archives: tar, plain or packed. The oldest tar has no magic, so that
/// its first header is known by its checksum; NULs are in no Dockerfile.
fn is_archive(head: &[u8]) -> bool {
    let is_tar = head.get(..HEADER).is_some_and(is_header);
    is_tar || head.contains(&0) || PACKED.iter().any(|magic| head.starts_with(magic))
}

/// How long the header of an archive's entry is.
const HEADER: usize = 512;
/// The magic numbers of gzip, bzip2, xz and Zstandard.
const PACKED: [&[u8]; 4] = [b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd"];
/// Longer than any Dockerfile that is written by hand; a longer one is built as it stands.
const LONGEST_DOCKERFILE: u64 = 4 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn other(bytes: &[u8]) -> Vec<u8> {
        let Content::Other(mut file) = read(bytes).unwrap() else {
            panic!("a Dockerfile")
        };
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        content
    }

    #[test]
    fn text_is_a_dockerfile() {
        let Content::Dockerfile(text) = read(&b"FROM scratch\n"[..]).unwrap() else {
            panic!("not a Dockerfile");
        };
        assert_eq!(text, "FROM scratch\n");
    }

    #[test]
    fn archives_are_handed_on_whole() {
        let mut builder = tar::Builder::new(Vec::new());
        for mut header in [tar::Header::new_ustar(), tar::Header::new_old()] {
            header.set_size(1);
            header.set_cksum();
            builder
                .append_data(&mut header, "Dockerfile", &b"#"[..])
                .unwrap();
            let tar = builder.get_ref();
            assert_eq!(other(tar), *tar);
        }
        assert_eq!(other(b"\x1f\x8b\x08rest"), b"\x1f\x8b\x08rest");
    }

    #[test]
    fn an_archive_that_is_text_is_one() {
        let mut header = [b' '; 512];
        let name = b"# a Dockerfile";
        header[..100].fill(b'#');
        header[..name.len()].copy_from_slice(name);
        header[124..136].copy_from_slice(b"000000001000");
        header[156] = b'0';
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:07o} ").as_bytes());
        let archive = [&header[..], &[b'\n'; 512]].concat();
        assert!(std::str::from_utf8(&archive).is_ok());
        assert_eq!(other(&archive), archive);
    }

    #[test]
    fn what_is_not_text_is_handed_on_whole() {
        assert_eq!(other(b"FROM \xff"), b"FROM \xff");
        let long = vec![b'#'; (4 << 20) + 3];
        assert_eq!(other(&long), long);
    }
}
