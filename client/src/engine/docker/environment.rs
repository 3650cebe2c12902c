//! The environment that docker runs in.

use crate::engine::{EngineError, Variables};

/// The variables with BuildKit turned on. Docker 20.10 ignores `--ssh` in silence without it, and
/// 23.0 does not take it empty.
///
/// # Errors
///
/// When the user has turned it off.
pub(super) fn with_buildkit(variables: &Variables) -> Result<Variables, EngineError> {
    let mut variables = variables.clone();
    match variables.text("DOCKER_BUILDKIT") {
        Some(value) if OFF.contains(&value) => {
            return Err(EngineError::BuildKitOff(value.to_owned()));
        }
        Some(_) => {}
        None => variables.set("DOCKER_BUILDKIT", "1"),
    }
    Ok(variables)
}

/// The variables with fewer garbage collections for docker and its plug-ins, unless the user has
/// said how many.
///
/// Their heaps are small, and are thrown away with the process. A cached build takes a seventh less
/// of the processor's time, the passing of a large clone through the session a third.
pub(super) fn with_few_collections(mut variables: Variables) -> Variables {
    if variables.get(COLLECTION).is_none() {
        variables.set(COLLECTION, "400");
    }
    variables
}

/// How many percent a heap grows before Go collects its garbage (package `runtime`).
const COLLECTION: &str = "GOGC";
/// What docker reads as false.
const OFF: [&str; 6] = ["0", "f", "F", "false", "False", "FALSE"];

#[cfg(test)]
mod tests {
    use super::*;

    fn buildkit(value: &str) -> Result<Variables, EngineError> {
        with_buildkit(&[("DOCKER_BUILDKIT", value)].into_iter().collect())
    }

    #[test]
    fn buildkit_is_turned_on_unless_the_user_says_something() {
        let set = |variables: Variables| variables.text("DOCKER_BUILDKIT").map(str::to_owned);
        assert_eq!(
            set(with_buildkit(&Variables::default()).unwrap()).as_deref(),
            Some("1")
        );
        assert_eq!(set(buildkit("").unwrap()).as_deref(), Some("1"));
        assert_eq!(set(buildkit("true").unwrap()).as_deref(), Some("true"));
    }

    #[test]
    fn garbage_is_collected_seldom_unless_the_user_says_how_often() {
        let set = |variables| {
            with_few_collections(variables)
                .text("GOGC")
                .map(str::to_owned)
        };
        assert_eq!(set(Variables::default()).as_deref(), Some("400"));
        let own = [("GOGC", "off")].into_iter().collect();
        assert_eq!(set(own).as_deref(), Some("off"));
    }

    #[test]
    fn buildkit_turned_off_is_an_error() {
        let error = buildkit("0").unwrap_err();
        assert_eq!(
            error.to_string(),
            "DOCKER_BUILDKIT=0 turns off BuildKit, which forwards keys to a build"
        );
        assert_eq!(
            error.hints(),
            ["run `unset DOCKER_BUILDKIT`, or set it to 1"]
        );
    }
}
