//! Ssh mounts for steps that fetch.

use super::{Repair, is_flagged, shown};
use crate::{
    dockerfile::{Keyword, Splice},
    lint::{
        Problem,
        fix::Change,
        rule::L6,
        script::Simple,
        step::{File, Step},
    },
};

/// Gives an ssh mount to the steps that fetch over ssh without one, but for those of the stages that are left as
/// they are.
pub(super) fn add(
    file: &File<'_>,
    problems: &[Problem],
    left: &[Option<usize>],
    repair: &mut Repair,
) {
    for step in file.of(Keyword::Run) {
        if !left.contains(&step.instruction.stage) && lacks_one(file, step, problems) {
            give(step, repair);
        }
    }
}

fn lacks_one(file: &File<'_>, step: &Step<'_>, problems: &[Problem]) -> bool {
    is_flagged(file, step, problems, &L6)
}

/// Gives a step an ssh mount, unless it has one or is taken out.
pub(super) fn give(step: &Step<'_>, repair: &mut Repair) {
    let at = step.command.flags_end();
    let has_one = repair
        .splices
        .iter()
        .any(|splice| splice.span.start == at && splice.text == MOUNT);
    let is_open = step.command.flags.iter().any(|flag| flag.open);
    if has_ssh(step) || has_one || is_open || repair.takes(step.instruction.span.start) {
        return;
    }
    repair.splices.push(Splice::insert(at, MOUNT.to_owned()));
    let message = format!(
        "gave an ssh mount to `RUN {}`",
        shown(&step.command.arguments)
    );
    repair.changes.push(Change {
        line: step.line(),
        message,
    });
}

pub(super) fn has_ssh(step: &Step<'_>) -> bool {
    step.mounts.iter().any(|mount| mount.kind() == "ssh")
}

/// Whether a step runs what may fetch from a repository, or names one that is fetched over ssh.
pub(super) fn fetches(file: &File<'_>, step: &Step<'_>, problems: &[Problem]) -> bool {
    lacks_one(file, step, problems) || step.commands().any(|(_, command)| may_fetch(command))
}

fn may_fetch(command: &Simple) -> bool {
    let program = command.program();
    let verbs: &[&str] = match program {
        "git" => &["clone", "fetch", "pull", "ls-remote", "submodule"],
        "npm" | "pnpm" => &["install", "i", "ci", "add", "update"],
        "yarn" => &["install", "add", "--frozen-lockfile", "--immutable"],
        "go" => &["mod", "get", "build", "install", "test", "generate", "vet"],
        "pip" | "pip3" => &["install", "download", "wheel"],
        "cargo" => &[
            "build", "fetch", "install", "test", "vendor", "check", "run",
        ],
        "bundle" | "bundler" => &["install", "update", "package"],
        "composer" => &["install", "update", "require", "create-project"],
        "uv" => &["sync", "pip", "add", "lock", "tool"],
        "poetry" | "pipenv" => &["install", "sync", "add", "update"],
        "python" | "python3" => &["pip"],
        "ssh" | "scp" | "sftp" | "rsync" => return true,
        _ => return false,
    };
    let mut arguments = command.arguments().iter();
    let has_verb = arguments.any(|word| verbs.contains(&word.as_str()));
    has_verb || (matches!(program, "yarn" | "bundle") && command.arguments().is_empty())
}

/// Required, so that the step does not go another way where the mount is missing.
const MOUNT: &str = " --mount=type=ssh,required=true";
