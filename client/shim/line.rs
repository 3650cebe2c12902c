//! One line for the person who reads the build's output.

/// A line in the making. What does not fit is left out.
pub(crate) struct Line {
    bytes: [u8; LENGTH],
    length: usize,
}

impl Line {
    /// Begins a line with the program's name.
    pub(crate) fn new() -> Self {
        let line = Self {
            bytes: [0; LENGTH],
            length: 0,
        };
        line.add(b"keystay: ")
    }

    /// Adds text, without its control characters.
    pub(crate) fn add(mut self, text: &[u8]) -> Self {
        let mut last = 0;
        for byte in text {
            if last == LATIN_LEAD && is_latin_control(*byte) {
                self.length = self.length.saturating_sub(1);
            } else if !byte.is_ascii_control() {
                self.push(*byte);
            }
            last = *byte;
        }
        self
    }

    /// The line with its end.
    pub(crate) fn finish(&mut self) -> &[u8] {
        let length = self.length.saturating_add(1).min(LENGTH);
        let line = self.bytes.get_mut(..length).unwrap_or_default();
        if let Some(last) = line.last_mut() {
            *last = b'\n';
        }
        line
    }

    fn push(&mut self, byte: u8) {
        if let Some(room) = self.bytes.get_mut(self.length) {
            *room = byte;
            self.length = self.length.saturating_add(1);
        }
    }
}

/// The control characters U+0080 to U+009F are this byte and a second one in UTF-8.
const LATIN_LEAD: u8 = 0xc2;

fn is_latin_control(second: u8) -> bool {
    (0x80..0xa0).contains(&second)
}

/// The longest message of a refusal, and what is written around it.
const LENGTH: usize = 2048 + 128;
