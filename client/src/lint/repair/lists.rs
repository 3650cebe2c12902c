//! Taking commands out of the lists that steps run.

use std::ops::Range;

use crate::{
    dockerfile::Span,
    lint::{
        script::{Script, Simple},
        step::Step,
    },
};

/// A step's list of commands that can be taken apart.
#[derive(Debug)]
pub(super) struct List<'a> {
    /// Where it begins in the Dockerfile.
    start: usize,
    /// Its members: those of one pipe are one.
    pub(super) members: Vec<Vec<&'a Simple>>,
}

impl<'a> List<'a> {
    /// The list of a step, where it has a plain one: the shell form, no heredoc.
    pub(super) fn of(step: &'a Step<'_>) -> Option<Self> {
        let is_own = step.command.json.is_none() && step.instruction.heredocs.is_empty();
        (is_own && step.script.is_plain).then(|| Self {
            start: step.start,
            members: members(&step.script),
        })
    }

    /// Where a member begins in the Dockerfile, and its text.
    pub(super) fn text<'s>(&self, source: &'s str, number: usize) -> Option<(usize, &'s str)> {
        let place = place(self.members.get(number)?)?;
        let span = Span::new(self.start + place.start, self.start + place.end);
        Some((span.start, span.text(source)))
    }

    /// The spans to take out so that only the other members are left; nothing if none would be left.
    pub(super) fn without(&self, gone: &[usize]) -> Option<Vec<Span>> {
        let place = |number: usize| self.members.get(number).and_then(|member| place(member));
        let kept: Vec<usize> = (0..self.members.len())
            .filter(|number| !gone.contains(number))
            .collect();
        let first = place(*kept.first()?)?;
        let mut spans = Vec::new();
        if kept.first() != Some(&0) {
            spans.push(place(0)?.start..first.start);
        }
        let mut end = first.end;
        for number in *kept.first()? + 1..self.members.len() {
            let span = place(number)?;
            if kept.contains(&number) {
                end = span.end;
            } else if let Some(last) = spans
                .last_mut()
                .filter(|last| last.end > end && last.start == end)
            {
                last.end = span.end;
            } else {
                spans.push(end..span.end);
            }
        }
        let moved = |span: Range<usize>| Span::new(self.start + span.start, self.start + span.end);
        Some(spans.into_iter().map(moved).collect())
    }
}

fn members(script: &Script) -> Vec<Vec<&Simple>> {
    let mut members: Vec<Vec<&Simple>> = Vec::new();
    let mut last = None;
    for command in
        (script.commands.iter()).filter(|command| command.depth == 0 && !command.is_handed)
    {
        if last != Some(command.member) {
            members.push(Vec::new());
            last = Some(command.member);
        }
        if let Some(member) = members.last_mut() {
            member.push(command);
        }
    }
    members
}

fn place(member: &[&Simple]) -> Option<Range<usize>> {
    let start = member.iter().map(|command| command.span.start).min()?;
    let end = member.iter().map(|command| command.span.end).max()?;
    Some(start..end)
}
