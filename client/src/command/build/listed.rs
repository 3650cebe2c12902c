//! The contexts of a build, listed while its agent starts.

use std::time::SystemTime;

use tokio::task::{self, JoinHandle};

use super::{
    before::UNSEARCHED,
    inputs::{Context, Inputs},
};
use crate::{
    context::{self, File, Ignore},
    output::printable,
};

/// What a build is given, with the files of its contexts.
pub(super) struct Listed {
    /// What it is given otherwise.
    pub(super) inputs: Inputs,
    /// The contexts that could be listed.
    pub(super) contexts: Vec<ListedContext>,
    /// What is to be told.
    pub(super) notes: Vec<String>,
}

/// A context, listed.
pub(super) struct ListedContext {
    /// Which one.
    pub(super) context: Context,
    /// The name of its ignore file.
    pub(super) ignore: String,
    /// Its files.
    pub(super) files: Vec<File>,
    /// When they were listed.
    pub(super) at: SystemTime,
}

impl Listed {
    /// Lists them on a thread of its own.
    pub(super) fn start(inputs: Inputs) -> JoinHandle<Self> {
        task::spawn_blocking(move || Self::of(inputs))
    }

    fn of(mut inputs: Inputs) -> Self {
        let contexts = std::mem::take(&mut inputs.contexts);
        let mut listed = Self {
            inputs,
            contexts: Vec::new(),
            notes: Vec::new(),
        };
        let mut left = MOST_FILES;
        for context in contexts {
            listed.list(context, &mut left);
        }
        listed
    }

    fn list(&mut self, context: Context, left: &mut usize) {
        let name = context.ignore.file_name().unwrap_or_default();
        let ignore = printable(&name.to_string_lossy()).into_owned();
        let rules = match Ignore::load(&context.ignore) {
            Ok(rules) => rules,
            Err(error) => {
                let note = format!("{UNSEARCHED}: {ignore}: {error}");
                return self.notes.push(note);
            }
        };
        let at = SystemTime::now();
        let listing = context::list(&context.root, &rules, *left);
        *left = left.saturating_sub(listing.files.len());
        if listing.is_cut {
            self.notes.push(MANY.to_owned());
        }
        self.contexts.push(ListedContext {
            context,
            ignore,
            files: listing.files,
            at,
        });
    }
}

/// In all contexts together.
const MOST_FILES: usize = 100_000;
const MANY: &str = "the context has more than 100,000 files, of which the others are not searched \
                    before the build";
