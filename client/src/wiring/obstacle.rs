//! What keeps a file out of a step.

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
        Secret::Shim => &["/usr/local/bin/ssh "],
        Secret::Gitconfig => &["/etc/gitconfig"],
        Secret::Cargo => &["/.cargo/config.toml"],
        Secret::ShimAmd64 | Secret::ShimArm64 => &[],
    }
}

/// Whether a command changes the file without its name: git's system-wide settings, or a whole folder.
fn changes(secret: Secret, command: &str) -> bool {
    let mut words = command.split_whitespace();
    match secret {
        Secret::Gitconfig => {
            words.any(|word| word == "git") && words.any(|word| word == "--system")
        }
        Secret::Shim => {
            let is_recursive = |word: &str| match word.strip_prefix("--") {
                Some(long) => matches!(long, "recursive" | "archive"),
                None => word.starts_with('-') && word.contains(['r', 'R', 'a']),
            };
            words.any(|word| ["chgrp", "chmod", "chown", "cp", "rm"].contains(&word))
                && words.clone().any(is_recursive)
                && words.any(|word| {
                    let folder = word.trim_end_matches(['/', '*']);
                    ["/usr", "/usr/local", "/usr/local/bin"].contains(&folder)
                })
        }
        _ => false,
    }
}

/// Whether a mount at `target` is at the place `ours`, above it or below it.
fn covers(target: &str, ours: &str) -> bool {
    let path = |text: &str| {
        let mut parts: Vec<String> = Vec::new();
        for part in text.split('/') {
            match part {
                "" | "." => {}
                ".." => drop(parts.pop()),
                part => parts.push(part.to_owned()),
            }
        }
        parts
    };
    let (target, ours) = (path(target), path(ours));
    target
        .iter()
        .zip(&ours)
        .all(|(theirs, ours)| theirs == ours)
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
