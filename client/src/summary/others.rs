//! Secrets in an image that are none of the build's.

use super::{image::End, size::count};
use crate::{exit_code::ExitCode, output::Output, verify::Warning};

/// Writes a line for each, unless quiet.
pub(crate) fn tell_others(output: Output, warnings: &[Warning]) {
    for warning in warnings.iter().take(SHOWN) {
        output.warning(&warning.to_string());
    }
    if let Some(more @ 1..) = warnings.len().checked_sub(SHOWN) {
        output.warning(&format!("and {more} more"));
    }
}

/// What they mean where the image is else in order: nothing, but an error for who is strict. Keys that
/// everybody knows are no secrets.
pub(crate) fn end_of_others(strict: bool, warnings: &[Warning]) -> Option<End> {
    let secrets = warnings.iter().filter(|other| other.kind.is_secret());
    let secrets = secrets.count();
    let hint = format!(
        "{} of nobody in this build: remove what is not meant to be there, or leave out `--strict`",
        count(secrets, "secret")
    );
    (strict && secrets > 0).then(|| (ExitCode::Leak, Some((OTHERS, vec![hint]))))
}

/// As many as a screen takes.
const SHOWN: usize = 20;
const OTHERS: &str = "there are other secrets in the image, and `--strict` allows none";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::{Kind, Place, Spot};

    #[test]
    fn other_secrets_are_an_error_for_who_is_strict() {
        let published = [warning(Some("CPython"))];
        let secret = [warning(Some("CPython")), warning(None)];
        assert_eq!(end_of_others(false, &secret), None);
        assert_eq!(end_of_others(true, &published), None);
        let (code, complaint) = end_of_others(true, &secret).unwrap();
        assert_eq!(code, ExitCode::Leak);
        assert!(complaint.unwrap().1[0].starts_with("1 secret of nobody"));
    }

    fn warning(published: Option<&'static str>) -> Warning {
        let spot = Spot {
            layer: Some(1),
            digest: None,
            path: Some("etc/key".to_owned()),
            place: Place::File,
            offset: None,
            instruction: None,
        };
        let kind = Kind::Key {
            form: "OpenSSH",
            is_locked: false,
            published,
        };
        Warning { spot, kind }
    }
}
