//! What the modes share: the ssh mounts of a step, and the changes to a Dockerfile.

use super::{Note, Plan};
use crate::dockerfile::{Command, Dockerfile, Mount, Splice};

/// The ssh mounts of a command.
#[derive(Debug, Default)]
pub(super) struct SshMounts {
    /// Those whose ids are known, with these ids, in order.
    pub(super) known: Vec<(Mount, String)>,
    /// Those whose ids only the engine knows.
    pub(super) variable: Vec<(Mount, String)>,
    /// Whether there are any, or may be, that are not wholly known.
    pub(super) has_unknown: bool,
    /// Whether some of them cannot be changed either, and may ask for any id.
    pub(super) has_unread: bool,
    /// Where the first one stands.
    pub(super) first: Option<usize>,
}

/// The ssh mounts of a command; notes for those that are not wholly known.
pub(super) fn ssh_mounts(command: &Command, line: usize, plan: &mut Plan) -> SshMounts {
    let mut mounts = SshMounts::default();
    for mount in command.mounts() {
        let kind = mount.kind();
        if is_expanded(&kind) {
            plan.notes.push(Note::VariableType { line, kind });
            (mounts.has_unknown, mounts.has_unread) = (true, true);
            continue;
        }
        if kind != "ssh" {
            continue;
        }
        plan.has_ssh_mount = true;
        mounts.first.get_or_insert(mount.span.start);
        let id = mount.id().unwrap_or(DEFAULT_ID).to_owned();
        if mount.open {
            plan.notes.push(Note::Unchangeable { line });
            (mounts.has_unknown, mounts.has_unread) = (true, true);
        } else if is_expanded(&id) || id.contains(['=', ',']) {
            mounts.variable.push((mount, id));
            mounts.has_unknown = true;
        } else {
            mounts.known.push((mount, id));
        }
    }
    mounts
}

/// The changed text, if it can be read again.
pub(super) fn changed(dockerfile: &Dockerfile<'_>, splices: Vec<Splice>) -> Option<String> {
    let text = dockerfile.splice(splices).ok()?;
    Dockerfile::parse(&text).is_ok().then_some(text)
}

/// Whether the mount leaves it to the engine who may open the socket.
pub(super) fn is_closed(mount: &Mount) -> bool {
    !mount.names(&["mode", "uid", "gid"])
}

/// Whether the engine reads a value otherwise than it is written.
fn is_expanded(value: &str) -> bool {
    let is_odd =
        |byte: u8| !byte.is_ascii() || byte.is_ascii_control() || b"$\\`'\"".contains(&byte);
    value.bytes().any(is_odd)
}

/// What an ssh mount without an id asks for.
pub(super) const DEFAULT_ID: &str = "default";

/// Lets every user of the step open the socket, also behind a `USER`.
pub(super) const SOCKET_MODE: &str = ",mode=0666";
