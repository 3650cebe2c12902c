//! Why what `keystay verify` was given is no image.

use std::io;

/// Why there is nothing to search.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ImageError {
    /// A file that cannot be read.
    #[error("cannot read {name}: {source}")]
    Read {
        /// The file.
        name: String,
        /// What went wrong.
        source: io::Error,
    },
    /// Nobody writes an image to a terminal.
    #[error("standard input is a terminal, and no image")]
    Terminal,
    /// Nothing at all.
    #[error("{0} is empty")]
    Empty(String),
    /// No archive.
    #[error("{0} is no saved image: it is not an archive")]
    NoArchive(String),
    /// An archive of something else.
    #[error("{0} is no saved image: it holds neither manifest.json nor index.json")]
    NoImage(String),
}

impl ImageError {
    /// What to do about it.
    pub(crate) fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Read { .. } => return Vec::new(),
            Self::Terminal | Self::Empty(_) => "`docker image save IMAGE | keystay verify -`",
            Self::NoArchive(_) => {
                "`docker image save --output FILE IMAGE` writes one; gzip is undone, other \
                 compressions are not: `zstd -dc FILE | keystay verify -`"
            }
            Self::NoImage(_) => {
                "`docker image save --output FILE IMAGE` writes one; what `docker export` writes \
                 has lost its layers and proves nothing"
            }
        };
        vec![hint.to_owned()]
    }
}
