//! L3: what a copy of the whole context brings along.

use std::{
    borrow::Cow,
    fs::OpenOptions,
    io::{BufRead, BufReader, Read as _},
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
    context::{Ignore, Listing},
    dockerfile::{Dockerfile, Keyword},
};

/// The problems of a Dockerfile that copies its whole context, of which these files below `root` are sent.
/// The first lines of the small ones are read: it is what they hold that makes keys of them, not their
/// names.
#[must_use]
pub fn sent(dockerfile: &Dockerfile<'_>, root: &Path, listing: &Listing) -> Vec<Problem> {
    let file = File::new(dockerfile);
    let steps: Vec<&Step<'_>> = (file.steps.iter())
        .filter(|step| sources(step).next().is_some())
        .collect();
    if steps.is_empty() {
        return Vec::new();
    }
    let files = listing
        .files
        .iter()
        .filter(|file| file.stamp.size <= LARGEST_KEY);
    let keys = files.filter(|file| is_login(&file.path) || holds_key(&root.join(&file.path)));
    let keys: Vec<&Path> = keys.map(|file| file.path.as_path()).collect();
    let git = listing.files.iter().map(|file| file.path.as_path());
    let git: Vec<&Path> = git.filter(|path| is_of_git(path)).collect();
    let mut problems = Vec::new();
    for step in steps {
        let excluded = Excluded::of(step);
        let line = step.line();
        let keys = keys.iter().filter(|path| !excluded.has(path));
        let keys: Vec<_> = keys.map(|path| path.to_string_lossy()).collect();
        problems.extend(brought(&keys).map(|message| Problem::new(&L3, line, message)));
        if git.iter().any(|path| !excluded.has(path)) {
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

fn brought(keys: &[Cow<'_, str>]) -> impl Iterator<Item = String> {
    let more = keys.len().saturating_sub(TOLD);
    let told = keys.iter().take(TOLD);
    let told = told.map(|key| format!("the whole context is copied, and `{key}` is in it"));
    let more = (more > 0)
        .then(|| format!("the whole context is copied, and {more} more files of keys are in it"));
    told.chain(more)
}

/// The sources of a step with which it copies all that the build is given.
fn sources<'a>(step: &'a Step<'_>) -> impl Iterator<Item = &'a str> {
    let is_copy = matches!(step.command.keyword, Keyword::Copy | Keyword::Add);
    let mut words = step.command.words();
    words.pop();
    if !is_copy || step.flag("from").is_some() {
        words.clear();
    }
    let words = words.into_iter().map(|word| word.trim_matches(['"', '\'']));
    words.filter(|source| matches!(*source, "." | "./" | "/" | "*" | "./*" | "/*"))
}

/// What the `--exclude` flags of a step leave out.
struct Excluded {
    ignore: Ignore,
    /// Whether each name of the context is a source of its own, below which patterns are held against paths.
    is_by_name: bool,
}

impl Excluded {
    fn of(step: &Step<'_>) -> Self {
        let flags = step.command.flags.iter();
        let flags = flags.filter(|flag| flag.name == "exclude");
        let patterns: Vec<&str> = flags.filter_map(|flag| flag.value.as_deref()).collect();
        Self {
            // The engine refuses a pattern that is none.
            ignore: Ignore::read(patterns.join("\n").as_bytes()).unwrap_or_default(),
            is_by_name: sources(step).all(|source| source.ends_with('*')),
        }
    }

    fn has(&self, path: &Path) -> bool {
        let path = path.to_string_lossy();
        let below = path.split_once('/').filter(|_| self.is_by_name);
        self.ignore
            .leaves_out(below.map_or(&*path, |(_, below)| below))
    }
}

fn is_of_git(path: &Path) -> bool {
    path.components()
        .any(|part| part == Component::Normal(".git".as_ref()))
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
    file.is_ok_and(|file| begins_as_key(BufReader::new(file.take(LARGEST_KEY))))
}

/// Whether a text is a private key, behind what programs write before one: a mark of the byte order,
/// comments, the attributes that `openssl pkcs12` tells, and other blocks, as of a certificate.
fn begins_as_key(mut text: impl BufRead) -> bool {
    let (mut line, mut is_block, mut is_first) = (Vec::new(), false, true);
    loop {
        line.clear();
        match text
            .by_ref()
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line)
        {
            Ok(0) | Err(_) => return false,
            Ok(_) => {}
        }
        let whole = String::from_utf8_lossy(&line);
        let line = whole.trim_start_matches('\u{feff}').trim_end();
        let line = if is_first { line.trim_start() } else { line };
        let begin = line.strip_prefix("-----BEGIN ");
        if begin.is_some_and(|kind| kind.contains("PRIVATE KEY-----"))
            || (is_first && line.starts_with("PuTTY-User-Key-File-"))
        {
            return true;
        }
        is_block |= begin.is_some();
        let is_passed =
            is_block || line.is_empty() || PRELUDES.iter().any(|start| line.starts_with(start));
        if !is_passed {
            return false;
        }
        is_block &= !line.starts_with("-----END ");
        is_first &= line.is_empty();
    }
}

/// No file of a key is larger, in bytes.
const LARGEST_KEY: u64 = 64 * 1024;
/// More than the lines of a key have, in bytes.
const LONGEST_LINE: u64 = 1024;
/// Beginnings of lines that stand before a key.
const PRELUDES: [&str; 6] = [
    "#",
    "    ",
    "Bag Attributes",
    "Key Attributes",
    "subject=",
    "issuer=",
];
/// Files that are told of by name.
const TOLD: usize = 5;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::context;

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
        let keys: Vec<_> = (0..9).map(|number| number.to_string().into()).collect();
        let told: Vec<_> = brought(&keys).collect();
        assert_eq!(told.len(), 6);
        assert!(told[5].contains("4 more"));
    }

    #[test]
    fn what_a_copy_excludes_is_not_brought() {
        let all = "--exclude=keys --exclude=**/.netrc --exclude=.git";
        assert_eq!(told(&format!("FROM a\nCOPY {all} . /app\n"), ""), []);
        assert_eq!(
            told(
                "FROM a\nCOPY --exclude=deploy --exclude=.netrc --exclude=HEAD * /app\n",
                ""
            ),
            []
        );
        let named = |text: &str| {
            let told = told(text, "").into_iter();
            told.filter(|(_, severity, _)| *severity == Severity::Error)
                .count()
        };
        assert_eq!(
            named("FROM a\nCOPY --exclude=keys/* --exclude=.git . /app\n"),
            1
        );
        assert_eq!(named("FROM a\nCOPY --exclude=deploy . /app\n"), 2);
        assert_eq!(named("FROM a\nCOPY --exclude=keys . /app\nCOPY . /b\n"), 3);
    }

    #[test]
    fn a_key_is_seen_behind_what_stands_before_it() {
        let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n";
        for before in [
            "",
            "\u{feff}",
            "\n\n",
            "  ",
            "# deploy\n",
            "Bag Attributes\n    localKeyID: 01 \nKey Attributes: <No Attributes>\n",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "-----BEGIN EC PARAMETERS-----\r\nAAAA\r\n-----END EC PARAMETERS-----\r\n",
        ] {
            assert!(
                begins_as_key(format!("{before}{key}").as_bytes()),
                "{before}"
            );
        }
        for before in ["text\n", "# how\n\ntext\n", "key: |\n  ", "#\n    "] {
            assert!(
                !begins_as_key(format!("{before}{key}").as_bytes()),
                "{before}"
            );
        }
        assert!(!begins_as_key("-----BEGIN CERTIFICATE-----\n".as_bytes()));
        assert!(begins_as_key("PuTTY-User-Key-File-3: x\n".as_bytes()));
    }
}
