//! Base64 as it stands in files, read as the bytes it means.

use std::io::{self, BufRead, Read};

/// The bytes of a base64 text, up to what does not belong to it. Rows, quotation marks and the
/// escapes of line ends are passed over.
pub(super) struct Text<R> {
    input: R,
    bits: u32,
    count: u32,
    ended: bool,
    row_begins: bool,
    escape: bool,
}

impl<R: BufRead> Text<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            bits: 0,
            count: 0,
            ended: false,
            row_begins: false,
            escape: false,
        }
    }
}

impl<R: BufRead> Read for Text<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let mut written = 0;
        while written < to.len() && !self.ended {
            let bytes = self.input.fill_buf()?;
            if bytes.is_empty() {
                break;
            }
            let mut used = 0;
            while let (Some(rest), false) = (bytes.get(used..), written == to.len()) {
                let Some((byte, behind)) = rest.split_first() else {
                    break;
                };
                if self.row_begins && BEGINNINGS.iter().any(|begin| rest.starts_with(begin)) {
                    self.ended = true;
                    break;
                }
                let next = behind.first().copied();
                match meaning(*byte, next) {
                    _ if std::mem::take(&mut self.escape) => self.row_begins = true,
                    Meaning::Escape => self.escape = true,
                    Meaning::Six(value) => {
                        self.bits = self.bits << 6 | u32::from(value);
                        self.count += 6;
                        self.row_begins = false;
                    }
                    Meaning::Row => self.row_begins = true,
                    Meaning::Nothing => {}
                    Meaning::End => {
                        self.ended = true;
                        break;
                    }
                }
                used += 1;
                if self.count >= 8 {
                    self.count -= 8;
                    if let Some(place) = to.get_mut(written) {
                        *place = (self.bits >> self.count).to_le_bytes()[0];
                    }
                    written += 1;
                }
            }
            self.input.consume(used);
        }
        Ok(written)
    }
}

enum Meaning {
    Six(u8),
    /// The end of a row.
    Row,
    /// What stands between rows.
    Nothing,
    /// The next letter stands for the end of a row.
    Escape,
    End,
}

fn meaning(byte: u8, next: Option<u8>) -> Meaning {
    match byte {
        b'A'..=b'Z' => Meaning::Six(byte - b'A'),
        b'a'..=b'z' => Meaning::Six(byte - b'a' + 26),
        b'0'..=b'9' => Meaning::Six(byte - b'0' + 52),
        b'-' if next == Some(b'-') => Meaning::End,
        b'+' | b'-' => Meaning::Six(62),
        b'/' | b'_' => Meaning::Six(63),
        b'\n' | b'\r' => Meaning::Row,
        b'\\' if matches!(next, Some(b'n' | b'r')) => Meaning::Escape,
        b' ' | b'\t' | b'"' | b'\'' | b'\\' => Meaning::Nothing,
        _ => Meaning::End,
    }
}

/// Where another text begins.
const BEGINNINGS: [&[u8]; 6] = [b"H4sI", b"KLUv", b"/Td6", b"UEsD", b"QlpoO", b"SDRzSU"];
