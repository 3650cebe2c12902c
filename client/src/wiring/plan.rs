//! What goes into a plan and what comes out.

use super::{Note, Secret};

/// What the user's own command line passes to the build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// The ids of his `--ssh` options. What they serve is left alone.
    pub ssh_ids: Vec<String>,
    /// The ids of his `--secret` options. One of them may take the place of ours.
    pub secret_ids: Vec<String>,
    /// Whether one of his build arguments is a git repository reached over ssh.
    pub has_ssh_url: bool,
    /// The frontend that a build argument asks for (`BUILDKIT_SYNTAX`).
    pub syntax: Option<String>,
}

/// Which grant serves an ssh id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Which {
    /// The one that carries fetches and signs nothing.
    Fetch,
    /// The one that is a filtered agent.
    Sign,
}

/// How a build is connected to its grants. All stages are wired, also those that the target does not
/// need: an id that is passed without use does no harm.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The changed Dockerfile; nothing when it stays as it is.
    pub dockerfile: Option<String>,
    /// The ids to pass as `--ssh ID=<grant socket>`, in the order they appear, and who serves them.
    pub ssh: Vec<(String, Which)>,
    /// The files to pass.
    pub secrets: Vec<Secret>,
    /// Whether the engine's own git logs in by itself, for `ADD` or the context.
    pub own_git: bool,
    /// Whether any step, `ONBUILD` triggers included, mounts an ssh agent.
    pub has_ssh_mount: bool,
    /// What is not wired, in the order of the lines.
    pub notes: Vec<Note>,
}

impl Plan {
    /// Adds an id unless it is there already.
    pub(super) fn pass_ssh(&mut self, id: &str, which: Which) {
        if !self.ssh.iter().any(|(known, _)| known == id) {
            self.ssh.push((id.to_owned(), which));
        }
    }

    /// Adds a file unless it is there already, or the user passes his own in its place.
    pub(super) fn pass_secret(&mut self, secret: Secret, passed: &Passed) {
        if !self.secrets.contains(&secret) && !passed.secret_ids.iter().any(|id| id == secret.id())
        {
            self.secrets.push(secret);
        }
    }
}

impl Passed {
    /// Whether the user serves this ssh id himself.
    pub(super) fn has_ssh(&self, id: &str) -> bool {
        self.ssh_ids.iter().any(|passed| passed == id)
    }
}
