//! What goes into a plan and what comes out.

use super::Note;

/// What the user's own command line passes to the build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// The ids of his `--ssh` options. What they serve is left alone.
    pub ssh_ids: Vec<String>,
    /// The ids of his `--secret` options. One of them may take the place of ours.
    pub secret_ids: Vec<String>,
}

/// How a build is connected to its grant. All stages are wired, also those that the target does not
/// need: an id that is passed without use does no harm.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The changed Dockerfile; nothing when it stays as it is.
    pub dockerfile: Option<String>,
    /// The ids to pass as `--ssh ID=<grant socket>`, in the order they appear.
    pub ssh_ids: Vec<String>,
    /// Whether the secret [`KNOWN_HOSTS_ID`](super::KNOWN_HOSTS_ID) is to be passed.
    pub known_hosts: bool,
    /// Whether any step, `ONBUILD` triggers included, mounts an ssh agent.
    pub has_ssh_mount: bool,
    /// What is not wired, in the order of the lines.
    pub notes: Vec<Note>,
}

impl Plan {
    /// Adds an id unless it is there already.
    pub(super) fn pass_ssh(&mut self, id: &str) {
        if !self.ssh_ids.iter().any(|known| known == id) {
            self.ssh_ids.push(id.to_owned());
        }
    }
}
