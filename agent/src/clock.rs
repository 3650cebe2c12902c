//! The clock of lifetimes, which runs while the machine sleeps.
//!
//! A key or a grant for an hour is over after a day with the lid closed. What waits for a peer is measured by the
//! runtime's clock, which stands still meanwhile.

use std::{
    future::poll_fn,
    ops::Add,
    pin::pin,
    task::{Context, Poll},
    time::Duration,
};

use rustix::time::{ClockId, clock_gettime};
use tokio::time::{Instant, sleep};

/// A moment on this clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(Duration);

impl Moment {
    /// As of now.
    pub(crate) fn now() -> Self {
        // It is never negative; if it were, everything would be over.
        let now = Duration::try_from(clock_gettime(CLOCK)).unwrap_or(Duration::MAX);
        #[cfg(test)]
        let now = now.saturating_add(tests::slept());
        Self(now)
    }

    /// So much later; nothing where that is never.
    pub(crate) fn checked_add(self, time: Duration) -> Option<Self> {
        self.0.checked_add(time).map(Self)
    }

    /// How long it is after `earlier`; nothing where it is not.
    pub(crate) fn checked_since(self, earlier: Self) -> Option<Duration> {
        self.0.checked_sub(earlier.0)
    }

    /// The same, no time where it is not after it.
    pub(crate) fn saturating_since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, time: Duration) -> Self {
        Self(self.0.saturating_add(time))
    }
}

/// Returns at `moment`. The runtime's timers stand still while the machine sleeps: whenever its task is woken, by
/// whatever, and every second, the clock is asked.
pub(crate) async fn sleep_until(moment: Moment) {
    let mut timer = pin!(sleep(Duration::ZERO));
    poll_fn(|context: &mut Context<'_>| {
        loop {
            let left = moment.saturating_since(Moment::now());
            if left.is_zero() {
                return Poll::Ready(());
            }
            if timer.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            timer.as_mut().reset(Instant::now() + left.min(LOOK));
        }
    })
    .await;
}

/// As OpenSSH's `monotime()`.
#[cfg(target_os = "linux")]
const CLOCK: ClockId = ClockId::Boottime;
/// On macOS it runs while the machine sleeps.
#[cfg(not(target_os = "linux"))]
const CLOCK: ClockId = ClockId::Monotonic;
/// How long after the machine wakes a moment that has passed meanwhile may be noticed.
const LOOK: Duration = Duration::from_secs(1);

#[cfg(test)]
pub(crate) mod tests {
    use std::{cell::Cell, task::Waker};

    use super::*;

    thread_local! {
        static SLEPT: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    }

    /// The machine sleeps: no other clock runs. It is so for the thread of the test only.
    pub(crate) fn machine_sleeps(time: Duration) {
        SLEPT.set(SLEPT.get() + time);
    }

    pub(super) fn slept() -> Duration {
        SLEPT.get()
    }

    #[tokio::test]
    async fn a_moment_that_passed_while_the_machine_slept_is_noticed_whoever_wakes_the_task() {
        let mut wait = pin!(sleep_until(Moment::now() + Duration::from_hours(1)));
        let mut context = Context::from_waker(Waker::noop());
        assert!(wait.as_mut().poll(&mut context).is_pending());
        machine_sleeps(Duration::from_hours(1));
        assert!(wait.as_mut().poll(&mut context).is_ready());
    }

    #[tokio::test]
    async fn a_moment_that_passed_while_the_machine_slept_is_noticed_soon() {
        let wait = sleep_until(Moment::now() + Duration::from_hours(1));
        let sleeps = async {
            sleep(Duration::from_millis(50)).await;
            machine_sleeps(Duration::from_hours(1));
        };
        let both = async { tokio::join!(wait, sleeps) };
        let limit = Duration::from_secs(10);
        assert!(tokio::time::timeout(limit, both).await.is_ok());
    }
}
