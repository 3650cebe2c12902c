//! Being told of the engine.

use keystay_proto::control::{Engine, Problem, ProblemCode};

use super::{Control, grants::no_grant};

/// Keeps the engine of a grant for the time when its client is gone.
pub(super) fn watch(control: &Control, id: &str, told: Engine) -> Result<Engine, Problem> {
    let grant = control.grants.find(id).ok_or_else(|| no_grant(id))?;
    let watched = control.engines.watch(grant.id(), told.pid);
    watched.map(|()| told).map_err(|error| {
        Problem::new(
            ProblemCode::Unavailable,
            format!("the engine cannot be watched: {error}"),
        )
    })
}
