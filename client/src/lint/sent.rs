//! L3: what a copy of the whole context brings along.

use std::{
    fs::OpenOptions,
    io::Read as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Component, Path},
};

use rustix::fs::OFlags;

use super::{
    Problem, Severity, allow,
    rule::L3,
    step::{File, Step},
};
use crate::{
    context::Listing,
    dockerfile::{Dockerfile, Keyword},
};

/// The problems of a Dockerfile that copies its whole context, of which these files below `root` are sent.
/// The first lines of the small ones are read: it is what they hold that makes keys of them, not their
/// names.
#[must_use]
pub fn sent(dockerfile: &Dockerfile<'_>, root: &Path, listing: &Listing) -> Vec<Problem> {
    let file = File::new(dockerfile);
    let lines: Vec<usize> = (file.steps.iter())
        .filter(|step| copies_all(step))
        .map(Step::line)
        .collect();
    if lines.is_empty() {
        return Vec::new();
    }
    let files = listing
        .files
        .iter()
        .filter(|file| file.stamp.size <= LARGEST_KEY);
    let keys = files.filter(|file| is_login(&file.path) || holds_key(&root.join(&file.path)));
    let keys: Vec<String> = keys
        .map(|file| file.path.to_string_lossy().into_owned())
        .collect();
    let has_git = (listing.files.iter()).any(|file| {
        let mut parts = file.path.components();
        parts.any(|part| part == Component::Normal(".git".as_ref()))
    });
    let mut problems = Vec::new();
    for line in lines {
        problems.extend(brought(&keys).map(|message| Problem::new(&L3, line, message)));
        if has_git {
            let message = "the whole context is copied, and `.git` is in it: all that was ever committed comes along";
            problems.push(Problem {
                severity: Severity::Warning,
                ..Problem::new(&L3, line, message)
            });
        }
    }
    allow::apply(&file, problems)
        .into_iter()
        .filter(|problem| problem.rule == &L3)
        .collect()
}

fn brought(keys: &[String]) -> impl Iterator<Item = String> {
    let more = keys.len().saturating_sub(TOLD);
    let told = keys.iter().take(TOLD);
    let told = told.map(|key| format!("the whole context is copied, and `{key}` is in it"));
    let more = (more > 0)
        .then(|| format!("the whole context is copied, and {more} more files of keys are in it"));
    told.chain(more)
}

/// Whether a step copies all that the build is given.
fn copies_all(step: &Step<'_>) -> bool {
    if !matches!(step.command.keyword, Keyword::Copy | Keyword::Add) || step.flag("from").is_some()
    {
        return false;
    }
    let words = step.command.words();
    let sources = words.split_last().map_or(&[][..], |(_, sources)| sources);
    sources.iter().any(|source| {
        matches!(
            source.trim_matches(['"', '\'']),
            "." | "./" | "/" | "*" | "./*" | "/*"
        )
    })
}

fn is_login(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    matches!(name, Some(".netrc" | "_netrc" | ".git-credentials"))
}

/// Whether a file begins as private keys do.
fn holds_key(path: &Path) -> bool {
    let not_waiting = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(not_waiting)
        .open(path);
    let mut start = Vec::new();
    if file
        .and_then(|file| file.take(FIRST).read_to_end(&mut start))
        .is_err()
    {
        return false;
    }
    let text = String::from_utf8_lossy(&start);
    let line = text.trim_start().lines().next().unwrap_or_default();
    (line.starts_with("-----BEGIN ") && line.contains("PRIVATE KEY-----"))
        || line.starts_with("PuTTY-User-Key-File-")
}

/// No file of a key is larger, in bytes.
const LARGEST_KEY: u64 = 64 * 1024;
/// As much of a file as its first line takes.
const FIRST: u64 = 128;
/// Files that are told of by name.
const TOLD: usize = 5;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::context::{self, Ignore};

    fn told(text: &str, ignore: &str) -> Vec<(usize, Severity, String)> {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        };
        write("keys/deploy", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n");
        write("id_rsa.pub", "ssh-rsa AAAA\n");
        write("docs/keys.md", "text\n-----BEGIN RSA PRIVATE KEY-----\n");
        write("a/.netrc", "machine a.example login b password c\n");
        write(".git/HEAD", "ref: refs/heads/main\n");
        let ignore = Ignore::read(ignore.as_bytes()).unwrap();
        let listing = context::list(folder.path(), &ignore, 100);
        let problems = sent(&Dockerfile::parse(text).unwrap(), folder.path(), &listing);
        (problems.into_iter())
            .map(|problem| (problem.line, problem.severity, problem.message))
            .collect()
    }

    #[test]
    fn keys_in_the_context_are_found_where_all_of_it_is_copied() {
        let found = told("FROM a\nCOPY . /app\n", "");
        let has = |severity, name: &str| {
            found
                .iter()
                .any(|(line, s, message)| (*line, *s) == (2, severity) && message.contains(name))
        };
        assert!(has(Severity::Error, "`keys/deploy`"));
        assert!(has(Severity::Error, "`a/.netrc`"));
        assert!(has(Severity::Warning, "`.git`"));
        assert_eq!(found.len(), 3, "{found:?}");
    }

    #[test]
    fn what_is_ignored_or_not_copied_is_no_problem() {
        assert_eq!(told("FROM a\nCOPY . /app\n", "keys\n**/.netrc\n.git\n"), []);
        assert_eq!(told("FROM a\nCOPY src /app\nCOPY --from=b . /c\n", ""), []);
        assert_eq!(
            told("FROM a\n# keystay: allow L3 test keys\nADD . /app\n", ""),
            []
        );
    }

    #[test]
    fn of_many_keys_a_few_are_named() {
        let keys: Vec<String> = (0..9).map(|number| number.to_string()).collect();
        let told: Vec<_> = brought(&keys).collect();
        assert_eq!(told.len(), 6);
        assert!(told[5].contains("4 more"));
    }
}
