//! How long a grant lives.

use std::{fmt, str::FromStr, time::Duration};

/// A time from one second to one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ttl(Duration);

/// Text that is no such time.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum TtlError {
    #[error("write it as 30m, 90s or 2h")]
    Form(#[from] humantime::DurationError),
    #[error("from 1s to 24h")]
    Range,
}

impl Ttl {
    /// The time in whole seconds, begun ones counted.
    pub(crate) fn seconds(self) -> u64 {
        self.0.as_secs() + u64::from(self.0.subsec_nanos() > 0)
    }
}

impl Default for Ttl {
    /// Half an hour.
    fn default() -> Self {
        Self(USUAL)
    }
}

impl fmt::Display for Ttl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_duration(self.0).fmt(f)
    }
}

impl FromStr for Ttl {
    type Err = TtlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let time = humantime::parse_duration(text)?;
        if (SHORTEST..=LONGEST).contains(&time) {
            Ok(Self(time))
        } else {
            Err(TtlError::Range)
        }
    }
}

const USUAL: Duration = Duration::from_mins(30);
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_hours(24);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_from_a_second_to_a_day_are_taken() {
        for (text, seconds) in [("1s", 1), ("30m", 1800), ("1500ms", 2), ("24h", 86_400)] {
            assert_eq!(text.parse::<Ttl>().unwrap().seconds(), seconds);
        }
    }

    #[test]
    fn other_times_are_refused() {
        assert_eq!("999ms".parse::<Ttl>(), Err(TtlError::Range));
        assert_eq!("24h 1s".parse::<Ttl>(), Err(TtlError::Range));
        assert!(matches!("30".parse::<Ttl>(), Err(TtlError::Form(_))));
    }
}
