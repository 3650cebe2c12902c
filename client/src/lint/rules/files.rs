//! L2 and L5: key files that are copied in, and deleted when it is too late.

use crate::{
    dockerfile::Keyword,
    lint::{
        Problem,
        names::{is_in_ssh_folder, is_key_path, is_key_place, is_ssh_folder, secret_variable},
        paths::{base, below, holds},
        removals::deleted,
        rule::{L2, L5},
        script::Simple,
        step::{File, Step},
    },
};

pub(super) fn check(file: &File<'_>, problems: &mut Vec<Problem>) {
    for step in &file.steps {
        for copy in key_copies(step) {
            let whence = match step.flag("from") {
                Some(stage) => format!(" from {stage}"),
                None => String::new(),
            };
            let message = format!("`{}` is copied{whence} to `{}`", copy.source, copy.target);
            problems.push(Problem::new(&L2, step.line(), message));
        }
    }
    let mut stage = None;
    let mut places = Vec::new();
    for step in &file.steps {
        if step.instruction.stage != stage {
            stage = step.instruction.stage;
            places.clear();
        }
        for (begin, command) in step.commands() {
            for path in deleted(command).filter(|path| is_among(path, &places)) {
                let message =
                    format!("`{path}` is deleted, and stays in the layer that it came with");
                let line = file.line_of(begin);
                problems.push(Problem::new(&L5, line, message));
            }
        }
        let room = MOST_PLACES - places.len();
        places.extend(self::places(step).into_iter().take(room));
    }
}

fn is_among(path: &str, places: &[String]) -> bool {
    places.iter().any(|place| holds(path, place))
}

/// A source of a `COPY` or `ADD` that looks like a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::lint) struct KeyCopy {
    /// It, as written.
    pub(in crate::lint) source: String,
    /// Where it goes, as written.
    pub(in crate::lint) target: String,
    /// Whether it is all that is copied.
    pub(in crate::lint) is_alone: bool,
}

/// The sources of a step that look like keys.
pub(in crate::lint) fn key_copies(step: &Step<'_>) -> Vec<KeyCopy> {
    if !matches!(step.command.keyword, Keyword::Copy | Keyword::Add) {
        return Vec::new();
    }
    let words = step.command.words();
    let Some((target, sources)) = words.split_last() else {
        return Vec::new();
    };
    let sources: Vec<_> = sources
        .iter()
        .copied()
        .filter(|word| !word.starts_with("<<"))
        .collect();
    let is_file = !target.ends_with('/') && sources.len() == 1 && !is_ssh_folder(target);
    let is_key = |source: &str| {
        is_key_path(source)
            || is_ssh_folder(source)
            || (is_file && is_key_path(target))
            || (secret_variable(source).is_some() && !source.contains("://"))
            || (is_file && is_in_ssh_folder(target))
            || (!is_file && is_key_in(target, base(source)))
    };
    let copies = sources.iter().copied().filter(|source| is_key(source));
    let copy = |source: &str| KeyCopy {
        source: source.to_owned(),
        target: (*target).to_owned(),
        is_alone: sources.len() == 1,
    };
    copies.map(copy).collect()
}

/// Whether what is copied into a folder under a name, or under any, is taken for a key there.
fn is_key_in(folder: &str, name: &str) -> bool {
    name != "."
        && (is_in_ssh_folder(&below(folder, name)) || (name == "*" && is_ssh_folder(folder)))
}

/// Where a step puts keys.
fn places(step: &Step<'_>) -> Vec<String> {
    let copied = key_copies(step);
    let copied = copied.iter().map(place_of);
    let commands = step.commands().map(|(_, command)| command);
    let written = commands.flat_map(Simple::outputs);
    let files = step.files().into_iter().map(|(_, place)| place);
    let written = written.chain(files).filter(|path| is_key_place(path));
    copied.chain(written).collect()
}

/// Where a copy puts a key.
pub(in crate::lint) fn place_of(copy: &KeyCopy) -> String {
    let target = copy.target.as_str();
    let is_folder = target.ends_with('/') || target == "." || !copy.is_alone;
    if is_folder && !base(&copy.source).is_empty() {
        below(target, base(&copy.source))
    } else {
        target.to_owned()
    }
}

/// Keys of a stage that are looked for again, so that a long Dockerfile takes no long time.
const MOST_PLACES: usize = 100;
