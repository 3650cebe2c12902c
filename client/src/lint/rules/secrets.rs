//! L4 and L8: secrets that a step writes where they stay.

use std::collections::{BTreeMap, BTreeSet};

use super::mounts::is_persistent;
use crate::{
    dockerfile::Keyword,
    lint::{
        Problem,
        names::{is_key_place, secret_variable},
        removals::Removals,
        rule::{L4, L8},
        script::Simple,
        step::{File, Step},
    },
};

pub(super) fn check(file: &File<'_>, problems: &mut Vec<Problem>) {
    let source = file.dockerfile.source();
    for step in &file.steps {
        for (heredoc, place) in step.files() {
            let expanded = heredoc.expand.then(|| heredoc.body.text(source));
            let message = match expanded.and_then(secret_variable) {
                Some(secret) => format!("the value of ${secret} is written to `{place}`"),
                None if is_key_place(&place) => format!("a key is written to `{place}`"),
                None => continue,
            };
            problems.push(Problem::new(&L4, step.line(), message));
        }
    }
    for step in file.of(Keyword::Run) {
        let context = Context::of(step);
        for member in members(step) {
            let line = file.line_of(member.at);
            if let Some(message) = context.writes(&member) {
                problems.push(Problem::new(&L4, line, message));
            }
            if let Some(message) = context.takes(&member) {
                problems.push(Problem::new(&L8, line, message));
            }
        }
    }
}

/// A member of a step's lists: the commands of one pipe, and those of the substitutions in it.
struct Member<'a> {
    /// Where it begins in the Dockerfile.
    at: usize,
    /// Its commands and their numbers in the step.
    commands: Vec<(usize, &'a Simple)>,
}

impl<'a> Member<'a> {
    fn commands(&self) -> impl Iterator<Item = &'a Simple> {
        self.commands.iter().map(|(_, command)| *command)
    }
}

fn members<'a>(step: &'a Step<'_>) -> Vec<Member<'a>> {
    let mut members: BTreeMap<usize, Member<'a>> = BTreeMap::new();
    for (number, (at, command)) in step.commands().enumerate() {
        let member = members.entry(command.member).or_insert_with(|| Member {
            at,
            commands: Vec::new(),
        });
        member.commands.push((number, command));
    }
    members.into_values().collect()
}

/// A step, and what of it each of its members is judged by.
struct Context<'a> {
    step: &'a Step<'a>,
    /// What it deletes.
    removals: Removals,
    /// The paths of its secrets.
    mounted: BTreeSet<String>,
}

impl<'a> Context<'a> {
    fn of(step: &'a Step<'a>) -> Self {
        Self {
            step,
            removals: Removals::of(step),
            mounted: mounted(step),
        }
    }

    /// The files that a member writes and that the layer keeps.
    fn kept(&self, member: &Member<'_>) -> Vec<String> {
        let written = member.commands.iter().flat_map(|(number, command)| {
            let outputs = command.outputs();
            outputs.filter(|path| self.is_kept(path, *number))
        });
        written.collect()
    }

    /// Whether the layer keeps what the command of this number writes to a path: it is no device, on no mount,
    /// and not deleted later in the same step.
    fn is_kept(&self, path: &str, number: usize) -> bool {
        !path.starts_with("/dev/")
            && is_persistent(self.step, path)
            && !self.removals.take(path, number)
    }

    /// What a member writes that the layer keeps, and should not.
    fn writes(&self, member: &Member<'_>) -> Option<String> {
        let mut texts = member.commands().flat_map(Simple::texts);
        let secret = texts.find_map(|text| secret_variable(text));
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
            if member.commands().any(sets) {
                return Some(format!(
                    "the value of ${secret} is written to a configuration file"
                ));
            }
        }
        let makes = |command: &Simple| {
            let makers = ["base64", "echo", "printf", "openssl"];
            makers.contains(&command.program()) || !command.inputs.is_empty()
        };
        let is_made = member.commands().any(makes);
        let key = kept.iter().find(|path| is_key_place(path));
        key.filter(|_| is_made)
            .map(|path| format!("a key is written to `{path}`"))
    }

    /// What a member does with a mounted secret, and should not.
    fn takes(&self, member: &Member<'_>) -> Option<String> {
        let is_secret =
            |text: &String| self.mounted.iter().any(|path| text.contains(path.as_str()));
        let (number, taker) =
            (member.commands.iter()).find(|(_, command)| command.texts().any(is_secret))?;
        if let Some(path) = self.kept(member).first() {
            return Some(format!("a mounted secret is written to `{path}`"));
        }
        let arguments = taker.arguments();
        match taker.program() {
            "cp" | "install" | "mv" | "rsync" => {
                let target = arguments.last()?;
                (self.is_kept(target, *number) && !is_secret(target))
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
    command.writes.is_empty() && member.commands().last() == Some(command)
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
