//! Asking through a program with a window of its own.

use std::{
    io,
    path::Path,
    process::{Command, Stdio},
};

use super::{MAX_ANSWER, PromptError};
use crate::{key::source::Hidden, secret::Secret};

/// Runs `program` with the text as its argument, without the `hidden` variables; its answer is what it prints.
pub(super) fn ask(program: &Path, text: &str, hidden: &Hidden) -> Result<Secret, PromptError> {
    let answer = run(program, text, hidden).map_err(|source| PromptError::Askpass {
        program: program.to_path_buf(),
        source,
    })?;
    answer.ok_or(PromptError::GivenUp)
}

/// `None` when the person pressed cancel.
fn run(program: &Path, text: &str, hidden: &Hidden) -> io::Result<Option<Secret>> {
    let mut command = Command::new(program);
    hidden.keep_from(&mut command);
    let mut child = command
        .arg(text)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let answer = child
        .stdout
        .take()
        .map(|mut output| Secret::read(&mut output, MAX_ANSWER));
    let done = child.wait()?;
    Ok(answer.transpose()?.flatten().filter(|_| done.success()))
}
