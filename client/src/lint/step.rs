//! A Dockerfile as rules look at it.

use std::collections::BTreeSet;

use super::{
    paths::below,
    script::{self, Heredoc, Script, is_shell},
};
use crate::dockerfile::{self, Command, Dockerfile, Instruction, Keyword, Mount, Span};

/// A Dockerfile and its instructions.
#[derive(Debug)]
pub(super) struct File<'a> {
    pub(super) dockerfile: &'a Dockerfile<'a>,
    pub(super) steps: Vec<Step<'a>>,
    /// Where each line but the first begins.
    breaks: Vec<usize>,
}

/// One instruction; for an `ONBUILD`, what it triggers.
#[derive(Debug)]
pub(super) struct Step<'a> {
    pub(super) instruction: &'a Instruction,
    pub(super) command: &'a Command,
    /// What the shell of a `RUN` runs.
    pub(super) script: Script,
    /// Where the script begins in the Dockerfile.
    pub(super) start: usize,
    /// Its mounts.
    pub(super) mounts: Vec<Mount>,
}

impl<'a> File<'a> {
    pub(super) fn new(dockerfile: &'a Dockerfile<'a>) -> Self {
        let mut is_posix = true;
        let mut steps = Vec::new();
        for instruction in dockerfile.instructions() {
            let command = instruction.trigger.as_ref().unwrap_or(&instruction.command);
            match command.keyword {
                Keyword::From => is_posix = true,
                Keyword::Shell => is_posix = is_posix_shell(command),
                _ => {}
            }
            steps.push(Step::new(dockerfile, instruction, command, is_posix));
        }
        let breaks = dockerfile.source().match_indices('\n');
        Self {
            dockerfile,
            steps,
            breaks: breaks.map(|(at, _)| at + 1).collect(),
        }
    }

    /// The line of a byte of the Dockerfile, from 1.
    pub(super) fn line_of(&self, at: usize) -> usize {
        1 + self.breaks.partition_point(|start| *start <= at)
    }

    /// The steps of a kind.
    pub(super) fn of(&self, keyword: Keyword) -> impl Iterator<Item = &Step<'a>> {
        (self.steps.iter()).filter(move |step| step.command.keyword == keyword)
    }
}

impl<'a> Step<'a> {
    fn new(
        dockerfile: &Dockerfile<'_>,
        instruction: &'a Instruction,
        command: &'a Command,
        is_posix: bool,
    ) -> Self {
        let start = command.arguments_span.start;
        let script = match &command.json {
            _ if command.keyword != Keyword::Run || !is_posix => Script::default(),
            Some(words) => script::exec(words),
            None => lines(dockerfile, instruction, command),
        };
        Self {
            instruction,
            command,
            script,
            start,
            mounts: command.mounts().collect(),
        }
    }

    /// The line of its first word, from 1.
    pub(super) fn line(&self) -> usize {
        self.instruction.line
    }

    /// Its lines.
    pub(super) fn lines(&self, source: &str) -> std::ops::Range<usize> {
        let text = self.instruction.span.text(source);
        self.line()..self.line() + text.lines().count()
    }

    /// Its simple commands, and the byte of the Dockerfile where each begins.
    pub(super) fn commands(&self) -> impl Iterator<Item = (usize, &script::Simple)> {
        let commands = self.script.commands.iter();
        commands.map(|command| (self.start + command.span.start, command))
    }

    /// Its heredocs that are no script, but a file's text or what a program reads.
    pub(super) fn data(&self) -> impl Iterator<Item = Span> {
        let handed = self.commands().filter(|(_, command)| command.is_handed);
        let handed: BTreeSet<usize> = handed.map(|(at, _)| at).collect();
        let bodies = self.instruction.heredocs.iter().map(|heredoc| heredoc.body);
        bodies.filter(move |body| handed.range(body.start..body.end).next().is_none())
    }

    /// The heredocs of a `COPY` or `ADD`, and where they go.
    pub(super) fn files(&self) -> Vec<(&'a dockerfile::Heredoc, String)> {
        if !matches!(self.command.keyword, Keyword::Copy | Keyword::Add) {
            return Vec::new();
        }
        let words = self.command.words();
        let Some((target, sources)) = words.split_last() else {
            return Vec::new();
        };
        let is_folder = target.ends_with('/') || sources.len() > 1;
        let heredocs = self.instruction.heredocs.iter();
        let place = |name: &str| {
            if is_folder {
                below(target, name)
            } else {
                (*target).to_owned()
            }
        };
        heredocs
            .map(|heredoc| (heredoc, place(&heredoc.name)))
            .collect()
    }

    /// The value of one of its flags.
    pub(super) fn flag(&self, name: &str) -> Option<&str> {
        let mut flags = self.command.flags.iter();
        flags.find(|flag| flag.name == name)?.value.as_deref()
    }
}

/// The script of a `RUN` in the shell form, with its heredocs.
fn lines(dockerfile: &Dockerfile<'_>, instruction: &Instruction, command: &Command) -> Script {
    let source = dockerfile.source();
    let start = command.arguments_span.start;
    let heredocs = instruction.heredocs.iter().map(|heredoc| Heredoc {
        name: &heredoc.name,
        text: heredoc.body.text(source),
        at: heredoc.body.start - start,
    });
    let text = command.arguments_span.text(source);
    script::read_lines(text, dockerfile.escape(), heredocs.collect())
}

fn is_posix_shell(shell: &Command) -> bool {
    let words = shell.words();
    let program = words.first().copied().unwrap_or_default();
    is_shell(program.rsplit('/').next().unwrap_or_default())
}
