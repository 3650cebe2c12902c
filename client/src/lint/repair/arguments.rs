//! Build arguments that only named or held the keys that are taken out.

use super::{Repair, is_flagged, shown};
use crate::{
    dockerfile::{Command, Keyword, Part, Span},
    lint::{Problem, names::variables, rule::L1, step::File},
};

/// Takes out the arguments that are used in what is taken out, and nowhere else.
pub(super) fn take_out(file: &File<'_>, problems: &[Problem], repair: &mut Repair) {
    let source = file.dockerfile.source();
    let gone: Vec<&str> = (repair.splices.iter())
        .flat_map(|splice| variables(splice.span.text(source)))
        .collect();
    let kept = used_elsewhere(file, repair);
    for step in file.of(Keyword::Arg) {
        let names = names(step.command);
        let is_gone = |name: &&str| gone.contains(name) && !kept.contains(name);
        if names.is_empty() || !names.iter().all(is_gone) || !is_flagged(file, step, problems, &L1)
        {
            continue;
        }
        let span = step.instruction.span;
        let message = format!("took out `{}`", shown(span.text(source)));
        repair.cut(span, step.line(), message);
    }
}

/// The variables of all that stays.
fn used_elsewhere<'a>(file: &File<'a>, repair: &Repair) -> Vec<&'a str> {
    let source = file.dockerfile.source();
    let mut names = Vec::new();
    for part in file.dockerfile.parts() {
        let Part::Instruction(instruction) = part else {
            continue;
        };
        let mut at = instruction.span.start;
        let cuts = repair.splices.iter().map(|splice| splice.span);
        let mut cuts: Vec<Span> = cuts
            .filter(|cut| cut.start >= at && cut.end <= instruction.span.end)
            .collect();
        cuts.sort();
        for cut in cuts {
            names.extend(variables(Span::new(at, cut.start).text(source)));
            at = cut.end;
        }
        names.extend(variables(Span::new(at, instruction.span.end).text(source)));
    }
    names
}

/// The names that an `ARG` declares.
pub(super) fn names(command: &Command) -> Vec<&str> {
    let words = command.words().into_iter();
    words
        .map(|word| word.split('=').next().unwrap_or_default())
        .collect()
}
