//! A Dockerfile as rules look at it.

use super::script::{self, Script};
use crate::dockerfile::{Command, Dockerfile, Instruction, Keyword, Mount, Span};

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
    /// Its scripts, and where each begins in the Dockerfile; a `RUN` has the one of its line, and those
    /// of its heredocs that the shell runs.
    pub(super) scripts: Vec<(usize, Script)>,
    /// Heredocs that are written to files.
    pub(super) data: Vec<Span>,
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
        let mut step = Self {
            instruction,
            command,
            scripts: Vec::new(),
            data: Vec::new(),
            mounts: command.mounts().collect(),
        };
        let heredocs = || instruction.heredocs.iter().map(|heredoc| heredoc.body);
        if command.keyword != Keyword::Run {
            step.data.extend(heredocs());
            return step;
        }
        if !is_posix {
            return step;
        }
        if let Some(words) = &command.json {
            step.scripts
                .push((command.arguments_span.start, exec(words)));
            return step;
        }
        let source = dockerfile.source();
        let line = script::read(
            command.arguments_span.text(source),
            dockerfile.escape(),
            true,
        );
        let runs_heredoc = line
            .commands
            .first()
            .is_none_or(|first| first.words.is_empty() || is_shell(first.program()));
        step.scripts.push((command.arguments_span.start, line));
        for body in heredocs() {
            if runs_heredoc {
                let script = script::read(body.text(source), '\\', false);
                step.scripts.push((body.start, script));
            } else {
                step.data.push(body);
            }
        }
        step
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
        self.scripts.iter().flat_map(|(start, script)| {
            (script.commands.iter()).map(move |command| (start + command.span.start, command))
        })
    }

    /// Its simple commands with their numbers, and the number of the command since which each runs.
    pub(super) fn numbered(&self) -> impl Iterator<Item = (usize, usize, &script::Simple)> {
        let mut before = 0;
        let scripts = self.scripts.iter().map(move |(_, script)| {
            let first = before;
            before += script.commands.len();
            (first, script)
        });
        scripts.flat_map(|(first, script)| {
            (script.commands.iter().zip(first..)).map(move |(command, number)| {
                let since = (command.since > 0).then(|| first + command.since);
                (number, since.unwrap_or_default(), command)
            })
        })
    }

    /// The value of one of its flags.
    pub(super) fn flag(&self, name: &str) -> Option<&str> {
        let mut flags = self.command.flags.iter();
        flags.find(|flag| flag.name == name)?.value.as_deref()
    }
}

/// The one command of an exec form, which no shell reads; `sh -c` hands its word to one.
fn exec(words: &[String]) -> Script {
    if let [shell, flag, text, ..] = words
        && is_shell(shell.rsplit('/').next().unwrap_or_default())
        && flag.starts_with('-')
        && flag.ends_with('c')
    {
        let mut script = script::read(text, '\\', false);
        script.is_plain = false;
        for command in &mut script.commands {
            command.span = 0..0;
        }
        return script;
    }
    Script {
        commands: vec![script::Simple {
            words: words.to_vec(),
            ..script::Simple::default()
        }],
        is_plain: false,
    }
}

fn is_shell(program: &str) -> bool {
    matches!(program, "sh" | "bash" | "dash" | "ash" | "zsh" | "ksh")
}

fn is_posix_shell(shell: &Command) -> bool {
    let words = shell.words();
    let program = words.first().copied().unwrap_or_default();
    is_shell(program.rsplit('/').next().unwrap_or_default())
}
