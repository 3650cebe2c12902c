//! The search of what a build is given, before the engine gets any of it.
//!
//! What is found clean may change before the engine reads it: this search keeps a mistake from
//! becoming a leak, and is no lock. The image is searched after the build in any case.

use std::{collections::HashSet, path::Path, time::SystemTime};

use tokio::task;

use super::{
    inputs::{Context, Inputs, Kind},
    key_given::{KeyGiven, Origin},
};
use crate::{
    command::search::{Search, with_causes},
    context::{self, Ignore},
    output::{Output, printable},
    verify::{Cache, Content, Given, Mark, Sought, Unchanged},
};

/// Searches what a build is given for the keys of its grant. What cannot be searched is told, and is
/// no reason not to build.
pub(super) async fn search(search: Search<'_>, inputs: Inputs) -> Result<(), KeyGiven> {
    let output = Output::new(search.is_quiet);
    let Some(keys) = Sought::new(search.grant) else {
        return Ok(());
    };
    let Ok(fresh) = task::spawn_blocking(move || Fresh::of(inputs, &keys)).await else {
        return Ok(());
    };
    fresh.notes.iter().for_each(|note| output.note(note));
    let (new, known) = (fresh.given.len(), fresh.known.len());
    tracing::info!(new, known, "searching what the build is given");
    if fresh.given.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = fresh.given.iter().map(|one| one.name.clone()).collect();
    let searched = tokio::select! {
        searched = search.given(fresh.given) => searched.map_err(|error| with_causes(&error)),
        error = search.control.until_silent(&search.grant.id) => Err(error.to_string()),
    };
    let searched = match searched {
        Ok(searched) => searched,
        Err(error) => {
            output.note(&format!("{UNSEARCHED}, since {error}"));
            return Ok(());
        }
    };
    if searched.is_cut {
        output.note(LONG);
    }
    if !searched.sightings.is_empty() {
        return Err(KeyGiven::new(&searched.sightings, &fresh.origins, &names));
    }
    let whole = searched.whole.iter();
    let marks = whole.filter_map(|&number| fresh.origins.get(number)?.mark);
    let marks = fresh.known.into_iter().chain(marks).collect();
    if let Some(unchanged) = fresh.unchanged {
        // What is not remembered is searched again.
        drop(unchanged.remember(marks));
    }
    Ok(())
}

/// What was not searched before, and what was.
struct Fresh {
    given: Vec<Given>,
    origins: Vec<Origin>,
    unchanged: Option<Unchanged>,
    known: HashSet<Mark>,
    notes: Vec<String>,
}

impl Fresh {
    /// Lists the contexts, and leaves out what is remembered.
    fn of(inputs: Inputs, keys: &Sought) -> Self {
        let cache = Cache::of_user("contexts");
        let mut fresh = Self {
            given: Vec::new(),
            origins: Vec::new(),
            unchanged: cache.map(|cache| Unchanged::of(cache, &inputs.folder, keys)),
            known: HashSet::new(),
            notes: Vec::new(),
        };
        let texts = inputs.texts.iter().map(|text| text.content.as_slice());
        let mark = Some(Mark::of_texts(texts));
        for text in inputs.texts {
            let origin = Origin::new(text.kind, mark);
            fresh.add(text.name, Content::Text(text.content), origin);
        }
        if let Some(archive) = inputs.archive {
            let origin = Origin::new(Kind::Archive, None);
            fresh.add("standard input".to_owned(), Content::Open(archive), origin);
        }
        let mut left = MOST_FILES;
        for context in &inputs.contexts {
            fresh.context(context, inputs.dockerfile, &mut left);
        }
        fresh
    }

    fn context(&mut self, context: &Context, dockerfile: Option<(u64, u64)>, left: &mut usize) {
        let shown = file_name(&context.ignore);
        let ignore = match Ignore::load(&context.ignore) {
            Ok(ignore) => ignore,
            Err(error) => {
                let note = format!("{UNSEARCHED}: {shown}: {error}");
                return self.notes.push(note);
            }
        };
        let now = SystemTime::now();
        let listing = context::list(&context.root, &ignore, *left);
        *left -= listing.files.len();
        if listing.is_cut {
            self.notes.push(MANY.to_owned());
        }
        for file in listing.files {
            let (stamp, path) = (file.stamp, &file.path);
            if dockerfile == Some((stamp.device, stamp.inode)) || stamp.size < SHORTEST {
                continue;
            }
            let mark = Mark::of_file(&context.root, path, &stamp, now);
            let entry = printable(&path.to_string_lossy()).into_owned();
            let name = match &context.name {
                Some(name) => format!("context {}, {entry}", printable(name)),
                None => entry.clone(),
            };
            let origin = Origin {
                ignored: Some((entry, shown.clone())),
                ..Origin::new(Kind::File, mark)
            };
            self.add(name, Content::File(context.root.join(path), stamp), origin);
        }
    }

    fn add(&mut self, name: String, content: Content, origin: Origin) {
        let unchanged = self.unchanged.as_ref();
        match origin.mark {
            Some(mark) if unchanged.is_some_and(|unchanged| unchanged.holds(mark)) => {
                self.known.insert(mark);
            }
            _ => {
                self.given.push(Given { name, content });
                self.origins.push(origin);
            }
        }
    }
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    printable(&name.to_string_lossy()).into_owned()
}

/// In all contexts together.
const MOST_FILES: usize = 100_000;
/// Fewer bytes than 80 bits hold no part of a key that counts.
const SHORTEST: u64 = 10;
const UNSEARCHED: &str = "the context is not searched before the build";
const MANY: &str = "the context has more than 100,000 files, of which the others are not searched \
                    before the build";
const LONG: &str = "there is more than 2 GiB to search before the build; the rest is left out this \
                    time, and what is in the image is searched after it";
