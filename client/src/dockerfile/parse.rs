//! Reading: physical lines become parts.

use super::directive::DirectiveReader;
use super::heredoc::announced;
use super::logical::{Logical, before_continuation};
use super::source_line::{SourceLine, source_lines};
use super::{
    Command, Dockerfile, Heredoc, Instruction, Keyword, MAX_DOCKERFILE, ParseError, Part, Span,
    Stage,
};

/// Reads one Dockerfile.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    lines: std::vec::IntoIter<SourceLine<'a>>,
    directives: DirectiveReader,
    dockerfile: Dockerfile<'a>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a str) -> Result<Self, ParseError> {
        if source.len() > MAX_DOCKERFILE {
            return Err(ParseError::TooLarge {
                bytes: source.len(),
            });
        }
        let mark = source.len() - source.strip_prefix(BYTE_ORDER_MARK).unwrap_or(source).len();
        let mut parts = Vec::new();
        if mark > 0 {
            parts.push(Part::ByteOrderMark(Span::new(0, mark)));
        }
        Ok(Self {
            lines: source_lines(source, mark)?.into_iter(),
            directives: DirectiveReader::default(),
            dockerfile: Dockerfile {
                source,
                escape: '\\',
                parts,
                stages: Vec::new(),
            },
        })
    }

    pub(super) fn read(mut self) -> Result<Dockerfile<'a>, ParseError> {
        while let Some(line) = self.lines.next() {
            let part = self.part(line)?;
            self.dockerfile.parts.push(part);
        }
        Ok(self.dockerfile)
    }

    fn part(&mut self, line: SourceLine<'a>) -> Result<Part, ParseError> {
        let text = line.text.trim_start();
        if let Some(directive) = self.directives.read(text, line.number, line.span)? {
            if directive.name == "escape" {
                self.dockerfile.escape = match directive.value.as_str() {
                    "\\" => '\\',
                    "`" => '`',
                    _ => return Err(ParseError::EscapeCharacter { line: line.number }),
                };
            }
            return Ok(Part::Directive(directive));
        }
        if line.is_blank() {
            return Ok(Part::Blank(line.span));
        }
        if line.is_comment() {
            return Ok(Part::Comment(line.span));
        }
        Ok(Part::Instruction(Box::new(self.instruction(line)?)))
    }

    fn instruction(&mut self, first: SourceLine<'a>) -> Result<Instruction, ParseError> {
        let mut span = first.span;
        let logical = self.logical(first, &mut span);
        let command = Command::read(&logical, 0, logical.text().len(), self.dockerfile.escape);
        let trigger = self.trigger(&command, &logical);
        let mut heredocs = Vec::new();
        if trigger.as_ref().unwrap_or(&command).takes_heredocs() {
            heredocs = announced(logical.text(), first.number)?;
        }
        for heredoc in &mut heredocs {
            self.body(heredoc, first.number, &mut span)?;
        }
        if command.keyword == Keyword::From {
            self.dockerfile
                .stages
                .push(Stage::of(&command, first.number));
        }
        let stage = self.dockerfile.stages.len().checked_sub(1);
        Ok(Instruction {
            span,
            line: first.number,
            stage,
            command,
            trigger,
            heredocs,
        })
    }

    /// Joins the lines that continue `first`, and extends `span` over them.
    fn logical(&mut self, first: SourceLine<'a>, span: &mut Span) -> Logical {
        let mut logical = Logical::new(first.span.start);
        let indent = first.text.len() - first.text.trim_start().len();
        let mut continued = self.join(
            &mut logical,
            first.text.trim_start(),
            first.span.start + indent,
        );
        while continued && let Some(line) = self.lines.next() {
            span.end = line.span.end;
            if !line.is_comment() && !line.is_blank() {
                continued = self.join(&mut logical, line.text, line.span.start);
            }
        }
        logical
    }

    fn join(&self, logical: &mut Logical, text: &str, at: usize) -> bool {
        let before = before_continuation(text, self.dockerfile.escape);
        logical.push(before.unwrap_or(text), at);
        before.is_some()
    }

    fn trigger(&self, onbuild: &Command, logical: &Logical) -> Option<Command> {
        if onbuild.keyword != Keyword::Onbuild || onbuild.arguments.is_empty() {
            return None;
        }
        let end = logical.text().trim_end().len();
        let start = end - onbuild.arguments.len();
        Some(Command::read(logical, start, end, self.dockerfile.escape))
    }

    /// Takes the lines of a heredoc, and extends `span` over them and the terminator.
    fn body(
        &mut self,
        heredoc: &mut Heredoc,
        line: usize,
        span: &mut Span,
    ) -> Result<(), ParseError> {
        heredoc.body = Span::new(span.end, span.end);
        for next in self.lines.by_ref() {
            heredoc.body.end = span.end;
            span.end = next.span.end;
            if heredoc.ends_at(next.text) {
                return Ok(());
            }
        }
        Err(ParseError::UnterminatedHeredoc {
            line,
            name: heredoc.name.clone(),
        })
    }
}

const BYTE_ORDER_MARK: char = '\u{feff}';
