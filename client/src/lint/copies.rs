//! What a command copies.

use super::{
    names::is_ssh_folder,
    paths::{base, below},
    script::Simple,
};

/// One file or folder that is copied.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Copied<'a> {
    pub(super) source: &'a str,
    /// Where it is afterwards, as far as that can be told.
    pub(super) place: String,
}

/// What a command copies or moves within its file system.
pub(super) fn copied(command: &Simple) -> Vec<Copied<'_>> {
    let arguments = command.arguments();
    match command.program() {
        "dd" => {
            let value = |name: &str| arguments.iter().find_map(|word| word.strip_prefix(name));
            let (source, place) = (value("if=").unwrap_or_default(), value("of="));
            let copied = place.map(|place| Copied {
                source,
                place: place.to_owned(),
            });
            copied.into_iter().collect()
        }
        "install" if arguments.iter().any(|word| word == "-d") => Vec::new(),
        "cp" | "install" | "mv" | "rsync" => of_words(arguments),
        _ => Vec::new(),
    }
}

fn of_words(arguments: &[String]) -> Vec<Copied<'_>> {
    let (mut sources, mut folder) = (Vec::new(), None);
    let mut words = arguments.iter().map(String::as_str);
    while let Some(word) = words.next() {
        if matches!(word, "-t" | "--target-directory") {
            folder = words.next();
        } else if let Some(value) = word.strip_prefix("--target-directory=") {
            folder = Some(value);
        } else if VALUED.contains(&word) {
            words.next();
        } else if !word.starts_with('-') {
            sources.push(word);
        }
    }
    let is_given = folder.is_some();
    let Some(target) = folder.or_else(|| sources.pop()) else {
        return Vec::new();
    };
    let is_folder = is_given
        || sources.len() > 1
        || target.ends_with('/')
        || matches!(base(target), "." | "..")
        || is_ssh_folder(target);
    let place = |source: &str| {
        if is_folder {
            below(target, base(source))
        } else {
            target.to_owned()
        }
    };
    let copied = sources.iter().map(|source| Copied {
        source,
        place: place(source),
    });
    copied.collect()
}

/// Options that have a value.
const VALUED: [&str; 8] = ["-S", "-e", "-g", "-m", "-o", "--group", "--mode", "--owner"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::script;

    #[test]
    fn copies_are_seen_in_every_form() {
        for (text, places) in [
            ("cp a /root/.ssh/b", vec!["/root/.ssh/b"]),
            ("cp -r a b/c /d", vec!["/d/a", "/d/c"]),
            ("cp -t /root/.ssh a", vec!["/root/.ssh/a"]),
            ("mv --target-directory=/d a", vec!["/d/a"]),
            ("install -D -m 600 -o root a /d/", vec!["/d/a"]),
            ("cp a ~/.ssh", vec!["~/.ssh/a"]),
            ("dd if=a of=/b bs=1", vec!["/b"]),
            ("sudo rsync -a a .", vec!["./a"]),
            ("install -d /root/.ssh", vec![]),
            ("cp", vec![]),
            ("cat a", vec![]),
        ] {
            let script = script::read(text);
            let copied = copied(&script.commands[0]);
            let found: Vec<_> = copied.iter().map(|copied| copied.place.as_str()).collect();
            assert_eq!(found, places, "{text}");
        }
    }
}
