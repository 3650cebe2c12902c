//! A private key in a variable.

use std::os::unix::ffi::OsStringExt as _;

use super::{
    Environment, Fault, Place, Source, SourceError,
    local::{self, MAX_CONTENT},
};
use crate::{key::Key, prompt::Prompt, secret::Secret};

/// The key in the variable `name`. The copy in the process's own environment block stays.
pub(super) fn load(
    source: &Source,
    name: &str,
    environment: &Environment,
    prompt: &mut dyn Prompt,
) -> Result<Key, SourceError> {
    let place = Place::Variable(name.to_owned());
    let Some(value) = environment.variable(name) else {
        return Err(Fault::Unset.at(place));
    };
    let content = Secret::from(value.into_vec());
    if content.bytes().len() > MAX_CONTENT {
        return Err(Fault::TooLong(MAX_CONTENT).at(place));
    }
    local::key(source, &place, content, prompt)
}
