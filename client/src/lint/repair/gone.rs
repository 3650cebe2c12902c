//! Which commands are about keys only.

use crate::lint::{
    names::{is_hosts_file, is_ssh_folder, unchecked},
    paths::same_place,
    script::Simple,
};

/// What a stage will not have any more.
#[derive(Clone, Debug, Default)]
pub(super) struct Gone {
    /// Where its keys would be.
    pub(super) places: Vec<String>,
    /// Whether ssh's own folder is one of the things that nobody needs.
    pub(super) with_folder: bool,
}

impl Gone {
    /// Whether a member of a list is about the keys only, or about what ssh needs for them.
    pub(super) fn has(&self, member: &[&Simple]) -> bool {
        let writes_key = member
            .iter()
            .any(|command| command.outputs().any(|path| self.holds(&path)));
        let writes_options = member.iter().any(|command| writes_options(command));
        let only_text = member
            .iter()
            .all(|command| TEXT.contains(&command.program()));
        (only_text && (writes_key || writes_options))
            || member.iter().all(|command| self.is_about(command))
    }

    fn is_about(&self, command: &Simple) -> bool {
        let arguments = command.arguments();
        match command.program() {
            "chmod" | "chown" | "chgrp" => self.all(command, 1),
            "rm" | "shred" | "unlink" | "touch" | "dos2unix" => self.all(command, 0),
            "mkdir" if self.with_folder => self.all(command, 0),
            "ssh-keyscan" => command
                .writes
                .iter()
                .all(|path| is_hosts_file(path) || path == "/dev/null"),
            "ssh-agent" => arguments.iter().all(|word| word.starts_with('-')),
            "ssh-add" => arguments.iter().all(|word| word != "-l" && word != "-L"),
            _ => starts_agent(command),
        }
    }

    /// Whether all paths of a command are gone; the first words of it are none.
    fn all(&self, command: &Simple, skipped: usize) -> bool {
        let words = command
            .arguments()
            .iter()
            .filter(|word| !word.starts_with('-'));
        // A mode that stands behind its option.
        let is_path =
            |word: &&String| skipped > 0 || !word.bytes().all(|byte| byte.is_ascii_digit());
        let mut paths = words.filter(is_path).skip(skipped).peekable();
        let is_gone = |path: &String| {
            self.holds(path) || is_hosts_file(path) || (self.with_folder && is_ssh_folder(path))
        };
        command.writes.iter().all(|path| path == "/dev/null")
            && paths.peek().is_some()
            && paths.all(is_gone)
    }

    fn holds(&self, path: &str) -> bool {
        self.places.iter().any(|place| same_place(path, place))
    }
}

/// `eval $(ssh-agent)`.
fn starts_agent(command: &Simple) -> bool {
    let mut words = command.words.iter();
    let is_eval = words.next().is_some_and(|word| word == "eval");
    let mut rest = words.as_slice().iter();
    is_eval
        && command.words.len() > 1
        && rest.all(|word| word.contains("ssh-agent") || word == "-s")
}

/// Options of ssh that turn the checks of host keys off, written to its configuration.
fn writes_options(command: &Simple) -> bool {
    let is_config = |path: String| path.ends_with(".ssh/config") || path.ends_with("/ssh_config");
    command.words.iter().any(|word| unchecked(word).is_some()) && command.outputs().any(is_config)
}

/// Programs that only pass text on.
const TEXT: [&str; 8] = [
    "echo", "printf", "cat", "tee", "base64", "tr", "sed", "openssl",
];
