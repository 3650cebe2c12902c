//! The mount that gives a step the verified host keys.

use super::Note;
use crate::dockerfile::Instruction;

/// The id of the secret that holds the verified host keys.
pub const KNOWN_HOSTS_ID: &str = "keystay.known_hosts";

/// Where the verified host keys appear in a step: the file that OpenSSH reads for all users.
pub const KNOWN_HOSTS_TARGET: &str = "/etc/ssh/ssh_known_hosts";

/// The flag of the mount.
pub(super) fn flag() -> String {
    format!("--mount=type=secret,id={KNOWN_HOSTS_ID},target={KNOWN_HOSTS_TARGET},mode=0444")
}

/// What keeps the mount out of a step.
pub(super) fn obstacle(step: &Instruction, source: &str) -> Option<Note> {
    let line = step.line;
    let mut targets = step
        .command
        .mounts()
        .filter_map(|mount| mount.target().map(str::to_owned));
    if let Some(target) = targets.find(|target| covers(target)) {
        return Some(Note::KnownHostsMounted { line, target });
    }
    let mut bodies = step
        .heredocs
        .iter()
        .map(|heredoc| heredoc.body.text(source));
    let named = step.command.arguments.contains(KNOWN_HOSTS_TARGET)
        || bodies.any(|body| body.contains(KNOWN_HOSTS_TARGET));
    named.then_some(Note::KnownHostsNamed { line })
}

/// Whether a mount at `target` is at the place of the known hosts, above it or below it.
fn covers(target: &str) -> bool {
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
    let (target, ours) = (path(target), path(KNOWN_HOSTS_TARGET));
    target
        .iter()
        .zip(&ours)
        .all(|(theirs, ours)| theirs == ours)
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(covers(target), in_the_way, "{target}");
        }
    }
}
