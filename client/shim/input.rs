//! Standard input, kept until the broker has taken it.

/// What has been read and not been taken.
pub(crate) struct Input {
    buffer: &'static mut [u8],
    length: usize,
    /// Where in standard input the buffer begins.
    offset: u64,
    end: End,
}

/// How far the end of standard input has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    NotSeen,
    Seen,
    Taken,
}

/// What a frame on its way carries: up to where, and whether the end too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Carried {
    upto: u64,
    ends: bool,
}

impl Carried {
    /// What two frames carry.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            upto: self.upto.max(other.upto),
            ends: self.ends || other.ends,
        }
    }

    /// Whether input taken up to `offset` leaves some of it.
    pub(crate) fn exceeds(self, offset: u64) -> bool {
        self.upto > offset
    }
}

/// A part of standard input.
pub(crate) struct Piece<'a> {
    /// Where it begins.
    pub(crate) offset: u64,
    /// Its bytes.
    pub(crate) bytes: &'a [u8],
    /// Whether standard input ends after it.
    pub(crate) ends: bool,
}

impl Input {
    /// Keeps input in `buffer`; `open` says whether there is any to come.
    pub(crate) fn new(buffer: &'static mut [u8], open: bool) -> Self {
        let end = if open { End::NotSeen } else { End::Seen };
        Self {
            buffer,
            length: 0,
            offset: 0,
            end,
        }
    }

    /// Where to read more to: nothing while the buffer is full, or after the end.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        if self.end != End::NotSeen {
            return &mut [];
        }
        self.buffer.get_mut(self.length..).unwrap_or_default()
    }

    /// So many bytes were read into the room; none means the end.
    pub(crate) fn read(&mut self, count: usize) {
        if count == 0 {
            self.end = End::Seen;
        }
        self.length = self.length.saturating_add(count).min(self.buffer.len());
    }

    /// Whether there is more to send than is on its way.
    pub(crate) fn waits(&self, on_its_way: Carried) -> bool {
        self.upto() > on_its_way.upto.max(self.offset)
            || (self.end == End::Seen && !on_its_way.ends)
    }

    /// Everything that has not been taken.
    pub(crate) fn all(&self) -> Piece<'_> {
        Piece {
            offset: self.offset,
            bytes: self.buffer.get(..self.length).unwrap_or_default(),
            ends: self.end != End::NotSeen,
        }
    }

    /// Nothing, for a frame that goes another way than the input.
    pub(crate) fn none(&self) -> Piece<'_> {
        Piece {
            offset: self.offset,
            bytes: &[],
            ends: self.end == End::Taken,
        }
    }

    /// What a frame with everything carries.
    pub(crate) fn carried(&self) -> Carried {
        Carried {
            upto: self.upto(),
            ends: self.end != End::NotSeen,
        }
    }

    /// The broker has input up to `offset`, and `frame` was what it answers. False if that cannot be.
    pub(crate) fn taken(&mut self, offset: u64, frame: Carried) -> bool {
        if offset > self.upto() {
            return false;
        }
        let count = usize::try_from(offset.saturating_sub(self.offset)).unwrap_or_default();
        self.drop_first(count);
        if frame.ends && offset == frame.upto {
            self.end = End::Taken;
        }
        true
    }

    fn drop_first(&mut self, count: usize) {
        if count == 0 || count > self.length {
            return;
        }
        self.buffer.copy_within(count..self.length, 0);
        self.length = self.length.saturating_sub(count);
        self.offset = self
            .offset
            .saturating_add(u64::try_from(count).unwrap_or_default());
    }

    fn upto(&self) -> u64 {
        self.offset
            .saturating_add(u64::try_from(self.length).unwrap_or_default())
    }
}
