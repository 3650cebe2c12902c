//! Pairs of measurements, run in turn so that a machine's drift meets both.

use std::time::{Duration, Instant};

use crate::lab::LabError;

/// How long the same work took each of two programs.
#[derive(Debug)]
pub(super) struct Pairs {
    what: String,
    target: &'static str,
    ours: Vec<Duration>,
    theirs: Vec<Duration>,
}

impl Pairs {
    /// Runs both in turn, `count` times after one run each that does not count.
    pub(super) fn measure(
        what: String,
        target: &'static str,
        count: usize,
        mut ours: impl FnMut() -> Result<Duration, LabError>,
        mut theirs: impl FnMut() -> Result<Duration, LabError>,
    ) -> Result<Self, LabError> {
        let mut pairs = Self {
            what,
            target,
            ours: Vec::new(),
            theirs: Vec::new(),
        };
        ours()?;
        theirs()?;
        for _ in 0..count {
            pairs.ours.push(ours()?);
            pairs.theirs.push(theirs()?);
        }
        Ok(pairs)
    }

    /// The row of the table.
    pub(super) fn line(&self) -> String {
        let ratios: Vec<f64> = (self.ours.iter().zip(&self.theirs))
            .map(|(ours, theirs)| ours.as_secs_f64() / theirs.as_secs_f64())
            .collect();
        let (low, middle, high) = spread(ratios);
        format!(
            "{:<44} {:>9.1} ms {:>9.1} ms {:>22}  {}\n",
            self.what,
            median(&self.ours),
            median(&self.theirs),
            format!("{middle:.3} ({low:.2} … {high:.2})"),
            self.target
        )
    }
}

/// How long a piece of work takes.
pub(super) fn timed(work: impl FnOnce() -> Result<(), LabError>) -> Result<Duration, LabError> {
    let began = Instant::now();
    work()?;
    Ok(began.elapsed())
}

fn median(times: &[Duration]) -> f64 {
    spread(
        times
            .iter()
            .map(|time| time.as_secs_f64() * 1_000.0)
            .collect(),
    )
    .1
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
