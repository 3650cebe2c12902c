//! A line that shows how far a search is.

use std::{
    env,
    io::{self, IsTerminal as _},
    sync::Arc,
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};
use tokio::time::{Instant, interval_at};

use crate::{output::printable, verify::Meter};

/// Waits for a search, and shows how far it is once it has lasted a second: on a terminal only, on
/// standard error, and gone when it ends.
pub(crate) async fn shown<T>(
    name: &str,
    quiet: bool,
    meter: &Arc<Meter>,
    search: impl Future<Output = T>,
) -> T {
    if quiet || !is_able() {
        return search.await;
    }
    let mut search = std::pin::pin!(search);
    let mut ticks = interval_at(Instant::now() + PATIENCE, STEP);
    let mut bar = None;
    loop {
        tokio::select! {
            done = &mut search => return done,
            _ = ticks.tick() => show(bar.get_or_insert_with(|| new(name, meter)), meter),
        }
    }
}

/// Whether standard error is a terminal that can take a line back.
fn is_able() -> bool {
    io::stderr().is_terminal() && env::var_os("TERM").is_some_and(|term| term != "dumb")
}

fn new(name: &str, meter: &Meter) -> ProgressBar {
    let target = ProgressDrawTarget::stderr_with_hz(10);
    let bar = ProgressBar::with_draw_target(meter.total(), target);
    let template = match meter.total() {
        Some(_) => OF_TOTAL,
        None => SO_FAR,
    };
    // A template that is wrong shows in the tests, and is no reason to fail a search.
    let style = ProgressStyle::with_template(template);
    let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.with_message(printable(name).into_owned())
        .with_finish(ProgressFinish::AndClear)
}

fn show(bar: &mut ProgressBar, meter: &Meter) {
    bar.set_position(meter.read());
    bar.tick();
}

const OF_TOTAL: &str = "keystay: searching {wide_msg} {bar:20} {decimal_bytes} of {decimal_total_bytes}, {decimal_bytes_per_sec}";
const SO_FAR: &str =
    "keystay: searching {wide_msg} {spinner} {decimal_bytes}, {decimal_bytes_per_sec}";
/// What ends sooner shows nothing.
const PATIENCE: Duration = Duration::from_secs(1);
const STEP: Duration = Duration::from_millis(100);
