//! The decoders.

use std::io::{self, BufRead, Chain, Cursor, Read};

use bzip2::bufread::{BzDecoder, MultiBzDecoder};
use flate2::{
    Crc,
    bufread::{DeflateDecoder, GzDecoder, MultiGzDecoder, ZlibDecoder},
};
use lzma_rust2::{LzmaReader, XzReader};
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

use super::{
    chunks::Chunks,
    kind::{Kind, Sign, is_dynamic_block, recognise},
    text::Text,
    unread::Unread,
    zip::{ZipEntry, u16_at, u32_at},
};

/// A decoder of one stream that begins where its input stands, and leaves the input behind it.
pub(super) fn open<'i>(
    kind: &Kind,
    mut input: impl BufRead + 'i,
) -> io::Result<Box<dyn Read + 'i>> {
    Ok(match kind {
        Kind::Gzip => Box::new(GzDecoder::new(input)),
        Kind::Zlib => Box::new(ZlibDecoder::new(input)),
        Kind::Png => Box::new(ZlibDecoder::new(Chunks::new(input))),
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

/// Whether what begins with these bytes is a stream of this kind: it decodes to its end, or so far
/// that this cannot be chance. The second is what it decodes to, from the beginning.
pub(super) fn proves(kind: &Kind, head: &[u8]) -> (bool, Vec<u8>) {
    let head = head.get(..kind.lookahead(head)).unwrap_or(head);
    let enough = match kind {
        Kind::Bzip2 | Kind::Xz => 1,
        Kind::Zstd if is_compressed_block(head) => 1,
        Kind::Zstd => 300 << 10,
        Kind::Lzma => 4 << 10,
        Kind::Base64 => 32,
        Kind::Zlib if !is_dynamic_block(head) => 256 << 10,
        Kind::Gzip | Kind::Zlib | Kind::Png | Kind::Zip(_) => PROOF,
    };
    let mut decoded = Vec::new();
    let mut reader = match open(kind, head) {
        Ok(reader) => reader.take(enough),
        Err(error) => return (is_refusal(&error), decoded),
    };
    let ended = reader.read_to_end(&mut decoded);
    drop(reader);
    let length = u64::try_from(decoded.len()).unwrap_or(u64::MAX);
    let proven = match kind {
        Kind::Base64 => matches!(
            recognise(&decoded, true),
            Sign::Stream(kind) if kind != Kind::Zlib
        ),
        _ => ended.as_ref().map_or_else(is_refusal, |_| true) || length >= enough,
    };
    (proven, decoded)
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
        Layer::Zstd => Box::new(ZstdFrames {
            input: Some(input),
            frame: None,
        }),
        Layer::Xz => Box::new(XzReader::new_mem_limit(input, true, LAYER_MEMORY_KIB)),
        Layer::Bzip2 => Box::new(MultiBzDecoder::new(input)),
    }
}

/// One frame of zstd whose checksum is looked at.
struct Zstd<R: Read>(StreamingDecoder<R, FrameDecoder>);

impl<R: Read> Zstd<R> {
    fn new(input: R, window: u64) -> io::Result<Self> {
        StreamingDecoder::new_with_max_window_size(input, window)
            .map(Self)
            .map_err(io::Error::other)
    }
}

impl<R: Read> Read for Zstd<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(to)?;
        let frame = &self.0.decoder;
        let is_other = |sum| frame.get_calculated_checksum() != Some(sum);
        if read == 0 && !to.is_empty() && frame.get_checksum_from_data().is_some_and(is_other) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(read)
    }
}

/// Frames of zstd one behind the other, those that are to be skipped among them.
struct ZstdFrames<R: BufRead> {
    input: Option<R>,
    frame: Option<Zstd<Chain<Cursor<[u8; 4]>, R>>>,
}

impl<R: BufRead> Read for ZstdFrames<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(frame) = &mut self.frame {
                let read = frame.read(to)?;
                if read > 0 || to.is_empty() {
                    return Ok(read);
                }
                let frame = self.frame.take();
                self.input = frame.map(|frame| frame.0.into_inner().into_inner().1);
            }
            let Some(mut input) = self.input.take() else {
                return Ok(0);
            };
            if input.fill_buf()?.is_empty() {
                return Ok(0);
            }
            let mut magic = [0; 4];
            input.read_exact(&mut magic)?;
            if let [0x50..=0x5f, 0x2a, 0x4d, 0x18] = magic {
                let mut length = [0; 4];
                input.read_exact(&mut length)?;
                let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
                skip(&mut input, length)?;
                self.input = Some(input);
            } else {
                let input = Cursor::new(magic).chain(input);
                self.frame = Some(Zstd::new(input, LAYER_MEMORY)?);
            }
        }
    }
}

/// The content of an entry of a zip archive whose checksum is looked at.
struct Zip<R: BufRead> {
    inflating: DeflateDecoder<R>,
    checksum: Option<u32>,
    crc: Crc,
    ended: bool,
}

impl<R: BufRead> Zip<R> {
    fn new(entry: &ZipEntry, input: R) -> Self {
        Self {
            inflating: DeflateDecoder::new(input),
            checksum: entry.checksum,
            crc: Crc::new(),
            ended: false,
        }
    }
}

impl<R: BufRead> Read for Zip<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.ended || to.is_empty() {
            return Ok(0);
        }
        let read = self.inflating.read(to)?;
        self.crc.update(to.get(..read).unwrap_or_default());
        if read == 0 {
            self.ended = true;
            let checksum = match self.checksum {
                Some(checksum) => Some(checksum),
                None => ZipEntry::checksum_behind(self.inflating.get_mut().fill_buf()?),
            };
            if checksum != Some(self.crc.sum()) {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
        Ok(read)
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

/// Whether the first block of a frame is compressed, which chance does not do (RFC 8878 3.1.1).
fn is_compressed_block(head: &[u8]) -> bool {
    let header = zstd_header(head).and_then(|length| head.get(length).copied());
    header.is_some_and(|block| (block >> 1) & 3 == 2)
}

/// How long the header of a frame is.
fn zstd_header(head: &[u8]) -> Option<usize> {
    let descriptor = *head.get(4)?;
    let single = descriptor & 0x20 != 0;
    let size = match (descriptor >> 6, single) {
        (0, false) => 0,
        (0, true) => 1,
        (log, _) => 1 << log,
    };
    Some(5 + usize::from(!single) + size)
}

fn zstd_window(head: &[u8]) -> Option<u64> {
    let descriptor = *head.get(4)?;
    if descriptor & 0x20 == 0 {
        let window = *head.get(5)?;
        let base = 1_u64.checked_shl(10 + u32::from(window >> 3))?;
        return Some(base + base / 8 * u64::from(window & 7));
    }
    match descriptor >> 6 {
        0 => head.get(5).map(|size| u64::from(*size)),
        1 => u16_at(head, 5).map(|size| u64::from(size) + 256),
        2 => u32_at(head, 5).map(u64::from),
        _ => Some(u64::MAX),
    }
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
