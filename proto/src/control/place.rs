//! Where a user's agent is found.

use std::path::{Path, PathBuf};

/// The control socket of the running agent: `keystay/control` in `XDG_RUNTIME_DIR`, or
/// `.keystay/control` in the home of a user who has none. Its folder is the user's own, 0700.
#[must_use]
pub fn control_socket(runtime: Option<PathBuf>, home: &Path) -> PathBuf {
    runtime
        .filter(|path| path.is_absolute())
        .map_or_else(|| home.join(".keystay"), |path| path.join("keystay"))
        .join("control")
}

/// The audit log: `keystay/audit.jsonl` in `XDG_STATE_HOME`, or in `.local/state` of the home. Older
/// files stand beside it, `audit.jsonl.1` the youngest of them.
#[must_use]
pub fn audit_log(state: Option<PathBuf>, home: &Path) -> PathBuf {
    state
        .filter(|path| path.is_absolute())
        .unwrap_or_else(|| home.join(".local/state"))
        .join("keystay/audit.jsonl")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_folders_of_the_environment_do_not_count() {
        let home = Path::new("/home/p");
        for unset in [None, Some(PathBuf::new()), Some("run".into())] {
            assert_eq!(
                control_socket(unset.clone(), home),
                Path::new("/home/p/.keystay/control")
            );
            assert_eq!(
                audit_log(unset, home),
                Path::new("/home/p/.local/state/keystay/audit.jsonl")
            );
        }
        assert_eq!(
            control_socket(Some("/run/user/1".into()), home),
            Path::new("/run/user/1/keystay/control")
        );
    }
}
