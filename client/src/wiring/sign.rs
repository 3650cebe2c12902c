//! The plan for sign mode: a step's ssh mount becomes the grant's socket.

use super::{
    Note, Passed, Plan, Secret, Which,
    adds::Adds,
    mounts::{DEFAULT_ID, SOCKET_MODE, SshMounts, changed, is_closed, ssh_mounts},
    obstacle::obstacle,
};
use crate::dockerfile::{Command, Dockerfile, Instruction, Mount, Splice};

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
    let adds = Adds::of(dockerfile, passed);
    for instruction in dockerfile.instructions() {
        if adds.is_over_ssh(instruction) && !passed.has_ssh(DEFAULT_ID) {
            plan.pass_ssh(DEFAULT_ID, Which::Sign);
        }
        triggered(instruction, passed, &mut plan);
        let changes = step(instruction, dockerfile.source(), passed, &mut plan);
        if splices.is_empty() {
            first_line = instruction.line;
        }
        splices.extend(changes);
    }
    if !splices.is_empty() {
        plan.dockerfile = changed(dockerfile, splices);
        if plan.dockerfile.is_none() {
            plan.secrets.clear();
            plan.notes.push(Note::Unchangeable { line: first_line });
        }
    }
    plan
}

/// The changes to one step.
fn step(run: &Instruction, source: &str, passed: &Passed, plan: &mut Plan) -> Vec<Splice> {
    let served: Vec<Mount> = known(&run.command, run.line, plan)
        .into_iter()
        .filter(|(_, id)| !passed.has_ssh(id))
        .map(|(mount, id)| {
            plan.pass_ssh(&id, Which::Sign);
            mount
        })
        .collect();
    let Some(last) = served.last().map(|mount| mount.span.end) else {
        return Vec::new();
    };

    let closed = served.iter().filter(|mount| is_closed(mount));
    let mut splices: Vec<_> = closed
        .map(|mount| Splice::insert(mount.span.end, SOCKET_MODE.to_owned()))
        .collect();
    if let Some(note) = obstacle(run, source, Secret::KnownHosts) {
        plan.notes.push(note);
    } else {
        let flag = format!(" {}", Secret::KnownHosts.flag());
        splices.push(Splice::insert(last, flag));
        plan.pass_secret(Secret::KnownHosts, passed);
    }
    splices
}

/// A trigger stays as it is, but a later stage of the same file may run it, so its ids are passed.
fn triggered(onbuild: &Instruction, passed: &Passed, plan: &mut Plan) {
    let Some(trigger) = &onbuild.trigger else {
        return;
    };
    let mounts = known(trigger, onbuild.line, plan);
    let served = mounts.iter().filter(|(_, id)| !passed.has_ssh(id));
    let ids: Vec<_> = served.map(|(_, id)| id).collect();
    for id in &ids {
        plan.pass_ssh(id, Which::Sign);
    }
    if !ids.is_empty() {
        plan.notes.push(Note::Onbuild { line: onbuild.line });
    }
}

/// The ssh mounts of a command whose ids are known, and these ids; notes for the others.
fn known(command: &Command, line: usize, plan: &mut Plan) -> Vec<(Mount, String)> {
    let SshMounts {
        known, variable, ..
    } = ssh_mounts(command, line, plan);
    let notes = variable
        .into_iter()
        .map(|(_, id)| Note::VariableId { line, id });
    plan.notes.extend(notes);
    known
}
