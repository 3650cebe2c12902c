//! A private key on standard input.

use std::io::IsTerminal as _;

use super::{
    Environment, Fault, Place, Source, SourceError,
    local::{self, MAX_CONTENT},
};
use crate::{key::Key, prompt::Prompt, secret::Secret};

/// The key on standard input, which is read to its end.
pub(super) fn load(
    source: &Source,
    environment: &Environment,
    prompt: &mut dyn Prompt,
) -> Result<Key, SourceError> {
    let content = read(environment).map_err(|fault| fault.at(Place::Stdin))?;
    local::key(source, &Place::Stdin, content, prompt)
}

fn read(environment: &Environment) -> Result<Secret, Fault> {
    let mut stdin = environment.stdin().map_err(Fault::Unreadable)?;
    // It would be waited for without a word, and what is typed stays on the screen.
    if stdin.is_terminal() {
        return Err(Fault::Terminal);
    }
    let content = Secret::read(&mut stdin, MAX_CONTENT).map_err(Fault::Unreadable)?;
    let content = content.ok_or(Fault::TooLong(MAX_CONTENT))?;
    if content.bytes().is_empty() {
        Err(Fault::Empty)
    } else {
        Ok(content)
    }
}
