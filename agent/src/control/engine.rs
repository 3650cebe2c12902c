//! Being told of the engine.

use keystay_proto::control::{Engine, Problem, ProblemCode};

use super::Control;

/// Keeps the engine for the time when its client is gone.
pub(super) fn watch(control: &Control, told: Engine) -> Result<Engine, Problem> {
    let watched = control.engine.watch(told.pid);
    watched.map(|()| told).map_err(|error| {
        Problem::new(
            ProblemCode::Unavailable,
            format!("the engine cannot be watched: {error}"),
        )
    })
}
