//! Key files that steps write.

use super::arguments;
use crate::{
    dockerfile::Keyword,
    lint::{
        copies::copied,
        names::{is_key_place, is_ssh_key_place, secret_variable},
        step::{File, Step},
    },
};

/// The key files that a step writes.
pub(super) fn written(step: &Step<'_>) -> impl Iterator<Item = String> {
    let paths = step.commands().flat_map(|(_, command)| command.outputs());
    let files = step.files().into_iter().map(|(_, place)| place);
    let copied = step.commands().flat_map(|(_, command)| copied(command));
    let copied = copied.map(|copied| copied.place);
    let written = paths.chain(files).filter(|path| is_key_place(path));
    written.chain(copied.filter(|path| is_ssh_key_place(path)))
}

/// Whether a step writes a key file of a build argument, which the history keeps whether it is deleted or not.
pub(super) fn writes_argument(file: &File<'_>, step: &Step<'_>) -> bool {
    let mut texts = step.commands().flat_map(|(_, command)| command.texts());
    written(step).next().is_some()
        && texts.any(|text| {
            secret_variable(&text).is_some_and(|secret| {
                let mut arguments = file.of(Keyword::Arg);
                arguments.any(|argument| arguments::names(argument.command).contains(&secret))
            })
        })
}
