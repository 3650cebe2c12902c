//! The search of what a build is given, before the engine gets any of it.
//!
//! What is found clean may change before the engine reads it: this search keeps a mistake from
//! becoming a leak, and is no lock. The image is searched after the build in any case.

use std::collections::HashSet;

use tokio::task::{self, JoinHandle};

use super::{
    inputs::Kind,
    key_given::{KeyGiven, Origin},
    listed::{Listed, ListedContext},
};
use crate::{
    command::search::{Search, with_causes},
    output::{Output, printable},
    verify::{Cache, Content, Given, Mark, Sought, Unchanged},
};

/// Searches what a build is given for the keys of its grant. What cannot be searched is told, and is
/// no reason not to build.
pub(super) async fn search(
    search: Search<'_>,
    listing: JoinHandle<Listed>,
) -> Result<(), KeyGiven> {
    let output = Output::new(search.is_quiet);
    let (Some(keys), Ok(listed)) = (Sought::new(search.grant), listing.await) else {
        return Ok(());
    };
    let Ok(fresh) = task::spawn_blocking(move || Fresh::of(listed, &keys)).await else {
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
    /// Leaves out what is remembered.
    fn of(listed: Listed, keys: &Sought) -> Self {
        let cache = Cache::of_user("contexts");
        let Listed {
            inputs,
            contexts,
            notes,
        } = listed;
        let mut fresh = Self {
            given: Vec::new(),
            origins: Vec::new(),
            unchanged: cache.map(|cache| Unchanged::of(cache, &inputs.folder, keys)),
            known: HashSet::new(),
            notes,
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
        for listed in contexts {
            fresh.context(listed, inputs.dockerfile);
        }
        fresh
    }

    fn context(&mut self, listed: ListedContext, dockerfile: Option<(u64, u64)>) {
        let context = listed.context;
        for file in listed.files {
            let (stamp, path) = (file.stamp, &file.path);
            if dockerfile == Some((stamp.device, stamp.inode)) || stamp.size < SHORTEST {
                continue;
            }
            let mark = Mark::of_file(&context.root, path, &stamp, listed.at);
            let entry = printable(&path.to_string_lossy()).into_owned();
            let name = match &context.name {
                Some(name) => format!("context {}, {entry}", printable(name)),
                None => entry.clone(),
            };
            let origin = Origin {
                ignored: Some((entry, listed.ignore.clone())),
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

/// Fewer bytes than 80 bits hold no part of a key that counts.
const SHORTEST: u64 = 10;
pub(super) const UNSEARCHED: &str = "the context is not searched before the build";
const LONG: &str = "there is more than 2 GiB to search before the build; the rest is left out this \
                    time, and what is in the image is searched after it";
