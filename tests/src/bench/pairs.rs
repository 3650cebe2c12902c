//! Pairs of measurements, run in turn so that a machine's drift meets both.

use std::time::{Duration, Instant};

use crate::lab::LabError;

/// What one row measures.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// What it is called.
    pub(super) name: String,
    /// What the values are counted in.
    pub(super) unit: &'static str,
    /// What the ratio should be, as people write it.
    pub(super) target: &'static str,
}

/// What two programs needed for the same work.
#[derive(Debug)]
pub(super) struct Pairs {
    row: Row,
    ours: Vec<f64>,
    theirs: Vec<f64>,
}

impl Pairs {
    /// Runs both in turn, `count` times after one run each that does not count, or once where that is
    /// all that is asked for; a run gives the values of all rows. Each goes first in every other pair, so
    /// that what a run leaves to the next one to wait for meets both.
    pub(super) fn measure<const N: usize>(
        rows: [Row; N],
        count: usize,
        mut ours: impl FnMut() -> Result<[f64; N], LabError>,
        mut theirs: impl FnMut() -> Result<[f64; N], LabError>,
    ) -> Result<[Self; N], LabError> {
        let mut pairs = rows.map(|row| Self {
            row,
            ours: Vec::new(),
            theirs: Vec::new(),
        });
        if count > 1 {
            ours()?;
            theirs()?;
        }
        for number in 0..count {
            let (ours, theirs) = if number % 2 == 0 {
                let ours = ours()?;
                (ours, theirs()?)
            } else {
                let theirs = theirs()?;
                (ours()?, theirs)
            };
            let values = ours.into_iter().zip(theirs);
            for (pairs, (ours, theirs)) in pairs.iter_mut().zip(values) {
                pairs.ours.push(ours);
                pairs.theirs.push(theirs);
            }
        }
        Ok(pairs)
    }

    /// The row of the table.
    pub(super) fn line(&self) -> String {
        let ratios: Vec<f64> = (self.ours.iter().zip(&self.theirs))
            .map(|(ours, theirs)| ours / theirs)
            .collect();
        let (low, middle, high) = spread(ratios);
        let Row { name, unit, target } = &self.row;
        format!(
            "{name:<44} {:>9.1} {unit} {:>9.1} {unit} {:>22}  {target}\n",
            median(&self.ours),
            median(&self.theirs),
            format!("{middle:.3} ({low:.2} … {high:.2})"),
        )
    }
}

/// A time in milliseconds.
pub(super) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// How long a piece of work takes.
pub(super) fn timed(work: impl FnOnce() -> Result<(), LabError>) -> Result<Duration, LabError> {
    let began = Instant::now();
    work()?;
    Ok(began.elapsed())
}

fn median(values: &[f64]) -> f64 {
    spread(values.to_vec()).1
}

/// Minimum, median and maximum.
fn spread(mut values: Vec<f64>) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    let at = |place: usize| values.get(place).copied().unwrap_or(f64::NAN);
    (
        at(0),
        at(values.len() / 2),
        at(values.len().saturating_sub(1)),
    )
}
