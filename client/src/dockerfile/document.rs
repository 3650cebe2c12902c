//! A Dockerfile that was read.

use super::parse::Reader;
use super::{Command, Directive, Heredoc, ParseError, Span, Splice, SpliceError, Stage, splice};

/// A Dockerfile and its parts. The spans of its parts follow each other and cover the whole text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dockerfile<'a> {
    pub(super) source: &'a str,
    pub(super) escape: char,
    pub(super) parts: Vec<Part>,
    pub(super) stages: Vec<Stage>,
}

/// A part of a Dockerfile: whole lines, except for the byte order mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// The byte order mark at the very start.
    ByteOrderMark(Span),
    /// A parser directive.
    Directive(Directive),
    /// A comment line outside instructions.
    Comment(Span),
    /// A line of white space outside instructions.
    Blank(Span),
    /// An instruction.
    Instruction(Box<Instruction>),
}

/// An instruction with everything that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// All its lines: continuations, comments between them and heredocs.
    pub span: Span,
    /// The line it begins on, from 1.
    pub line: usize,
    /// The index of its stage; a `FROM` belongs to the stage it begins. Nothing before the first.
    pub stage: Option<usize>,
    /// Keyword, flags and arguments.
    pub command: Command,
    /// What an `ONBUILD` triggers.
    pub trigger: Option<Command>,
    /// Its heredocs in order.
    pub heredocs: Vec<Heredoc>,
}

impl<'a> Dockerfile<'a> {
    /// Reads a Dockerfile.
    pub fn parse(source: &'a str) -> Result<Self, ParseError> {
        Reader::new(source)?.read()
    }

    /// The text it was read from.
    #[must_use]
    pub fn source(&self) -> &'a str {
        self.source
    }

    /// The character that escapes and continues lines: a backslash unless a directive says backtick.
    #[must_use]
    pub fn escape(&self) -> char {
        self.escape
    }

    /// All parts in order.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The stages in order.
    #[must_use]
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// The instructions in order.
    pub fn instructions(&self) -> impl Iterator<Item = &Instruction> {
        self.parts.iter().filter_map(|part| match part {
            Part::Instruction(instruction) => Some(instruction.as_ref()),
            _ => None,
        })
    }

    /// The text with some of its spans replaced.
    pub fn splice(&self, splices: Vec<Splice>) -> Result<String, SpliceError> {
        splice::splice(self.source, splices)
    }
}

impl Part {
    /// The part's bytes.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::ByteOrderMark(span) | Self::Comment(span) | Self::Blank(span) => *span,
            Self::Directive(directive) => directive.span,
            Self::Instruction(instruction) => instruction.span,
        }
    }
}
