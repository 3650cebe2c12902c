//! The rows that were asked for, as they are measured.

use std::time::Duration;

use super::pairs::{Pairs, Row, milliseconds};
use crate::{lab::LabError, xtask::say};

/// What is measured in this run.
#[derive(Debug)]
pub(super) struct Sheet {
    names: Vec<String>,
    seen: Vec<String>,
    lines: Vec<String>,
}

impl Sheet {
    /// A sheet of the rows that have one of these names in theirs; of all without a name.
    pub(super) fn of(names: &[String]) -> Self {
        Self {
            names: names.to_vec(),
            seen: Vec::new(),
            lines: Vec::new(),
        }
    }

    /// Whether a row is asked for; asked before a costly set-up.
    pub(super) fn wants(&mut self, row: &str) -> bool {
        self.seen.push(row.to_owned());
        self.names.is_empty() || self.names.iter().any(|name| row.contains(name.as_str()))
    }

    /// Measures one row of times if it is asked for, and shows it at once: a run that is ended
    /// early loses nothing.
    pub(super) fn pairs(
        &mut self,
        row: &str,
        target: &'static str,
        count: usize,
        mut ours: impl FnMut() -> Result<Duration, LabError>,
        mut theirs: impl FnMut() -> Result<Duration, LabError>,
    ) -> Result<(), LabError> {
        let row = Row {
            name: row.to_owned(),
            unit: "ms",
            target,
        };
        let ours = || ours().map(|time| [milliseconds(time)]);
        let theirs = || theirs().map(|time| [milliseconds(time)]);
        self.group([row], count, ours, theirs)
    }

    /// Measures rows whose values come from the same runs, if one of them is asked for.
    pub(super) fn group<const N: usize>(
        &mut self,
        rows: [Row; N],
        count: usize,
        ours: impl FnMut() -> Result<[f64; N], LabError>,
        theirs: impl FnMut() -> Result<[f64; N], LabError>,
    ) -> Result<(), LabError> {
        let wanted = rows.iter().filter(|row| self.wants(&row.name)).count();
        if wanted == 0 {
            return Ok(());
        }
        for pairs in Pairs::measure(rows, count, ours, theirs)? {
            self.show(pairs.line());
        }
        Ok(())
    }

    /// Shows two counts of the same things side by side.
    pub(super) fn counts(&mut self, row: &str, ours: &str, theirs: &str, target: &str) {
        self.show(format!(
            "{row:<44} {ours:>12} {theirs:>12} {:>22}  {target}\n",
            ""
        ));
    }

    /// Says what the rows that follow are of.
    pub(super) fn note(&mut self, text: &str) {
        self.show(format!("- {text}\n"));
    }

    fn show(&mut self, line: String) {
        if self.lines.is_empty() {
            say(header().trim_end());
        }
        say(line.trim_end());
        self.lines.push(line);
    }

    /// All rows under their header; an error if no row has such a name.
    pub(super) fn table(&self) -> Result<String, LabError> {
        if self.lines.is_empty() {
            return Err(LabError::NoBench {
                names: self.names.join(", "),
                rows: self.seen.join("; "),
            });
        }
        Ok(header() + &self.lines.concat())
    }
}

fn header() -> String {
    format!(
        "{:<44} {:>12} {:>12} {:>22}  {}\n",
        "what (medians of pairs run in turn)",
        "keystay",
        "alternative",
        "ratio (min … max)",
        "target"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_chooses_the_rows_that_have_it_in_theirs() {
        let mut sheet = Sheet::of(&["fetch".to_owned()]);
        assert!(sheet.wants("fetch: 30 dependencies, near"));
        assert!(!sheet.wants("agent, start to ready"));
        assert!(Sheet::of(&[]).wants("agent, start to ready"));
    }

    #[test]
    fn a_name_that_no_row_has_is_an_error_that_tells_the_rows() {
        let mut sheet = Sheet::of(&["fecth".to_owned()]);
        let took = || Ok(Duration::from_millis(1));
        let measured = sheet.pairs("fetch: near", "", 1, took, took);
        assert!(measured.is_ok());
        let error = sheet.table().map_err(|error| error.to_string());
        assert_eq!(
            error,
            Err("no bench has fecth in its name; there are: fetch: near".to_owned())
        );
    }

    #[test]
    fn what_was_measured_stands_under_the_header() {
        let mut sheet = Sheet::of(&[]);
        let took = || Ok(Duration::from_millis(2));
        assert!(sheet.pairs("fetch: near", "≤ 1", 3, took, took).is_ok());
        let table = sheet.table().unwrap_or_default();
        let lines: Vec<Vec<&str>> = table
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        let row = "fetch: near 2.0 ms 2.0 ms 1.000 (1.00 … 1.00) ≤ 1";
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[1].join(" "), row);
    }
}
