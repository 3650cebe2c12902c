use std::process;

use proptest::prelude::*;

use super::*;

fn parse(command: &str) -> Result<Command, CommandError> {
    Command::parse(command.as_bytes())
}

/// The words that a real shell makes of a line.
fn words(line: &str) -> Vec<String> {
    let script = format!("set -- {line}\nprintf '%s\\0' \"$@\"");
    let shell = process::Command::new("sh").args(["-c", &script]).output();
    let printed = String::from_utf8(shell.unwrap().stdout).unwrap();
    printed.split_terminator('\0').map(str::to_owned).collect()
}

#[test]
fn what_git_writes_is_read() {
    for (line, service, given, path) in [
        (
            "git-upload-pack 'acme/lib-a.git'",
            Service::UploadPack,
            "acme/lib-a.git",
            "acme/lib-a",
        ),
        (
            "git upload-pack '/acme/lib-a'",
            Service::UploadPack,
            "/acme/lib-a",
            "acme/lib-a",
        ),
        (
            "git-upload-archive 'a/b'",
            Service::UploadArchive,
            "a/b",
            "a/b",
        ),
        (
            "git upload-archive '~joe/b.git/'",
            Service::UploadArchive,
            "~joe/b.git/",
            "~joe/b",
        ),
        (
            "git-upload-pack acme/lib-a",
            Service::UploadPack,
            "acme/lib-a",
            "acme/lib-a",
        ),
        (
            "git-upload-pack 'größe x/y'",
            Service::UploadPack,
            "größe x/y",
            "größe x/y",
        ),
        (
            "git-lfs-authenticate acme/x.git download",
            Service::LfsAuthenticate,
            "acme/x.git",
            "acme/x",
        ),
        (
            "git-lfs-authenticate '/acme/x' download",
            Service::LfsAuthenticate,
            "/acme/x",
            "acme/x",
        ),
    ] {
        let command = parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        assert_eq!(
            (command.service, command.given.as_str()),
            (service, given),
            "{line}"
        );
        assert_eq!(command.path.as_str(), path, "{line}");
        let words = words(&command.to_shell());
        assert_eq!(
            words.first().map(String::as_str),
            Some(service.verb()),
            "{line}"
        );
        assert_eq!(words.get(1).map(String::as_str), Some(given), "{line}");
    }
}

#[test]
fn the_object_of_an_older_git_lfs_is_passed_on() {
    let line = format!("git-lfs-authenticate 'a/b' download {}", "5".repeat(64));
    assert_eq!(parse(&line).unwrap().to_shell(), line);
    let short = format!("git-lfs-authenticate 'a/b' download {}", "5".repeat(40));
    assert_eq!(parse(&short), Err(CommandError::Trailing));
}

#[test]
fn what_does_not_read_a_repository_is_refused_by_its_name() {
    for (line, verb) in [
        ("git-receive-pack 'a/b'", "git-receive-pack"),
        ("git receive-pack 'a/b'", "git receive-pack"),
        (
            "git-lfs-authenticate a/b upload",
            "git-lfs-authenticate upload",
        ),
        ("git-lfs-transfer a/b download", "git-lfs-transfer"),
        ("git-shell -c x", "git-shell"),
        ("git-upload-packs 'a'", "git-upload-packs"),
        ("git-upload-pack;id 'a'", "git-upload-pack;id"),
        ("git-upload-pack\t'a'", "git-upload-pack\\t'a'"),
        ("git  upload-pack 'a'", "git "),
        ("git --exec-path=/x upload-pack 'a'", "git --exec-path=/x"),
        ("GIT_TRACE=1 git-upload-pack 'a'", "GIT_TRACE=1"),
        ("/usr/bin/git-upload-pack 'a'", "/usr/bin/git-upload-pack"),
        ("touch 'a'", "touch"),
        ("\x1b[2J", "\\u{1b}[2J"),
        (" git-upload-pack 'a'", ""),
        ("", ""),
    ] {
        let refused = CommandError::NotAFetch {
            verb: verb.to_owned(),
        };
        assert_eq!(parse(line), Err(refused), "{line}");
    }
}

#[test]
fn what_a_shell_would_act_on_is_refused() {
    for line in [
        "git-upload-pack $HOME",
        "git-upload-pack `id`",
        "git-upload-pack a;id",
        "git-upload-pack a|id",
        "git-upload-pack a&",
        "git-upload-pack a\nid",
        "git-upload-pack \"a\"",
        "git-upload-pack a\\b",
        "git-upload-pack a*",
        "git-upload-pack a{b,c}",
        "git-upload-pack a'b'",
        "git-upload-pack 'a",
        "git-upload-pack 'a'\\''",
        "git-upload-pack  'a'",
    ] {
        assert_eq!(parse(line), Err(CommandError::Quoting), "{line}");
    }
}

#[test]
fn nothing_follows_the_path() {
    for line in [
        "git-upload-pack 'a' 'b'",
        "git-upload-pack 'a'; id",
        "git-upload-pack 'a'b",
        "git-upload-pack 'a' ",
        "git-upload-pack 'a'\n",
        "git-upload-pack 'a'\\\\''b'",
        "git-upload-pack a b",
        "git-lfs-authenticate a",
        "git-lfs-authenticate a download;id",
        "git-lfs-authenticate 'a'download",
        "git-lfs-authenticate a download x y",
    ] {
        assert_eq!(parse(line), Err(CommandError::Trailing), "{line}");
    }
}

#[test]
fn a_path_that_is_none_is_refused() {
    for (line, error) in [
        ("git-upload-pack '-x'", PathError::Option),
        ("git-upload-pack --upload-pack=touch 'a'", PathError::Option),
        ("git-upload-pack --strict 'a'", PathError::Option),
        ("git-upload-pack 'a/../b'", PathError::NotCanonical),
        ("git-upload-pack ''", PathError::Length),
        ("git-upload-pack 'a\nb'", PathError::NotPlain),
        ("git-upload-pack 'a\\b'", PathError::NotPlain),
    ] {
        assert_eq!(parse(line), Err(CommandError::Path(error)), "{line}");
    }
    assert_eq!(
        Command::parse(b"git-upload-pack '\xff'"),
        Err(PathError::NotPlain.into())
    );
    assert_eq!(parse("git-upload-pack"), Err(CommandError::NoPath));
    assert_eq!(parse("git-upload-pack "), Err(CommandError::NoPath));
}

#[test]
fn what_a_shell_acts_on_is_in_no_path_however_it_is_quoted() {
    for command in [
        "git-upload-pack 'it'\\''s'",
        "git-upload-pack 'a'\\!'b'",
        "git-upload-pack '$x;`y`'",
    ] {
        let refused = Err(CommandError::Path(PathError::NotPlain));
        assert_eq!(parse(command), refused, "{command}");
    }
}

#[test]
fn a_long_command_is_refused() {
    let line = format!("git-upload-pack '{}'", "a".repeat(MAX_GIT_COMMAND));
    assert_eq!(parse(&line), Err(CommandError::Length));
}

proptest! {
    #[test]
    fn what_goes_to_a_host_reads_the_same(path in "[ -~é]{1,40}", verb in 0..VERBS.len(), quoted: bool) {
        let word = if quoted { sq_quote(&path) } else { path.clone() };
        let tail = if VERBS[verb].1 == Service::LfsAuthenticate { DOWNLOAD } else { "" };
        if let Ok(command) = parse(&format!("{} {word}{tail}", VERBS[verb].0)) {
            prop_assert_eq!(&command.given, &path);
            prop_assert_eq!(parse(&command.to_shell()), Ok(command));
        }
    }

    #[test]
    fn any_path_is_one_word_to_a_shell(given in "[^\\x00]{0,40}") {
        let quoted = sq_quote(&given);
        prop_assert_eq!(one_word(&quoted), Some(given));
    }

    #[test]
    fn whatever_comes_in_is_a_verb_and_a_word(bytes in "(git-upload-pack|git-lfs-authenticate)?[ '\\\\!;$`a-c\"\n-]{0,24}( download)?") {
        if let Ok(command) = parse(&bytes) {
            let line = command.to_shell();
            let (verb, rest) = line.split_once(' ').unwrap();
            prop_assert!(VERBS.iter().any(|(known, _)| *known == verb));
            let word = rest.strip_suffix(DOWNLOAD).unwrap_or(rest);
            prop_assert_eq!(one_word(word), Some(command.given.clone()));
        }
    }
}

/// A POSIX shell's reading of a text (XCU §2.2), if it is one word made of quotes and escapes alone.
fn one_word(text: &str) -> Option<String> {
    let (mut word, mut quoted) = (String::new(), false);
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (quoted, character) {
            (_, '\'') => quoted = !quoted,
            (true, other) => word.push(other),
            (false, '\\') => word.push(characters.next()?),
            (false, _) => return None,
        }
    }
    (!quoted).then_some(word)
}
