//! L4 and L8: secrets that a step writes where they stay.

use std::collections::BTreeSet;

use super::{files::deleted, mounts::is_persistent};
use crate::{
    dockerfile::Keyword,
    lint::{
        Problem,
        names::{is_in_ssh_folder, is_key_path, secret_variable},
        rule::{L4, L8},
        script::Simple,
        step::{File, Step},
    },
};

pub(super) fn check(file: &File<'_>, problems: &mut Vec<Problem>) {
    for step in file.of(Keyword::Run) {
        let line = |at| step.line_of(file.dockerfile.source(), at);
        for member in members(step) {
            let Some((at, _)) = member.first() else {
                continue;
            };
            if let Some(message) = member_writes(step, &member) {
                problems.push(Problem::new(&L4, line(*at), message));
            }
            if let Some(message) = member_takes(step, &member) {
                problems.push(Problem::new(&L8, line(*at), message));
            }
        }
    }
}

type Member<'a> = Vec<(usize, &'a Simple)>;

/// The commands of a step, those of one pipe together.
fn members<'a>(step: &'a Step<'_>) -> Vec<Member<'a>> {
    let mut members: Vec<Member<'a>> = Vec::new();
    for (start, script) in &step.scripts {
        let mut last = None;
        for command in &script.commands {
            if last != Some(command.member) {
                members.push(Vec::new());
                last = Some(command.member);
            }
            if let Some(member) = members.last_mut() {
                member.push((start + command.span.start, command));
            }
        }
    }
    members
}

/// The files that a member writes and that the layer keeps.
fn kept(step: &Step<'_>, member: &Member<'_>) -> Vec<String> {
    let mut written: Vec<String> = member
        .iter()
        .flat_map(|(_, command)| command.outputs())
        .collect();
    written.retain(|path| is_kept(step, path));
    written
}

/// Whether the layer keeps what is written to a path: it is no device, on no mount, and not deleted in
/// the same step.
fn is_kept(step: &Step<'_>, path: &str) -> bool {
    let mut commands = step.commands().map(|(_, command)| command);
    !path.starts_with("/dev/")
        && is_persistent(step, path)
        && !commands.any(|command| deleted(command).any(|gone| gone == path))
}

fn member_writes(step: &Step<'_>, member: &Member<'_>) -> Option<String> {
    let mut words = member.iter().flat_map(|(_, command)| &command.words);
    let secret = words.find_map(|word| secret_variable(word));
    let kept = kept(step, member);
    if let Some(secret) = secret {
        if let Some(path) = kept.first() {
            return Some(format!("the value of ${secret} is written to `{path}`"));
        }
        let sets = |command: &Simple| {
            let is_manager = matches!(
                command.program(),
                "npm" | "yarn" | "pnpm" | "pip" | "composer" | "bundle"
            );
            let mut words = command.arguments().iter();
            is_manager
                && words.any(|word| word == "config")
                && words.any(|word| secret_variable(word).is_some())
        };
        if member.iter().any(|(_, command)| sets(command)) {
            return Some(format!(
                "the value of ${secret} is written to a configuration file"
            ));
        }
    }
    let makes =
        |command: &Simple| matches!(command.program(), "base64" | "echo" | "printf" | "openssl");
    let is_made = member.iter().any(|(_, command)| makes(command));
    let key = kept
        .iter()
        .find(|path| is_key_path(path) || is_in_ssh_folder(path));
    key.filter(|_| is_made)
        .map(|path| format!("a key is written to `{path}`"))
}

fn member_takes(step: &Step<'_>, member: &Member<'_>) -> Option<String> {
    let mounted = mounted(step);
    let is_secret = |word: &String| mounted.iter().any(|path| word.contains(path.as_str()));
    let (_, taker) = member
        .iter()
        .find(|(_, command)| command.words.iter().any(is_secret))?;
    if let Some(path) = kept(step, member).first() {
        return Some(format!("a mounted secret is written to `{path}`"));
    }
    let arguments = taker.arguments();
    match taker.program() {
        "cp" | "install" | "mv" | "rsync" => {
            let target = arguments.last()?;
            (is_kept(step, target) && !is_secret(target))
                .then(|| format!("a mounted secret is copied to `{target}`"))
        }
        "cat" if taker.depth == 0 && is_last(member, taker) => {
            Some("a mounted secret is printed".to_owned())
        }
        _ => None,
    }
}

/// Whether the output of a command goes nowhere else.
fn is_last(member: &Member<'_>, command: &Simple) -> bool {
    command.writes.is_empty() && member.last().is_some_and(|(_, last)| *last == command)
}

/// The paths of a step's secrets.
fn mounted(step: &Step<'_>) -> BTreeSet<String> {
    let secrets = step.mounts.iter().filter(|mount| mount.kind() == "secret");
    let paths = secrets.filter_map(|mount| match (mount.target(), mount.id()) {
        (Some(target), _) => Some(target.to_owned()),
        (None, Some(id)) => Some(format!("/run/secrets/{id}")),
        (None, None) => None,
    });
    paths.chain(["/run/secrets/".to_owned()]).collect()
}
