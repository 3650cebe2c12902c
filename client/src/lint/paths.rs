//! Paths as scripts spell them.

use std::{borrow::Cow, path::Path};

use super::names::is_key_path;

/// The last part of a path.
pub(super) fn base(path: &str) -> &str {
    path.trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default()
}

/// The path of a name in a folder.
pub(super) fn below(folder: &str, name: &str) -> String {
    format!("{}/{name}", folder.trim_end_matches('/'))
}

/// A path and the folders that it is in, from the nearest on; of many, some.
pub(super) fn folders(path: &str) -> impl Iterator<Item = &str> {
    let folders = Path::new(path).ancestors().take(DEEPEST);
    folders.filter_map(Path::to_str)
}

/// Whether two paths are one, as far as that can be told.
pub(super) fn same_place(path: &str, place: &str) -> bool {
    let (path, place) = (home(path), home(place));
    path == place || (base(&path) == base(&place) && is_key_path(&path))
}

/// Whether to delete `path` deletes `place`.
pub(super) fn holds(path: &str, place: &str) -> bool {
    let (path, place) = (home(path), home(place));
    same_place(&path, &place)
        || place
            .strip_prefix(path.as_str())
            .is_some_and(|rest| rest.starts_with('/') && !path.is_empty())
}

/// A path with the home of root for any home, without quotes and what ends a folder's.
fn home(path: &str) -> String {
    normal(path.trim_matches(['"', '\'']).trim_end_matches(['/', '*']))
}

/// A path with the home of root for any home, and without what names no other folder.
pub(super) fn normal(path: &str) -> String {
    let behind = HOMES.iter().find_map(|home| {
        let rest = path.strip_prefix(home)?;
        (rest.is_empty() || rest.starts_with('/')).then_some(rest)
    });
    let start = match behind {
        Some(_) => "/root/",
        None if path.starts_with('/') => "/",
        None => "",
    };
    let parts = behind.unwrap_or(path).split('/');
    let parts = parts.filter(|part| !matches!(*part, "" | "."));
    let parts: Vec<Cow<'_, str>> = parts.map(variable).collect();
    let normal = format!("{start}{}", parts.join("/"));
    match normal.strip_suffix('/') {
        Some(folder) => folder.to_owned(),
        None => normal,
    }
}

/// A part of a path that is a variable only, in its short form.
fn variable(part: &str) -> Cow<'_, str> {
    let name = part
        .strip_prefix("${")
        .and_then(|rest| rest.strip_suffix('}'));
    let is_name = |name: &&str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    match name.filter(is_name) {
        Some(name) => format!("${name}").into(),
        None => part.into(),
    }
}

/// Whether the shell makes a path of a pattern: `*` and `?`, which stand for no slash and no first dot.
pub(super) fn matches(pattern: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    let is_match = (pattern.split('/'))
        .all(|pattern| parts.next().is_some_and(|part| part_matches(pattern, part)));
    is_match && parts.next().is_none()
}

fn part_matches(pattern: &str, part: &str) -> bool {
    if part.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let (mut pattern, mut part) = (pattern.chars(), part.chars());
    // Where the last asterisk was, and what it stands for up to now.
    let mut last = None;
    loop {
        let before = (pattern.clone(), part.clone());
        match (pattern.next(), part.next()) {
            (None, None) => return true,
            (Some('*'), _) => {
                part = before.1;
                last = Some((pattern.clone(), part.clone()));
            }
            (Some('?'), Some(_)) => {}
            (Some(wanted), Some(found)) if wanted == found => {}
            _ => {
                let Some((behind, mut rest)) = last.take() else {
                    return false;
                };
                if rest.next().is_none() {
                    return false;
                }
                (pattern, part) = (behind.clone(), rest.clone());
                last = Some((behind, rest));
            }
        }
    }
}

/// Folders above a path that are looked at.
const DEEPEST: usize = 64;
const HOMES: [&str; 3] = ["~", "$HOME", "${HOME}"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_path_has_many_spellings() {
        for path in [
            "~/.ssh/a",
            "$HOME/.ssh//a",
            "${HOME}/./.ssh/a",
            "/root/.ssh/a",
        ] {
            assert_eq!(normal(path), "/root/.ssh/a", "{path}");
        }
        assert_eq!(normal("./a"), "a");
        assert_eq!(normal("~/"), "/root");
        assert_eq!(normal("${A}/${B:-c}"), "$A/${B:-c}");
        for path in ["", "a/b", "/", "$HOMEX/a", "~x/a", "../a"] {
            assert_eq!(normal(path), path.trim_end_matches('/'), "{path}");
        }
    }

    #[test]
    fn patterns_match_as_the_shell_says() {
        for (pattern, path) in [
            ("/a/id_*", "/a/id_rsa"),
            ("/a/*", "/a/b"),
            ("/a/*b*c", "/a/xbybc"),
            ("/*/?", "/a/b"),
            ("/a/.*", "/a/.b"),
        ] {
            assert!(matches(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("/a/*", "/a/b/c"),
            ("/a/*", "/a/.b"),
            ("/a/*", "/a"),
            ("/a/id_*", "/a/key"),
            ("/a/?", "/a/"),
        ] {
            assert!(!matches(pattern, path), "{pattern} {path}");
        }
    }
}
