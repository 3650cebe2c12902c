//! L4 and L8: secrets that a step writes where they stay.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::{
    dockerfile::{Keyword, Mount},
    lint::{
        Problem,
        copies::{Copied, copied},
        names::{
            is_key_place, is_secret_variable, is_ssh_folder, is_ssh_key_place, secret_variable,
            variables,
        },
        paths::{folders, normal},
        removals::Removals,
        rule::{L4, L8},
        script::{Simple, unescaped},
        step::{File, Step},
    },
};

pub(super) fn check(file: &File<'_>, problems: &mut Vec<Problem>) {
    let source = file.dockerfile.source();
    for step in &file.steps {
        for (heredoc, place) in step.files() {
            let expanded = heredoc.expand.then(|| unescaped(heredoc.body.text(source)));
            let message = match expanded.as_deref().and_then(secret_variable) {
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
            if let Some(message) = context.takes(&member) {
                problems.push(Problem::new(&L8, line, message));
            } else if let Some(message) = context.writes(&member) {
                problems.push(Problem::new(&L4, line, message));
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

    /// The commands that may put out what they are given: those of substitutions do so into a word of another.
    fn givers(&self) -> impl Iterator<Item = &'a Simple> {
        let depth = self.commands().map(|command| command.depth).min();
        self.commands().filter(move |command| {
            let is_inner = Some(command.depth) != depth && command.outputs().next().is_none();
            !is_inner && !USERS.contains(&command.program())
        })
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
    /// Where its mounts are.
    mounts: HashSet<String>,
    /// What it deletes.
    removals: Removals,
    /// The paths of its secrets.
    mounted: BTreeSet<String>,
    /// The variables that hold its secrets.
    variables: BTreeSet<&'a str>,
}

impl<'a> Context<'a> {
    fn of(step: &'a Step<'a>) -> Self {
        Self {
            mounts: mounts(step),
            removals: Removals::of(step),
            mounted: mounted(step),
            variables: secrets(step).filter_map(Mount::variable).collect(),
        }
    }

    /// The files that a member writes and that the layer keeps, each with the program.
    fn kept<'m>(&self, member: &Member<'m>) -> Vec<(&'m str, String)> {
        let written = member.commands.iter().flat_map(|(number, command)| {
            let outputs = command.outputs();
            let kept = outputs.filter(|path| self.is_kept(path, *number));
            kept.map(|path| (command.program(), path))
        });
        written.collect()
    }

    /// The first of them that gets what its program is given.
    fn given(&self, member: &Member<'_>) -> Option<String> {
        let kept = self.kept(member).into_iter();
        let mut given = kept.filter(|(program, _)| !USERS.contains(program));
        given.next().map(|(_, path)| path)
    }

    /// Whether the layer keeps what the command of this number writes to a path: it is no device, on no mount,
    /// and not deleted later in the same step.
    fn is_kept(&self, path: &str, number: usize) -> bool {
        !path.starts_with("/dev/")
            && !folders(&normal(path)).any(|folder| self.mounts.contains(folder))
            && !self.removals.take(path, number)
    }

    /// The places that a member copies to and that the layer keeps, of sources that are of a kind.
    fn copied(&self, member: &Member<'_>, is_it: impl Fn(&Copied<'_>) -> bool) -> Option<String> {
        let mut copied = member.commands.iter().flat_map(|(number, command)| {
            let copied = copied(command).into_iter();
            copied.map(|copied| (*number, copied))
        });
        copied
            .find(|(number, copied)| is_it(copied) && self.is_kept(&copied.place, *number))
            .map(|(_, copied)| copied.place)
    }

    /// What a member writes that the layer keeps, and should not.
    fn writes(&self, member: &Member<'_>) -> Option<String> {
        if let Some(path) = self.given(member)
            && let Some(secret) = self.first_variable(member.givers())
        {
            return Some(format!("the value of ${secret} is written to `{path}`"));
        }
        let setters = member.commands().filter(|command| sets(command));
        if let Some(secret) = self.first_variable(setters) {
            return Some(format!(
                "the value of ${secret} is written to a configuration file"
            ));
        }
        let makes = |programs: &[&str]| {
            let mut commands = member.commands();
            commands.any(|command| programs.contains(&command.program()))
        };
        let is_made = makes(&MAKERS) || member.commands().any(|command| !command.inputs.is_empty());
        let is_empty = makes(&OTHERS) || member.commands().all(|command| command.words.is_empty());
        let is_key =
            |path: &str| (is_made && is_key_place(path)) || (!is_empty && is_ssh_key_place(path));
        let mut kept = self.kept(member).into_iter().map(|(_, path)| path);
        let path = kept.find(|path| is_key(path)).or_else(|| {
            self.copied(member, |copied| {
                let is_folder = is_ssh_folder(copied.source) && is_ssh_folder(&copied.place);
                !copied.source.starts_with("/dev/")
                    && (is_folder || is_ssh_key_place(&copied.place))
            })
        });
        path.map(|path| format!("a key is written to `{path}`"))
    }

    /// What a member does with a mounted secret, and should not.
    fn takes(&self, member: &Member<'_>) -> Option<String> {
        let names = |command: &&Simple| command.texts().any(|text| self.is_secret(&text));
        let giver = member.givers().find(names);
        if let Some(path) = self.given(member).filter(|_| giver.is_some()) {
            return Some(format!("a mounted secret is written to `{path}`"));
        }
        let place = self.copied(member, |copied| self.is_secret(copied.source));
        if let Some(place) = place {
            return Some(format!("a mounted secret is copied to `{place}`"));
        }
        let printer = giver.filter(|giver| PRINTERS.contains(&giver.program()))?;
        (printer.depth == 0 && is_last(member, printer))
            .then(|| "a mounted secret is printed".to_owned())
    }

    /// Whether a text names a mounted secret.
    fn is_secret(&self, text: &str) -> bool {
        self.mounted.iter().any(|path| text.contains(path.as_str()))
            || variables(text)
                .iter()
                .any(|name| self.variables.contains(name))
    }

    /// The first variable of commands that holds a secret, as far as its name or a mount tells.
    fn first_variable<'c>(&self, commands: impl Iterator<Item = &'c Simple>) -> Option<String> {
        let mut texts = commands.flat_map(Simple::texts);
        texts.find_map(|text| {
            let mut variables = variables(&text).into_iter();
            let secret =
                variables.find(|name| is_secret_variable(name) || self.variables.contains(name));
            secret.map(str::to_owned)
        })
    }
}

/// Whether a command changes the configuration of its program.
fn sets(command: &Simple) -> bool {
    let is_manager = matches!(
        command.program(),
        "npm" | "yarn" | "pnpm" | "pip" | "composer" | "bundle"
    );
    is_manager && command.arguments().iter().any(|word| word == "config")
}

/// Whether the output of a command goes nowhere else.
fn is_last(member: &Member<'_>, command: &Simple) -> bool {
    command.writes.is_empty() && member.commands().last() == Some(command)
}

/// Where a step has mounts.
fn mounts(step: &Step<'_>) -> HashSet<String> {
    let targets = step.mounts.iter().filter_map(Mount::target);
    targets
        .map(normal)
        .filter(|target| !target.is_empty())
        .collect()
}

fn secrets<'a>(step: &'a Step<'_>) -> impl Iterator<Item = &'a Mount> {
    step.mounts.iter().filter(|mount| mount.kind() == "secret")
}

/// The paths of a step's secrets.
fn mounted(step: &Step<'_>) -> BTreeSet<String> {
    let paths = secrets(step).filter_map(|mount| match (mount.target(), mount.id()) {
        (Some(target), _) => Some(target.to_owned()),
        (None, Some(id)) => Some(format!("/run/secrets/{id}")),
        (None, None) => None,
    });
    paths.chain(["/run/secrets/".to_owned()]).collect()
}

/// Programs whose output is what they are given.
const MAKERS: [&str; 4] = ["base64", "echo", "printf", "openssl"];
/// Programs whose output is nothing, or no key.
const OTHERS: [&str; 4] = [":", "ssh-keyscan", "touch", "true"];
/// Programs that print what they are given.
const PRINTERS: [&str; 3] = ["cat", "echo", "printf"];
/// Programs that use what they are given, and put out something else.
const USERS: [&str; 26] = [
    "apk",
    "apt-get",
    "aws",
    "az",
    "cargo",
    "curl",
    "docker",
    "gcloud",
    "gh",
    "git",
    "glab",
    "go",
    "helm",
    "kubectl",
    "make",
    "mvn",
    "npm",
    "pip",
    "pip3",
    "pnpm",
    "ssh",
    "ssh-keygen",
    "uv",
    "wc",
    "wget",
    "yarn",
];
