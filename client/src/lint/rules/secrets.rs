//! L4 and L8: secrets that a step writes where they stay.

use std::collections::{BTreeSet, HashSet};

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
        let context = Context::of(step);
        for member in members(step) {
            let Some((at, _)) = member.first() else {
                continue;
            };
            if let Some(message) = context.writes(&member) {
                problems.push(Problem::new(&L4, file.line_of(*at), message));
            }
            if let Some(message) = context.takes(&member) {
                problems.push(Problem::new(&L8, file.line_of(*at), message));
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

/// A step, and what of it each of its members is judged by.
struct Context<'a> {
    step: &'a Step<'a>,
    /// What it deletes.
    deleted: HashSet<&'a str>,
    /// The paths of its secrets.
    mounted: BTreeSet<String>,
}

impl<'a> Context<'a> {
    fn of(step: &'a Step<'a>) -> Self {
        Self {
            step,
            deleted: step
                .commands()
                .flat_map(|(_, command)| deleted(command))
                .collect(),
            mounted: mounted(step),
        }
    }

    /// The files that a member writes and that the layer keeps.
    fn kept(&self, member: &Member<'_>) -> Vec<String> {
        let mut written: Vec<String> = member
            .iter()
            .flat_map(|(_, command)| command.outputs())
            .collect();
        written.retain(|path| self.is_kept(path));
        written
    }

    /// Whether the layer keeps what is written to a path: it is no device, on no mount, and not deleted in
    /// the same step.
    fn is_kept(&self, path: &str) -> bool {
        !path.starts_with("/dev/") && is_persistent(self.step, path) && !self.deleted.contains(path)
    }

    /// What a member writes that the layer keeps, and should not.
    fn writes(&self, member: &Member<'_>) -> Option<String> {
        let mut words = member.iter().flat_map(|(_, command)| &command.words);
        let secret = words.find_map(|word| secret_variable(word));
        let kept = self.kept(member);
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
        let makes = |command: &Simple| {
            matches!(command.program(), "base64" | "echo" | "printf" | "openssl")
        };
        let is_made = member.iter().any(|(_, command)| makes(command));
        let key = kept
            .iter()
            .find(|path| is_key_path(path) || is_in_ssh_folder(path));
        key.filter(|_| is_made)
            .map(|path| format!("a key is written to `{path}`"))
    }

    /// What a member does with a mounted secret, and should not.
    fn takes(&self, member: &Member<'_>) -> Option<String> {
        let is_secret =
            |word: &String| self.mounted.iter().any(|path| word.contains(path.as_str()));
        let (_, taker) = member
            .iter()
            .find(|(_, command)| command.words.iter().any(is_secret))?;
        if let Some(path) = self.kept(member).first() {
            return Some(format!("a mounted secret is written to `{path}`"));
        }
        let arguments = taker.arguments();
        match taker.program() {
            "cp" | "install" | "mv" | "rsync" => {
                let target = arguments.last()?;
                (self.is_kept(target) && !is_secret(target))
                    .then(|| format!("a mounted secret is copied to `{target}`"))
            }
            "cat" if taker.depth == 0 && is_last(member, taker) => {
                Some("a mounted secret is printed".to_owned())
            }
            _ => None,
        }
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
