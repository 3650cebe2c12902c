//! The keys of a stage, and what is done to them.

use super::{
    Repair, is_flagged,
    lists::List,
    mounts, shown,
    written::{writes_argument, written},
};
use crate::{
    dockerfile::{Keyword, Span, Splice},
    lint::{
        Problem,
        fix::Change,
        names::{is_in_ssh_folder, is_ssh_folder, mentions},
        repair::gone::Gone,
        rule::{L2, L4},
        rules::{key_copies, place_of},
        step::{File, Step},
    },
};

/// The changes that take the keys out of a stage and give its steps ssh mounts; nothing where there are
/// none.
///
/// # Errors
///
/// Something else of the stage needs the keys where they are.
pub(super) fn take_out(
    file: &File<'_>,
    problems: &[Problem],
    stage: usize,
) -> Result<Option<Repair>, Change> {
    let steps: Vec<&Step<'_>> = (file.steps.iter())
        .filter(|step| step.instruction.stage == Some(stage))
        .collect();
    let mut repair = Repair::default();
    let mut gone = Gone::default();
    let mut first = None;
    let mut is_own = false;
    for (at, step) in steps.iter().enumerate() {
        if is_flagged(file, step, problems, &L2) {
            gone.places.extend(cut_copies(file, step, &mut repair)?);
            is_own |= step.flag("from").is_none();
        } else if is_flagged(file, step, problems, &L4) || writes_argument(file, step) {
            gone.places.extend(written(step));
            is_own = true;
        }
        if first.is_none() && !gone.places.is_empty() {
            first = Some(at);
        }
    }
    let Some(first) = first else { return Ok(None) };
    cut_commands(file, &steps, &gone, &mut repair);
    gone.with_folder = !(steps.iter()).any(|step| uses_folder(file, step, &repair));
    if gone.with_folder {
        cut_commands(file, &steps, &gone, &mut repair);
    }
    refuse_uses(file, &steps, &gone, &repair)?;
    let mut has_mount = !is_own;
    for step in steps
        .iter()
        .skip(first)
        .filter(|step| step.command.keyword == Keyword::Run)
    {
        if repair.takes(step.instruction.span.start) {
            continue;
        }
        if mounts::fetches(file, step, problems) {
            mounts::give(step, &mut repair);
            has_mount = true;
        }
        has_mount |= mounts::has_ssh(step);
    }
    if !has_mount {
        return Err(refusal(
            steps.get(first).map_or(0, |step| step.line()),
            "the key stays: no step of its stage is seen to fetch with it, so it is not known which one needs an ssh mount",
        ));
    }
    Ok(Some(repair))
}

fn refusal(line: usize, message: impl Into<String>) -> Change {
    Change {
        line,
        message: message.into(),
    }
}

/// Takes the keys out of a `COPY` or `ADD`, and says where they would be.
fn cut_copies(
    file: &File<'_>,
    step: &Step<'_>,
    repair: &mut Repair,
) -> Result<Vec<String>, Change> {
    let source = file.dockerfile.source();
    let copies = key_copies(step);
    let places: Vec<String> = copies.iter().map(place_of).collect();
    if let Some(copy) = copies
        .iter()
        .find(|copy| copy.source.contains(['*', '?', '[']))
    {
        let message = format!("`{}` stays: it is not known what it brings", copy.source);
        return Err(refusal(step.line(), message));
    }
    if let Some(other) = places.iter().find(|place| !is_for_ssh(place)) {
        let message = format!("`{other}` stays: it is not known to be a key that ssh logs in with");
        return Err(refusal(step.line(), message));
    }
    let all = step.command.words().len().saturating_sub(1);
    let span = step.instruction.span;
    if copies.len() == all {
        let message = format!("took out `{}`", shown(span.text(source)));
        repair.cut(span, step.line(), message);
        return Ok(places);
    }
    let is_last = all.saturating_sub(copies.len()) == 1;
    for copy in &copies {
        let word = word(source, step.command.arguments_span, &copy.source)
            .filter(|_| step.command.json.is_none() && !(is_last && may_be_file(&copy.target)));
        let Some(word) = word else {
            let message = format!(
                "`{}` stays: it is copied with other files, in a form that is not taken apart",
                copy.source
            );
            return Err(refusal(step.line(), message));
        };
        repair.cut(
            word,
            step.line(),
            format!("took `{}` out of what is copied", copy.source),
        );
    }
    Ok(places)
}

/// Whether what is copied alone would go by this name; with others it goes below it.
fn may_be_file(target: &str) -> bool {
    !matches!(target.rsplit('/').next(), None | Some("" | "." | ".."))
}

/// A word and the white space behind it, where it stands once.
fn word(source: &str, within: Span, word: &str) -> Option<Span> {
    let text = within.text(source);
    let is_whole = |at: &usize| {
        let before = text.get(..*at).unwrap_or_default().chars().next_back();
        let behind = text
            .get(at + word.len()..)
            .unwrap_or_default()
            .chars()
            .next();
        before.is_none_or(char::is_whitespace) && behind.is_some_and(char::is_whitespace)
    };
    let mut places = text.match_indices(word).map(|(at, _)| at).filter(is_whole);
    let at = places.next().filter(|_| places.next().is_none())?;
    let behind = text.get(at + word.len()..).unwrap_or_default();
    let end = text.len() - behind.trim_start_matches([' ', '\t']).len();
    Some(Span::new(within.start + at, within.start + end))
}

/// Takes the commands out that are about the keys only.
fn cut_commands(file: &File<'_>, steps: &[&Step<'_>], gone: &Gone, repair: &mut Repair) {
    let source = file.dockerfile.source();
    for step in steps
        .iter()
        .filter(|step| step.command.keyword == Keyword::Run)
    {
        let Some(list) = List::of(step) else { continue };
        let numbers: Vec<usize> = (list.members.iter().enumerate())
            .filter(|(_, member)| gone.has(member))
            .map(|(number, _)| number)
            .collect();
        let span = step.instruction.span;
        if numbers.is_empty() || repair.takes(span.start) {
            continue;
        }
        repair
            .splices
            .retain(|splice| splice.span.start < span.start || splice.span.end > span.end);
        repair
            .changes
            .retain(|change| !step.lines(source).contains(&change.line));
        match list.without(&numbers) {
            None => repair.cut(
                span,
                step.line(),
                format!("took out `{}`", shown(span.text(source))),
            ),
            Some(spans) => {
                repair.splices.extend(spans.into_iter().map(|span| Splice {
                    span,
                    text: String::new(),
                }));
                for (begin, text) in numbers
                    .iter()
                    .filter_map(|number| list.text(source, *number))
                {
                    let line = file.line_of(begin);
                    repair
                        .changes
                        .push(refusal(line, format!("took out `{}`", shown(text))));
                }
            }
        }
    }
}

/// What of a step stays, without its comments.
fn kept(file: &File<'_>, step: &Step<'_>, repair: &Repair) -> String {
    let source = file.dockerfile.source();
    let span = step.instruction.span;
    let text: String = (span.text(source).char_indices())
        .filter(|(at, _)| !repair.takes(span.start + at))
        .map(|(_, c)| c)
        .collect();
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    lines.collect::<Vec<_>>().join("\n")
}

/// Whether what stays of a step uses ssh's folder, and not only makes it.
fn uses_folder(file: &File<'_>, step: &Step<'_>, repair: &Repair) -> bool {
    if !mentions(&kept(file, step, repair), ".ssh") {
        return false;
    }
    let Some(list) = List::of(step) else {
        return true;
    };
    let folder = Gone {
        with_folder: true,
        ..Gone::default()
    };
    let mut members = list.members.iter().enumerate();
    members.any(|(number, member)| {
        let text = list.text(file.dockerfile.source(), number);
        text.is_some_and(|(at, text)| {
            !repair.takes(at) && mentions(text, ".ssh") && !folder.has(member)
        })
    })
}

/// Refuses where what stays uses a key that is taken out, or the folder that it made.
fn refuse_uses(
    file: &File<'_>,
    steps: &[&Step<'_>],
    gone: &Gone,
    repair: &Repair,
) -> Result<(), Change> {
    let names: Vec<&str> = gone
        .places
        .iter()
        .filter_map(|place| place.trim_end_matches('/').rsplit('/').next())
        .collect();
    let mut is_made = false;
    for step in steps {
        let text = kept(file, step, repair);
        if let Some(name) = names.iter().find(|name| mentions(&text, name)) {
            return Err(refusal(
                step.line(),
                format!("the key stays: `{name}` is used here in a way that is not taken apart"),
            ));
        }
        let is_copy = matches!(step.command.keyword, Keyword::Copy | Keyword::Add);
        is_made |= mentions(&text, ".ssh") && (is_copy || text.contains("mkdir"));
        if !is_made && mentions(&text, ".ssh") && gone.places.iter().any(|place| in_folder(place)) {
            return Err(refusal(
                step.line(),
                "the key stays: the folder that it is copied to is used here",
            ));
        }
    }
    Ok(())
}

/// Whether a file at this place is one that ssh logs in with, and not one that serves TLS or names another login.
fn is_for_ssh(place: &str) -> bool {
    let name = place.rsplit('/').next().unwrap_or_default();
    in_folder(place)
        || name.starts_with("id_")
        || name.contains("ssh")
        || name.contains("deploy_key")
}

fn in_folder(place: &str) -> bool {
    is_in_ssh_folder(place) || is_ssh_folder(place)
}
