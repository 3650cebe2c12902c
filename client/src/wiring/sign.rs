//! The plan for sign mode: a step's ssh mount becomes the grant's socket.

use super::{KNOWN_HOSTS_ID, Note, Passed, Plan, is_ssh_git_url, known_hosts};
use crate::dockerfile::{Command, Dockerfile, Instruction, Keyword, Mount, Splice};

/// Plans a build in sign mode.
///
/// Every `RUN` with an ssh mount gets the verified host keys, and a mode that lets a step without
/// root open the socket where the mount names neither mode nor owner. Mounts whose ids the user
/// passes himself are left alone, and so are `ONBUILD` triggers, which would end up in the image.
/// The changes stay on the lines of the flags, so the numbers of all lines are kept.
#[must_use]
pub fn sign_mode(dockerfile: &Dockerfile<'_>, passed: &Passed) -> Plan {
    let mut plan = Plan::default();
    let mut splices = Vec::new();
    let mut first_line = 0;
    for instruction in dockerfile.instructions() {
        if adds_over_ssh(instruction) && !passed.ssh_ids.iter().any(|id| id == DEFAULT_ID) {
            plan.pass_ssh(DEFAULT_ID);
        }
        triggered(instruction, passed, &mut plan);
        let changes = step(instruction, dockerfile.source(), passed, &mut plan);
        if splices.is_empty() {
            first_line = instruction.line;
        }
        splices.extend(changes);
    }
    if !splices.is_empty() {
        apply(dockerfile, splices, first_line, &mut plan);
    }
    plan
}

/// The changes to one step.
fn step(run: &Instruction, source: &str, passed: &Passed, plan: &mut Plan) -> Vec<Splice> {
    let served: Vec<Mount> = ssh_mounts(&run.command, run.line, plan)
        .into_iter()
        .filter(|(_, id)| !passed.ssh_ids.contains(id))
        .map(|(mount, id)| {
            plan.pass_ssh(&id);
            mount
        })
        .collect();
    let Some(last) = served.last().map(|mount| mount.span.end) else {
        return Vec::new();
    };

    let open = served
        .iter()
        .filter(|mount| !mount.names(&["mode", "uid", "gid"]));
    let mut splices: Vec<_> = open
        .map(|mount| Splice::insert(mount.span.end, SOCKET_MODE.to_owned()))
        .collect();
    if let Some(note) = known_hosts::obstacle(run, source) {
        plan.notes.push(note);
    } else {
        splices.push(Splice::insert(last, format!(" {}", known_hosts::flag())));
        plan.known_hosts = !passed.secret_ids.iter().any(|id| id == KNOWN_HOSTS_ID);
    }
    splices
}

/// A trigger stays as it is, but a later stage of the same file may run it, so its ids are passed.
fn triggered(onbuild: &Instruction, passed: &Passed, plan: &mut Plan) {
    let Some(trigger) = &onbuild.trigger else {
        return;
    };
    let mounts = ssh_mounts(trigger, onbuild.line, plan);
    let served = mounts.iter().filter(|(_, id)| !passed.ssh_ids.contains(id));
    let ids: Vec<_> = served.map(|(_, id)| id).collect();
    for id in &ids {
        plan.pass_ssh(id);
    }
    if !ids.is_empty() {
        plan.notes.push(Note::Onbuild { line: onbuild.line });
    }
}

/// The ssh mounts of a command whose ids are known, and these ids; notes for the others.
fn ssh_mounts(command: &Command, line: usize, plan: &mut Plan) -> Vec<(Mount, String)> {
    let mut known = Vec::new();
    for mount in command.mounts() {
        let kind = mount.kind();
        if is_expanded(&kind) {
            plan.notes.push(Note::VariableType { line, kind });
            continue;
        }
        if kind != "ssh" {
            continue;
        }
        plan.has_ssh_mount = true;
        let id = mount.id().unwrap_or(DEFAULT_ID).to_owned();
        if mount.open {
            plan.notes.push(Note::Unchangeable { line });
        } else if is_expanded(&id) {
            plan.notes.push(Note::VariableId { line, id });
        } else {
            known.push((mount, id));
        }
    }
    known
}

/// Whether the engine reads a value otherwise than it is written.
fn is_expanded(value: &str) -> bool {
    !value.is_ascii() || value.contains(['$', '\\', '`', '\'', '"'])
}

/// `BuildKit`'s own git, which serves `ADD`, always uses the default id.
fn adds_over_ssh(instruction: &Instruction) -> bool {
    let command = instruction.trigger.as_ref().unwrap_or(&instruction.command);
    let words = command.words();
    let sources = words.split_last().map_or(&[][..], |(_, sources)| sources);
    command.keyword == Keyword::Add && sources.iter().any(|source| is_ssh_git_url(source))
}

fn apply(dockerfile: &Dockerfile<'_>, splices: Vec<Splice>, line: usize, plan: &mut Plan) {
    let wired = dockerfile
        .splice(splices)
        .ok()
        .filter(|text| Dockerfile::parse(text).is_ok());
    if wired.is_none() {
        plan.known_hosts = false;
        plan.notes.push(Note::Unchangeable { line });
    }
    plan.dockerfile = wired;
}

/// What an ssh mount without an id asks for.
const DEFAULT_ID: &str = "default";

/// Lets every user of the step open the socket, also behind a `USER`.
const SOCKET_MODE: &str = ",mode=0666";
