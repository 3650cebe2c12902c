//! Images with and without a key in them, and what a search has to say of each.
//!
//! The images are made from fresh keys of three types, in the forms that engines save images in, by the programs that people use (`gzip`, `git`, `dpkg-deb`, …) and without an engine.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test whose ground cannot be laid has failed"
)]

mod clean;
mod encode;
mod image;
mod key;
mod layer;
mod leak;
mod save;
mod workshop;

pub use image::{FORMS, Form, Image};
pub use key::{KINDS, Key};

use self::workshop::Workshop;

/// What a search has to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The key.
    Leak,
    /// Nothing, after everything was read.
    Clean,
    /// Nothing either: there is a private key in it, but another one.
    OtherKey,
}

/// One image of the corpus.
#[derive(Debug)]
pub struct Case {
    /// What it holds, in a few words.
    pub name: String,
    /// What a search has to find.
    pub expected: Expected,
    /// The image.
    pub image: Image,
}

/// All images for one key.
///
/// # Panics
///
/// If a program that makes one is missing or fails.
#[must_use]
pub fn cases(key: &Key) -> Vec<Case> {
    let workshop = Workshop::new();
    let case = |expected| {
        move |(name, image): (&str, Image)| Case {
            name: format!("{}: {name}", key.kind),
            expected,
            image,
        }
    };
    let leaks = leak::images(key, &workshop).into_iter();
    let clean = clean::images(key, &workshop).into_iter();
    let others = clean::with_other_keys().into_iter();
    leaks
        .map(case(Expected::Leak))
        .chain(clean.map(case(Expected::Clean)))
        .chain(others.map(case(Expected::OtherKey)))
        .collect()
}
