//! The search of what a build is given, before it begins.

use std::{
    fs::File,
    io::{self, Read, Seek as _},
    path::PathBuf,
    sync::Arc,
};

use keystay_proto::{
    Fingerprint,
    control::{Encoding, Hit},
};
use rustix::fs::{Mode, OFlags};
use tokio::{sync::mpsc, task};

use super::{
    Matcher, Meter, VerifyError,
    buffer::Buffer,
    censor::censor,
    decode::{Batch, Feed, Label, Level, Limits, Names, Pool},
    line::line,
    run::search_all,
    text::printable,
    walk::{Opened, Stream},
};
use crate::context::Stamp;

/// Something that is looked through.
#[derive(Debug)]
pub struct Given {
    /// What it is called.
    pub name: String,
    /// What it says.
    pub content: Content,
}

/// Where bytes are.
#[derive(Debug)]
pub enum Content {
    /// Here.
    Text(Vec<u8>),
    /// In a file that was this when it was listed.
    File(PathBuf, Stamp),
    /// In an open file, which is left at its beginning.
    Open(File),
}

/// Key material in what was given. The text is fit for a terminal and holds no key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Which of what was given, counted from 0.
    pub number: usize,
    /// Its name, and the way to what is inside of it.
    pub place: String,
    /// The line, counted from 1, where it is in a text.
    pub line: Option<usize>,
    /// Whose private half it is.
    pub key: Fingerprint,
    /// How it is written.
    pub encoding: Encoding,
}

/// What a search came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Searched {
    /// Where key material is, each place once.
    pub sightings: Vec<Sighting>,
    /// Which of what was given were read from beginning to end, and did not change meanwhile.
    pub whole: Vec<usize>,
    /// Whether some were left out, since there was more than is searched.
    pub is_cut: bool,
}

/// Looks for keys in everything that is given, and in what is packed in it, up to 2 GiB. What cannot
/// be read is passed over: who needs it says so.
///
/// Dropping the future ends it at the next chunk. It must be polled on a tokio runtime.
pub async fn search_given<M: Matcher>(
    given: Vec<Given>,
    matcher: Arc<M>,
    meter: Arc<Meter>,
) -> Result<Searched, VerifyError> {
    let (open, opened) = mpsc::unbounded_channel();
    let reading = task::spawn_blocking(move || Reading::new(open, meter).read(given));
    let reports = search_all(opened, &matcher).await?;
    let (mut given, mut searched) = reading.await?;
    for report in &reports {
        let Stream::Nested(batch) = &report.stream else {
            continue;
        };
        let report = &report.scan;
        if batch.bytes() != report.bytes {
            searched.whole.clear();
        }
        for hit in &report.hits {
            if let Some(sighting) = sighting(&mut given, batch, hit) {
                searched.add(sighting);
            }
        }
    }
    let places = searched.sightings.iter_mut();
    let places = places.map(|sighting| &mut sighting.place).collect();
    censor(places, matcher.as_ref()).await?;
    Ok(searched)
}

impl Searched {
    fn add(&mut self, sighting: Sighting) {
        let is_known = self.sightings.iter().any(|other| {
            let line = other.line;
            *other
                == Sighting {
                    line,
                    ..sighting.clone()
                }
        });
        if !is_known {
            self.sightings.push(sighting);
        }
    }
}

fn sighting(given: &mut [Given], batch: &Batch, hit: &Hit) -> Option<Sighting> {
    let (label, offset) = batch.find(hit.offset)?;
    let found = given.get_mut(label.member)?;
    let is_itself = label.path.is_empty();
    Some(Sighting {
        number: label.member,
        place: printable(&[found.name.as_bytes(), &label.path].concat()),
        line: offset.filter(|_| is_itself).and_then(|at| found.line(at)),
        key: hit.key,
        encoding: hit.encoding,
    })
}

impl Given {
    /// The line of this offset, if it is text up to there.
    fn line(&mut self, offset: u64) -> Option<usize> {
        match &mut self.content {
            Content::Text(text) => line(text.as_slice(), offset),
            Content::File(path, _) => line(open(path).ok()?, offset),
            Content::Open(_) => None,
        }
    }
}

/// The one pass over everything.
struct Reading {
    plain: Level,
    pool: Pool,
    meter: Arc<Meter>,
    left: u64,
}

impl Reading {
    fn new(open: mpsc::UnboundedSender<Opened>, meter: Arc<Meter>) -> Self {
        Self {
            pool: Pool::start(LIMITS, &open),
            plain: Level::new(open),
            meter,
            left: MOST,
        }
    }

    fn read(mut self, mut given: Vec<Given>) -> (Vec<Given>, Searched) {
        let mut searched = Searched::default();
        let mut feed = self.pool.feed(0);
        for (number, one) in given.iter_mut().enumerate() {
            if self.plain.gone {
                break;
            }
            match self.one(number, &mut one.content, &mut feed) {
                Ok(true) => searched.whole.push(number),
                Ok(false) => {}
                Err(TooMuch) => searched.is_cut = true,
            }
        }
        drop(feed);
        self.plain.flush();
        self.pool.finish();
        (given, searched)
    }

    /// Whether it was read whole, and is what it was.
    fn one(
        &mut self,
        number: usize,
        content: &mut Content,
        feed: &mut Feed,
    ) -> Result<bool, TooMuch> {
        match content {
            Content::Text(text) => {
                let length = length(text);
                self.pass(number, text.as_slice(), length, feed)
            }
            Content::File(path, listed) => {
                let Ok(mut file) = open(path) else {
                    return Ok(false);
                };
                let is_same = |file: &File| {
                    file.metadata()
                        .is_ok_and(|data| Stamp::of(&data) == *listed)
                };
                let is_first = is_same(&file);
                let size = file.metadata().map_or(0, |data| data.len());
                Ok(self.pass(number, &mut file, size, feed)? && is_first && is_same(&file))
            }
            Content::Open(file) => {
                let size = file.metadata().map_or(0, |data| data.len());
                let is_begun = file.rewind().is_ok();
                let read = self.pass(number, &mut *file, size, feed);
                Ok(file.rewind().is_ok() && is_begun && read?)
            }
        }
    }

    /// Passes on what is read, at most as much as there is said to be.
    fn pass(
        &mut self,
        number: usize,
        from: impl Read,
        size: u64,
        feed: &mut Feed,
    ) -> Result<bool, TooMuch> {
        self.left = self.left.checked_sub(size).ok_or(TooMuch)?;
        let label = Label {
            member: number,
            path: Arc::default(),
        };
        self.plain.begin(label.clone());
        feed.begin(label.clone(), usize::try_from(size).unwrap_or(usize::MAX));
        let passed = self.copy(&label, from.take(size), feed);
        feed.close();
        Ok(passed.is_ok_and(|passed| passed == size))
    }

    fn copy(&mut self, label: &Label, mut from: impl Read, feed: &mut Feed) -> io::Result<u64> {
        let mut names = Names::new();
        let mut passed = 0;
        loop {
            let mut buffer = Buffer::new();
            let read = buffer.read(&mut from);
            let bytes = buffer.as_ref();
            self.plain.push(bytes);
            feed.push(bytes);
            self.meter.add(bytes.len());
            names.push(bytes);
            for part in names.fresh() {
                let label = label.inside("!/", &part.name);
                self.plain.mark(label, part.begin, part.data);
            }
            names.forget(u64::MAX);
            passed += length(bytes);
            read?;
            if !buffer.is_full() || self.plain.gone {
                return Ok(passed);
            }
        }
    }
}

/// More than is searched.
struct TooMuch;

/// A file, if it is one still.
fn open(path: &PathBuf) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::ErrorKind::InvalidInput.into())
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// What is read before a build at most, in bytes.
const MOST: u64 = 2 << 30;
/// What is inside of files is decoded to less than of images, which are searched after the build.
const LIMITS: Limits = Limits {
    looks_inside: true,
    depth: 4,
    per_member: 2 << 30,
    in_all: 2 << 30,
    bomb: 64 << 20,
    ratio: 250,
    lookalikes: 64 << 20,
    memory: 12 << 20,
};

#[cfg(test)]
mod tests {
    use std::{fs, io::Write as _, path::Path};

    use super::*;
    use crate::verify::fixture::{Local, gzip, key, key_file, layer};

    async fn search(given: Vec<Given>) -> Searched {
        let matcher = Arc::new(Local::default());
        search_given(given, matcher, Arc::default()).await.unwrap()
    }

    fn text(name: &str, content: impl Into<Vec<u8>>) -> Given {
        Given {
            name: name.to_owned(),
            content: Content::Text(content.into()),
        }
    }

    fn file(path: &Path) -> Given {
        let stamp = Stamp::of(&fs::metadata(path).unwrap());
        Given {
            name: path.file_name().unwrap().to_str().unwrap().to_owned(),
            content: Content::File(path.to_owned(), stamp),
        }
    }

    fn places(searched: &Searched) -> Vec<(usize, &str, Option<usize>)> {
        let sightings = searched.sightings.iter();
        sightings
            .map(|found| (found.number, found.place.as_str(), found.line))
            .collect()
    }

    #[tokio::test]
    async fn keys_are_found_by_name_and_line() {
        let given = vec![
            text("--label a", "nothing"),
            text("Dockerfile", format!("FROM a\nRUN <<E\n{}E\n", key_file())),
        ];
        let searched = search(given).await;
        assert_eq!(places(&searched), [(1, "Dockerfile", Some(7))]);
        assert_eq!(searched.sightings[0].key, key());
        assert_eq!(searched.whole, [0, 1]);
    }

    #[tokio::test]
    async fn keys_are_found_in_packed_files_and_archives() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str, content: &[u8]| {
            let path = folder.path().join(name);
            fs::write(&path, content).unwrap();
            path
        };
        let archive = layer(&[("other", "x"), ("a/key", &key_file())]);
        let given = vec![
            file(&path("key.gz", &gzip(key_file().as_bytes()))),
            file(&path("plain", b"plain")),
            file(&path("a.tar", &archive)),
            file(&path("a.tgz", &gzip(&archive))),
        ];
        let mut searched = search(given).await;
        searched.sightings.sort_by_key(|found| found.number);
        assert_eq!(
            places(&searched),
            [
                (0, "key.gz!gzip", None),
                (2, "a.tar!/a/key", None),
                (3, "a.tgz!gzip!/a/key", None)
            ]
        );
        assert_eq!(searched.whole, [0, 1, 2, 3]);
    }

    #[tokio::test]
    async fn an_open_file_is_left_at_its_beginning() {
        let mut archive = tempfile::tempfile().unwrap();
        archive.write_all(&layer(&[("key", &key_file())])).unwrap();
        let mut copy = archive.try_clone().unwrap();
        let given = vec![Given {
            name: "standard input".to_owned(),
            content: Content::Open(archive),
        }];
        assert_eq!(
            places(&search(given).await),
            [(0, "standard input!/key", None)]
        );
        assert_eq!(copy.stream_position().unwrap(), 0);
    }

    #[tokio::test]
    async fn what_changed_or_is_gone_is_not_whole() {
        let folder = tempfile::tempdir().unwrap();
        let [changed, gone, same] = ["changed", "gone", "same"].map(|name| {
            let path = folder.path().join(name);
            fs::write(&path, name).unwrap();
            path
        });
        let given = [&changed, &gone, &same].map(|path| file(path)).into();
        fs::write(&changed, "longer than before").unwrap();
        fs::remove_file(&gone).unwrap();
        let searched = search(given).await;
        assert_eq!(
            (searched.whole.as_slice(), searched.is_cut),
            ([2].as_slice(), false)
        );
    }

    #[tokio::test]
    async fn a_name_that_holds_the_key_is_withheld() {
        let name = key_file().replace('\n', "");
        let searched = search(vec![text(&name, key_file())]).await;
        assert_eq!(searched.sightings[0].place, "[withheld, it holds the key]");
    }

    #[tokio::test]
    async fn there_is_an_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        File::create(&path).unwrap().set_len(MOST + 1).unwrap();
        let searched = search(vec![file(&path), text("key", key_file())]).await;
        assert!(searched.is_cut);
        assert_eq!(searched.whole, [1]);
        assert_eq!(searched.sightings.len(), 1);
    }
}
