//! A stream seen through a window that moves along it.

use std::{
    borrow::Cow,
    cell::Cell,
    io::{self, BufRead, Read},
    mem,
};

use super::{Label, names::Names, worker::Worker};

/// The present part of a stream. All bytes that come in are passed on to the search once.
pub(super) struct Window<'w> {
    /// Where more bytes come from, until the stream has ended.
    input: Option<&'w mut dyn Read>,
    worker: &'w Worker,
    /// How deep the stream is; what stands in a file itself, at depth 0, is searched already.
    depth: usize,
    label: Label,
    buffer: Cow<'w, [u8]>,
    at: usize,
    base: u64,
    names: Names,
    /// The entry of a zip archive that the window is in.
    entry: Option<Label>,
    error: Option<io::Error>,
    limit: &'w dyn Fn(u64) -> bool,
}

impl<'w> Window<'w> {
    /// A window at the beginning of a stream. It takes no more bytes when `limit` says so of how
    /// many there were.
    pub(super) fn new(
        input: &'w mut dyn Read,
        worker: &'w Worker,
        depth: usize,
        label: Label,
        limit: &'w dyn Fn(u64) -> bool,
    ) -> Self {
        Self {
            input: Some(input),
            worker,
            depth,
            label,
            buffer: worker.spare().into(),
            at: 0,
            base: 0,
            names: Names::new(),
            entry: None,
            error: None,
            limit,
        }
    }

    /// A window on all bytes of a file.
    pub(super) fn on(file: &'w [u8], worker: &'w Worker, label: Label) -> Self {
        let mut names = Names::new();
        names.push(file);
        worker.look_through(file.len());
        Self {
            input: None,
            worker,
            depth: 0,
            label,
            buffer: file.into(),
            at: 0,
            base: 0,
            names,
            entry: None,
            error: None,
            limit: &|_| false,
        }
    }

    /// Where the window begins, in bytes from the beginning of the stream.
    pub(super) fn offset(&self) -> u64 {
        self.base + u64::try_from(self.at).unwrap_or(0)
    }

    /// The bytes in the window.
    pub(super) fn seen(&self) -> &[u8] {
        self.buffer.get(self.at..).unwrap_or_default()
    }

    /// Whether the stream ends with the bytes in the window.
    pub(super) fn is_last(&self) -> bool {
        self.input.is_none()
    }

    /// How the reading of the stream failed, if it did.
    pub(super) fn error(&mut self) -> Option<io::Error> {
        self.error.take()
    }

    /// What the bytes at the beginning of the window belong to.
    pub(super) fn label(&self) -> Label {
        match &self.entry {
            Some(entry) => entry.clone(),
            None => self.archive(),
        }
    }

    /// The same, but for entries of a zip archive.
    pub(super) fn archive(&self) -> Label {
        match self.names.at(self.offset()) {
            Some(name) => self.label.inside("!/", name),
            None => self.label.clone(),
        }
    }

    /// Notes that the entry of a zip archive begins `ahead` bytes behind the beginning of the
    /// window.
    pub(super) fn enter(&mut self, label: Label, ahead: usize) {
        if self.depth > 0 {
            let offset = self.offset() + u64::try_from(ahead).unwrap_or(0);
            let mut level = self.worker.level(self.depth);
            level.mark(label.clone(), offset, offset);
        }
        self.entry = Some(label);
    }

    /// Notes that the window is in no entry of a zip archive any more.
    pub(super) fn leave(&mut self) {
        self.entry = None;
    }

    /// Sees to it that there are as many bytes in the window, if the stream has them.
    pub(super) fn reach(&mut self, count: usize) {
        if self.seen().len() >= count {
            return;
        }
        let Some(input) = self.input.take() else {
            return;
        };
        let buffer = self.buffer.to_mut();
        buffer.drain(..self.at);
        self.base += u64::try_from(self.at).unwrap_or(0);
        self.at = 0;
        self.names.forget(self.base);
        let before = buffer.len();
        let missing = count.max(CHUNK).saturating_sub(before);
        let missing = u64::try_from(missing).unwrap_or(u64::MAX);
        let result = Read::take(&mut *input, missing).read_to_end(buffer);
        let added = buffer.get(before..).unwrap_or_default();
        let is_short = u64::try_from(added.len()).is_ok_and(|added| added < missing);
        let mut has_ended = is_short || result.is_err();
        self.error = result.err();
        self.names.push(added);
        self.worker.look_through(added.len());
        if self.depth > 0 {
            let mut level = self.worker.level(self.depth);
            level.push(added);
            for part in self.names.fresh() {
                let label = self.label.inside("!/", &part.name);
                level.mark(label, part.begin, part.data);
            }
            has_ended |= level.gone;
        }
        let all = self.base + u64::try_from(buffer.len()).unwrap_or(0);
        has_ended |= (self.limit)(all);
        self.input = Some(input).filter(|_| !has_ended);
    }
}

impl Drop for Window<'_> {
    fn drop(&mut self) {
        if let Cow::Owned(buffer) = mem::take(&mut self.buffer) {
            self.worker.give_back(buffer);
        }
    }
}

impl Read for Window<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(to)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Window<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.reach(1);
        Ok(self.seen())
    }

    fn consume(&mut self, count: usize) {
        self.at = self.at.saturating_add(count).min(self.buffer.len());
    }
}

/// A stream of which it is counted how many bytes were taken.
pub(super) struct Counted<'c, R> {
    input: R,
    count: &'c Cell<u64>,
}

impl<'c, R> Counted<'c, R> {
    pub(super) fn new(input: R, count: &'c Cell<u64>) -> Self {
        Self { input, count }
    }
}

impl<R: BufRead> Read for Counted<'_, R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(to)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Counted<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.count
            .set(self.count.get() + u64::try_from(count).unwrap_or(0));
        self.input.consume(count);
    }
}

/// How much is read at a time.
pub(super) const CHUNK: usize = 256 << 10;
