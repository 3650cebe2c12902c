//! Where the heredocs of a text stand.

use std::{collections::VecDeque, ops::Range};

/// A heredoc that stands behind a text.
#[derive(Clone, Debug)]
pub(in crate::lint) struct Heredoc<'a> {
    pub(in crate::lint) name: &'a str,
    pub(in crate::lint) text: &'a str,
    /// Where it begins, counted from the start of the text that was read.
    pub(in crate::lint) at: usize,
}

/// The heredocs of a text.
#[derive(Clone, Debug)]
pub(super) enum Heredocs<'a> {
    /// They stand behind the text, in this order.
    Behind(VecDeque<Heredoc<'a>>),
    /// They stand among its lines.
    Among {
        /// From the end of the line that is read to that of its last heredoc, once it has one.
        place: Range<usize>,
        /// Heredocs whose end was looked for and is not there.
        without_end: usize,
    },
}

impl<'a> Heredocs<'a> {
    pub(super) fn among() -> Self {
        Self::Among {
            place: 0..0,
            without_end: 0,
        }
    }

    /// Takes the next heredoc of this name, of which the word ends at a byte of the text: its own text, and
    /// where that begins.
    pub(super) fn take(
        &mut self,
        text: &'a str,
        at: usize,
        name: &str,
        strips_tabs: bool,
    ) -> Option<(&'a str, usize)> {
        match self {
            Self::Behind(given) => {
                let mut next = given.iter().take(MOST_AHEAD);
                let number = next.position(|heredoc| heredoc.name == name)?;
                let heredoc = given.remove(number)?;
                Some((heredoc.text, heredoc.at))
            }
            Self::Among { place, without_end } if *without_end < MOST_AHEAD => {
                if place.start <= at {
                    let end = at + line_length(text.get(at..)?);
                    *place = end..end;
                }
                let lines = text.get(place.end..)?;
                let Some((length, whole)) = lengths(lines, name, strips_tabs) else {
                    *without_end += 1;
                    return None;
                };
                let start = place.end;
                place.end += whole;
                Some((lines.get(..length)?, start))
            }
            Self::Among { .. } => None,
        }
    }

    /// Where the text goes on behind a line that ends at this byte.
    pub(super) fn behind(&self, at: usize) -> usize {
        match self {
            Self::Among { place, .. } if place.start == at => place.end,
            _ => at,
        }
    }
}

/// The length of a line with those that continue it.
fn line_length(text: &str) -> usize {
    let mut is_continued = true;
    let lines = text.split_inclusive('\n').take_while(|line| {
        let is_of_it = is_continued;
        is_continued = line.trim_end_matches(['\r', '\n']).ends_with('\\');
        is_of_it
    });
    lines.map(str::len).sum()
}

/// The lengths of the heredoc that lines begin with: without the line that ends it, and with it.
fn lengths(lines: &str, name: &str, strips_tabs: bool) -> Option<(usize, usize)> {
    let mut length = 0;
    for line in lines.split_inclusive('\n') {
        let text = line.trim_end_matches(['\r', '\n']);
        let tabs: &[char] = if strips_tabs { &['\t'] } else { &[] };
        if text.trim_start_matches(tabs) == name {
            return Some((length, length + line.len()));
        }
        length += line.len();
    }
    None
}

/// Heredocs that are looked for where they may not be, so that a long script takes no long time.
const MOST_AHEAD: usize = 64;
