//! What keeps a file out of a step.

use std::iter;

use super::{Note, Secret};
use crate::dockerfile::Instruction;

/// Why `secret` cannot be mounted into the step: the step mounts something there, or its own
/// commands change the file, which a mount would make read-only.
pub(super) fn obstacle(step: &Instruction, source: &str, secret: Secret) -> Option<Note> {
    let line = step.line;
    let mut targets = step
        .command
        .mounts()
        .filter_map(|mount| mount.target().map(str::to_owned));
    if let Some(target) = targets.find(|target| covers(target, secret.target())) {
        return Some(Note::Mounted {
            line,
            target,
            secret,
        });
    }
    let mut bodies = step
        .heredocs
        .iter()
        .map(|heredoc| heredoc.body.text(source));
    let is_named = |text: &str| {
        names(secret).iter().any(|name| text.contains(name))
            || text
                .split(['&', ';', '|', '\n'])
                .any(|command| changes(secret, command))
    };
    let named = is_named(&step.command.arguments) || bodies.any(is_named);
    named.then_some(Note::Named { line, secret })
}

/// Words of a step that changes the file itself.
fn names(secret: Secret) -> &'static [&'static str] {
    match secret {
        Secret::KnownHosts => &["/etc/ssh/ssh_known_hosts"],
        Secret::Gitconfig => &["/etc/gitconfig"],
        Secret::Cargo => &["/.cargo/config.toml"],
        Secret::Shim | Secret::ShimAmd64 | Secret::ShimArm64 => &[],
    }
}

/// Whether a command changes the file without its name: git's system-wide settings, or a whole folder.
fn changes(secret: Secret, command: &str) -> bool {
    let mut words = command.split_whitespace();
    match secret {
        Secret::Gitconfig => {
            words.any(|word| word == "git") && words.any(|word| word == "--system")
        }
        Secret::Shim => changes_shim(words),
        _ => false,
    }
}

/// Whether a command names the shim, or takes a folder whole that it is in.
fn changes_shim<'a>(mut words: impl Iterator<Item = &'a str> + Clone) -> bool {
    let place = parts(Secret::Shim.target());
    let named: Vec<_> = words.clone().filter_map(absolute).map(parts).collect();
    let is_around = |named: &Vec<&str>| !named.is_empty() && place.starts_with(named);
    named.contains(&place)
        || named.iter().any(is_around)
            && iter::from_fn(|| Some((words.next()?, words.clone())))
                .any(|(program, arguments)| takes_whole(program, arguments))
}

/// Whether a program does something with all that is in a folder.
fn takes_whole<'a>(program: &str, mut arguments: impl Iterator<Item = &'a str>) -> bool {
    let letters = |word: &'a str| word.strip_prefix('-').filter(|it| !it.starts_with('-'));
    match program {
        "chgrp" | "chmod" | "chown" | "cp" | "rm" => arguments.any(|word| {
            matches!(word, "--recursive" | "--archive")
                || letters(word).is_some_and(|it| it.contains(['r', 'R', 'a']))
        }),
        "tar" => arguments.enumerate().any(|(place, word)| {
            // The first word may be letters without a hyphen.
            let bare = (place == 0 && !word.starts_with('-')).then_some(word);
            let creates = |letters: &str| letters.contains('c') && !letters.contains('x');
            word == "--create" || letters(word).or(bare).is_some_and(creates)
        }),
        "rsync" => true,
        _ => false,
    }
}

/// The path in a word of a shell, from the root and without its quotes.
fn absolute(word: &str) -> Option<&str> {
    let path = word.trim_matches(['"', '\'', '>', '<', '*']);
    path.starts_with('/').then_some(path)
}

/// Whether a mount at `target` is at the place `ours`, above it or below it.
fn covers(target: &str, ours: &str) -> bool {
    let (target, ours) = (parts(target), parts(ours));
    target
        .iter()
        .zip(&ours)
        .all(|(theirs, ours)| theirs == ours)
}

/// The names in a path, as it is walked from the root.
fn parts(path: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_may_change_a_file_without_its_name() {
        for (secret, command, expected) in [
            (Secret::Gitconfig, "git config --add --system a b", true),
            (Secret::Gitconfig, "git lfs install --system", true),
            (Secret::Gitconfig, "useradd --system git", false),
            (Secret::Gitconfig, "git config --global a b", false),
            (Secret::Shim, "chown -R app /usr/local", true),
            (Secret::Shim, "cp -a /usr/local/bin/ /x", true),
            (Secret::Shim, "rm -rf /usr/local/bin/*", true),
            (Secret::Shim, "chmod --recursive 755 /usr", true),
            (Secret::Shim, "cp -a /usr/local/./bin /x", true),
            (Secret::Shim, "cp -a '/usr/lib/..//local/bin' /x", true),
            (Secret::Shim, "tar c /usr/local", true),
            (Secret::Shim, "tar -C / -czf x.tgz /usr/local", true),
            (Secret::Shim, "tar --create --file x /usr/local/bin", true),
            (Secret::Shim, "tar -C /usr/local -xzf go.tgz", false),
            (Secret::Shim, "tar xf c.tar -C /usr/local", false),
            (Secret::Shim, "tar --directory /usr/local -xf x", false),
            (Secret::Shim, "rsync -a /usr/local/ /x", true),
            (Secret::Shim, "rsync -a /srv/ /x", false),
            (Secret::Shim, "cp x /usr/local/bin/ssh", true),
            (Secret::Shim, "echo x >/usr/local/bin/ssh", true),
            (Secret::Shim, "cp x /usr/local/bin/ssh-askpass", false),
            (Secret::Shim, "GIT_SSH=/usr/local/bin/ssh git fetch", false),
            (Secret::Shim, "mv x /usr/local/bin/", false),
            (Secret::Shim, "chown -R app /usr/local/app", false),
            (Secret::Shim, "ls -la /usr/local/bin", false),
            (Secret::Shim, "find /usr/local -name x", false),
        ] {
            assert_eq!(changes(secret, command), expected, "{command}");
        }
    }

    #[test]
    fn mounts_over_the_file_or_its_folders_are_in_the_way() {
        for (target, in_the_way) in [
            ("/etc/ssh/ssh_known_hosts", true),
            ("//etc/./x/../ssh/ssh_known_hosts", true),
            ("/etc/ssh", true),
            ("/etc/", true),
            ("etc/ssh", true),
            ("/etc/ssh/ssh_known_hosts2", false),
            ("/etc/ssl", false),
            ("/root/.ssh/known_hosts", false),
        ] {
            let place = Secret::KnownHosts.target();
            assert_eq!(covers(target, place), in_the_way, "{target}");
        }
        assert!(covers("/usr/local", Secret::Shim.target()));
        assert!(!covers("/usr/local/cargo/registry", Secret::Shim.target()));
    }
}
