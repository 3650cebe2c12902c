//! One file looked through, and everything inside of it.

use std::{
    cell::{Cell, RefCell, RefMut},
    io::{BufRead as _, Read},
    sync::Arc,
};

use tokio::sync::mpsc;

use super::{
    Label, Limits, NotRead, Unread,
    finder::{Finder, OVERLAP},
    kind::{Kind, LOOKAHEAD, Sign, recognise},
    level::{APART, Level},
    lookalikes::Lookalikes,
    memory::{Loan, Room},
    opener::{PROOF, Trial, open, reason, trial, window},
    tally::Tally,
    window::{CHUNK, Counted, Window},
    zip::ZipEntry,
};
use crate::verify::walk::Opened;

/// What the workers of one verification share.
pub(super) struct Shared {
    pub(super) finder: Finder,
    pub(super) limits: Limits,
    /// What was decoded of all members.
    pub(super) decoded: Tally,
    pub(super) lookalikes: Lookalikes,
    /// Room for decoders that keep much.
    pub(super) windows: Arc<Room>,
    pub(super) searches: mpsc::UnboundedSender<Opened>,
}

/// A thread's own part: the files it looks through come one after the other.
pub(super) struct Worker {
    shared: Arc<Shared>,
    levels: Vec<RefCell<Level>>,
    /// What was decoded of the present member.
    tally: RefCell<Arc<Tally>>,
    /// What the decoders of the present nest keep, in bytes.
    kept: Cell<u64>,
    not_read: RefCell<Vec<NotRead>>,
    /// What windows were seen through.
    spare: RefCell<Vec<Vec<u8>>>,
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let level = |_| RefCell::new(Level::new(shared.searches.clone()));
        Self {
            levels: (0..=shared.limits.depth).map(level).collect(),
            shared,
            tally: RefCell::default(),
            kept: Cell::new(0),
            not_read: RefCell::default(),
            spare: RefCell::default(),
        }
    }

    /// Looks through a file; what was not read of its inside.
    pub(super) fn file(&self, label: Label, tally: Arc<Tally>, content: &[u8]) -> Vec<NotRead> {
        self.examine_file(tally, &mut Window::on(content, self, label))
    }

    /// Looks through a file that is read meanwhile; what was not read of its inside.
    pub(super) fn long_file(
        &self,
        label: Label,
        tally: Arc<Tally>,
        content: &mut dyn Read,
    ) -> Vec<NotRead> {
        let mut window = Window::new(content, self, 0, label, &|_| false);
        self.examine_file(tally, &mut window)
    }

    fn examine_file(&self, tally: Arc<Tally>, window: &mut Window<'_>) -> Vec<NotRead> {
        self.tally.replace(tally);
        self.examine(window, 0);
        self.not_read.take()
    }

    /// Sends what waits to be searched.
    pub(super) fn flush(&self) {
        for level in &self.levels {
            level.borrow_mut().flush();
        }
    }

    /// The way to the search for streams of this depth.
    pub(super) fn level(&self, depth: usize) -> RefMut<'_, Level> {
        let last = self.levels.len().saturating_sub(1);
        #[expect(
            clippy::indexing_slicing,
            reason = "there is a level, and this is one of them"
        )]
        self.levels[depth.min(last)].borrow_mut()
    }

    /// Counts bytes that a window is moved over.
    pub(super) fn look_through(&self, bytes: usize) {
        self.shared.lookalikes.look_through(bytes);
    }

    /// An empty buffer for a window.
    pub(super) fn spare(&self) -> Vec<u8> {
        self.spare.borrow_mut().pop().unwrap_or_default()
    }

    /// Takes a buffer back, to be used again.
    pub(super) fn give_back(&self, mut buffer: Vec<u8>) {
        buffer.clear();
        buffer.shrink_to(CHUNK);
        self.spare.borrow_mut().push(buffer);
    }

    /// Looks at every place of a stream where something may begin.
    fn examine(&self, window: &mut Window<'_>, depth: usize) {
        let mut places = self.shared.finder.at();
        window.reach(LOOKAHEAD);
        self.look(window, depth, true);
        loop {
            window.reach(LOOKAHEAD);
            let offset = window.offset();
            match places.next(offset, window.seen()) {
                Some(ahead) => {
                    window.consume(ahead);
                    window.reach(LOOKAHEAD);
                    self.look(window, depth, false);
                }
                None if window.is_last() => return,
                None => {
                    let overlap = usize::try_from(OVERLAP).unwrap_or(0);
                    let passed = window.seen().len().saturating_sub(overlap);
                    window.consume(passed);
                }
            }
        }
    }

    /// Looks at what begins with the window, and leaves the window behind it. At the beginning of a
    /// stream (`first`), the window stays where nothing begins.
    fn look(&self, window: &mut Window<'_>, depth: usize, first: bool) {
        let passed = match recognise(window.seen(), first) {
            Sign::Stream(kind) => {
                let is_one = self.stream(&kind, window, depth);
                usize::from(!is_one && !first)
            }
            Sign::Plain(entry) => {
                let label = inside(window, &Kind::Zip(entry.clone()));
                window.enter(label, entry.header);
                entry.header
            }
            Sign::Unread(why, name) => {
                let label = match name {
                    Some(name) => window.label().inside("!/", &name),
                    None => window.label(),
                };
                self.not_read(label, why);
                1
            }
            Sign::None => usize::from(!first),
        };
        window.consume(passed);
    }

    /// Decodes what begins with the window, if it is a stream; says whether it is.
    fn stream(&self, kind: &Kind, window: &mut Window<'_>, depth: usize) -> bool {
        let Shared {
            lookalikes, limits, ..
        } = &*self.shared;
        if lookalikes.are_too_many(limits) {
            self.not_read(window.label(), Unread::Lookalikes);
            return false;
        }
        let tried = try_harder(kind, window);
        let label = inside(window, kind);
        let is_too_deep = depth >= limits.depth;
        if tried.is_proven && !is_too_deep {
            self.decode(kind, label, window, depth + 1);
            if matches!(kind, Kind::Zip(_)) {
                window.leave();
            }
            return true;
        }
        lookalikes.add(tried.work);
        if tried.is_proven {
            self.not_read(label, Unread::TooDeep(depth));
        } else if tried.beginning.len() >= SHORTEST_SECRET && !is_too_deep {
            lookalikes.add(APART.len());
            let mut level = self.level(depth + 1);
            level.begin(label);
            level.push(&tried.beginning);
        }
        false
    }

    fn decode(&self, kind: &Kind, label: Label, input: &mut Window<'_>, depth: usize) {
        let limits = &self.shared.limits;
        let wanted = window(kind, input.seen());
        let (_loan, memory) = self.keep(wanted);
        // Two bytes are no proof: others than a stream's decode for long by chance, and break off. What such
        // a stream decodes to is searched all the same.
        let is_weak = *kind == Kind::Zlib && input.offset() > 0;
        let (taken, why) = (Cell::new(0), Cell::new(None));
        let tally = Arc::clone(&self.tally.borrow());
        let before = Cell::new(0);
        let limit = |all: u64| {
            let added = all.saturating_sub(before.replace(all));
            let of_member = tally.add(added);
            let in_all = self.shared.decoded.add(added);
            let exceeded = if all > limits.bomb && all / limits.ratio > taken.get() {
                Some(Unread::Bomb(limits.ratio))
            } else if wanted > memory && all > memory {
                Some(Unread::Memory(limits.memory))
            } else if of_member > limits.per_member {
                Some(Unread::Budget(limits.per_member))
            } else if in_all > limits.in_all {
                Some(Unread::Budget(limits.in_all))
            } else {
                None
            };
            why.set(why.get().or(exceeded));
            exceeded.is_some()
        };
        self.level(depth).begin(label.clone());
        match open(kind, Counted::new(&mut *input, &taken)) {
            Ok(mut reader) => {
                tally.open();
                let mut window = Window::new(&mut reader, self, depth, label.clone(), &limit);
                self.examine(&mut window, depth);
                let length = window.offset() + u64::try_from(window.seen().len()).unwrap_or(0);
                let failed = window
                    .error()
                    .map(|error| reason(kind, &error, limits.memory));
                let is_long = length >= PROOF || *kind == Kind::Bzip2;
                let is_worth_telling =
                    |why: &Unread| is_long && !is_weak || !matches!(why, Unread::Broken(_));
                why.set(why.get().or_else(|| failed.filter(is_worth_telling)));
            }
            Err(error) => why.set(Some(reason(kind, &error, limits.memory))),
        }
        self.kept
            .set(self.kept.get().saturating_sub(memory.min(wanted)));
        if let Some(why) = why.take() {
            self.not_read(label, why);
        }
    }

    /// Takes memory for a decoder that asks for so much; how much of it there is. Only the first
    /// decoder of a nest waits, so that none waits for another that waits.
    fn keep(&self, wanted: u64) -> (Option<Loan>, u64) {
        if wanted == 0 {
            return (None, 0);
        }
        let all = self.shared.limits.memory;
        let is_first = self.kept.get() == 0;
        let loan = is_first.then(|| self.shared.windows.take(usize::try_from(all).unwrap_or(0)));
        let memory = all.saturating_sub(self.kept.get()).min(wanted);
        self.kept.set(self.kept.get() + memory);
        (loan, memory)
    }

    fn not_read(&self, label: Label, why: Unread) {
        let mut not_read = self.not_read.borrow_mut();
        let part = NotRead { label, why };
        if not_read.len() < MOST_TOLD && !not_read.contains(&part) {
            not_read.push(part);
        }
    }
}

/// What a decoder makes of what begins with the window, with more bytes if those in it prove nothing.
fn try_harder(kind: &Kind, window: &mut Window<'_>) -> Trial {
    let tried = trial(kind, window.seen());
    if !tried.wants_more || window.is_last() {
        return tried;
    }
    window.reach(kind.lookahead(window.seen()));
    let again = trial(kind, window.seen());
    // The window is moved to where its bytes have room.
    let work = tried.work + window.seen().len() + again.work;
    Trial { work, ..again }
}

/// How a stream that begins with the window is named.
fn inside(window: &Window<'_>, kind: &Kind) -> Label {
    let label = window.label();
    match kind {
        Kind::Zip(ZipEntry { name, .. }) => window.archive().inside("!/", name),
        other => label.inside("!", other.name().as_bytes()),
    }
}

/// Fewer bytes than 80 bits hold no part of a key that counts.
const SHORTEST_SECRET: usize = 10;
/// Of one file.
const MOST_TOLD: usize = 100;
