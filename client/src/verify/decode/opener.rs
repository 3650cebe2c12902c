//! The decoders.

mod inflate;
mod zip;
mod zstd;

use std::{
    cell::Cell,
    io::{self, BufRead, Read},
};

use bzip2::bufread::{BzDecoder, MultiBzDecoder};
use flate2::bufread::{GzDecoder, MultiGzDecoder};
use lzma_rust2::{LzmaReader, XzReader};

use self::{
    inflate::Inflate,
    zip::Zip,
    zstd::{Zstd, ZstdFrames, is_compressed_block, zstd_window},
};
use super::{
    chunks::Chunks,
    kind::{Kind, Sign, is_dynamic_block, recognise},
    text::Text,
    unread::Unread,
    window::Counted,
    zip::u32_at,
};

/// A decoder of one stream that begins where its input stands, and leaves the input behind it.
pub(super) fn open<'i>(
    kind: &Kind,
    mut input: impl BufRead + 'i,
) -> io::Result<Box<dyn Read + 'i>> {
    Ok(match kind {
        Kind::Gzip => Box::new(GzDecoder::new(input)),
        Kind::Zlib => Box::new(Inflate::zlib(input)),
        Kind::Png => Box::new(Inflate::zlib(Chunks::new(input))),
        Kind::Zstd => Box::new(Zstd::new(input, ZSTD_WINDOW)?),
        Kind::Xz => Box::new(XzReader::new_mem_limit(input, false, XZ_MEMORY)),
        Kind::Lzma => Box::new(LzmaReader::new_mem_limit(input, XZ_MEMORY, None)?),
        Kind::Bzip2 => Box::new(BzDecoder::new(input)),
        Kind::Base64 => Box::new(Text::new(input)),
        Kind::Zip(entry) => {
            skip(&mut input, entry.header)?;
            Box::new(Zip::new(entry, input))
        }
    })
}

/// What a decoder makes of the first bytes of what may be a stream.
pub(super) struct Trial {
    /// Whether it is one: it decodes to its end, or so far that this cannot be chance.
    pub(super) is_proven: bool,
    /// Whether more bytes could prove it.
    pub(super) wants_more: bool,
    /// What it decodes to, from the beginning.
    pub(super) beginning: Vec<u8>,
    /// How many bytes were read and made for that.
    pub(super) work: usize,
}

/// Tries to decode what begins with these bytes as a stream of this kind.
pub(super) fn trial(kind: &Kind, head: &[u8]) -> Trial {
    let most = kind.lookahead(head);
    let wants_more = head.len() < most;
    let head = head.get(..most).unwrap_or(head);
    let enough = match kind {
        Kind::Bzip2 | Kind::Xz => 1,
        Kind::Zstd if is_compressed_block(head) => 1,
        Kind::Zstd => 300 << 10,
        Kind::Lzma => 4 << 10,
        Kind::Base64 => 32,
        Kind::Zlib if !is_dynamic_block(head) => 256 << 10,
        Kind::Gzip | Kind::Zlib | Kind::Png | Kind::Zip(_) => PROOF,
    };
    let (mut beginning, taken) = (Vec::new(), Cell::new(0));
    let input = Counted::new(head, &taken);
    let ended =
        open(kind, input).and_then(|reader| reader.take(enough).read_to_end(&mut beginning));
    let length = u64::try_from(beginning.len()).unwrap_or(u64::MAX);
    let is_proven = match kind {
        Kind::Base64 => matches!(
            recognise(&beginning, true),
            Sign::Stream(kind) if kind != Kind::Zlib
        ),
        _ => ended.as_ref().map_or_else(is_refusal, |_| true) || length >= enough,
    };
    let is_wrong = |error: &io::Error| *kind == Kind::Zlib && is_wrong(error);
    let taken = usize::try_from(taken.get()).unwrap_or(usize::MAX);
    Trial {
        is_proven,
        work: taken.saturating_add(beginning.len()),
        wants_more: wants_more && !is_proven && !ended.as_ref().is_err_and(is_wrong),
        beginning,
    }
}

/// How many bytes a decoder of what begins with these keeps of what it decodes.
pub(super) fn window(kind: &Kind, head: &[u8]) -> u64 {
    match kind {
        Kind::Gzip | Kind::Zlib | Kind::Png | Kind::Zip(_) | Kind::Base64 => 0,
        Kind::Bzip2 => 4 << 20,
        Kind::Zstd => zstd_window(head).unwrap_or(0),
        Kind::Xz => xz_dictionary(head).unwrap_or(u64::MAX),
        Kind::Lzma => u32_at(head, 1).map_or(0, u64::from),
    }
}

/// Why a decoder of this kind gave up.
pub(super) fn reason(kind: &Kind, error: &io::Error, memory: u64) -> Unread {
    match error.kind() {
        io::ErrorKind::OutOfMemory => Unread::Memory(memory),
        io::ErrorKind::Unsupported => Unread::Unsupported("a filter of it"),
        _ => Unread::Broken(kind.name()),
    }
}

/// Whether a decoder knows what it is given but does not decode it.
fn is_refusal(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::OutOfMemory | io::ErrorKind::Unsupported
    )
}

/// Whether no bytes that could follow make it a stream.
fn is_wrong(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::InvalidData
}

/// The decoder of a whole layer, with all the streams it is made of.
pub(in crate::verify) enum Layer {
    Gzip,
    Zstd,
    Xz,
    Bzip2,
}

impl Layer {
    /// The compression of a layer that begins with these bytes.
    pub(in crate::verify) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Some(Self::Bzip2),
            _ => None,
        }
    }
}

/// What a compressed layer decodes to; an error at its end where it is not whole.
pub(in crate::verify) fn layer<'i>(how: &Layer, input: impl BufRead + 'i) -> Box<dyn Read + 'i> {
    match how {
        Layer::Gzip => Box::new(MultiGzDecoder::new(input)),
        Layer::Zstd => Box::new(ZstdFrames::new(input, LAYER_MEMORY)),
        Layer::Xz => Box::new(XzReader::new_mem_limit(input, true, LAYER_MEMORY_KIB)),
        Layer::Bzip2 => Box::new(MultiBzDecoder::new(input)),
    }
}

fn skip(input: &mut impl BufRead, mut count: usize) -> io::Result<()> {
    while count > 0 {
        let there = input.fill_buf()?.len().min(count);
        if there == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        input.consume(there);
        count -= there;
    }
    Ok(())
}

/// The dictionary size of the first block (xz format 3.1, 5.3.1), in whose header the last filter's
/// property is what precedes the padding.
fn xz_dictionary(head: &[u8]) -> Option<u64> {
    let size = usize::from(*head.get(12)?) * 4 + 4;
    let header = head.get(12..12 + size)?;
    let at = header.windows(2).position(|pair| pair == [0x21, 1])?;
    let bits = u32::from(*header.get(at + 2)?);
    let base = 2 | u64::from(bits & 1);
    base.checked_shl(bits / 2 + 11)
}

/// What must be decoded of a stream without a strong mark to tell that it is one, in bytes.
pub(super) const PROOF: u64 = 512;
/// What a decoder of xz may take at all, in KiB: what `xz -9` needs, and as much again.
const XZ_MEMORY: u32 = 136 << 10;
/// What the decoder of a layer may keep, in bytes: twice what the usual levels ask for.
const LAYER_MEMORY: u64 = 16 << 20;
const LAYER_MEMORY_KIB: u32 = 16 << 10;
/// What `zstd --long` asks for.
const ZSTD_WINDOW: u64 = 128 << 20;
