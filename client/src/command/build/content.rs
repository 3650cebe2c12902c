//! What is in the files that steps get.

use std::borrow::Cow;

use keystay_proto::control::Grant;

use super::plan::Plan;
use crate::{
    shim::{self, Platform},
    wiring::Secret,
};

/// The content of one file.
pub(super) fn content<'a>(secret: Secret, plan: &Plan, grant: &'a Grant) -> Cow<'a, [u8]> {
    let fetching = plan.fetching();
    match secret {
        Secret::KnownHosts => grant.known_hosts.as_bytes().into(),
        Secret::Shim => match fetching.and_then(|fetching| fetching.platform) {
            Some(platform) => shim::bytes(platform).into(),
            None => CHOICE.as_bytes().into(),
        },
        Secret::ShimAmd64 => shim::bytes(Platform::Amd64).into(),
        Secret::ShimArm64 => shim::bytes(Platform::Arm64).into(),
        Secret::Gitconfig => fetching
            .map(|fetching| fetching.terms.rewrites.gitconfig().into_bytes())
            .unwrap_or_default()
            .into(),
        Secret::Cargo => CARGO.as_bytes().into(),
    }
}

/// Runs the shim of the step's own platform, which is not known before the step runs.
const CHOICE: &str = "\
#!/bin/sh
case $(uname -m) in
x86_64) exec /usr/local/bin/keystay-ssh-amd64 \"$@\" ;;
aarch64) exec /usr/local/bin/keystay-ssh-arm64 \"$@\" ;;
esac
echo \"keystay: there is no ssh for $(uname -m)\" >&2
exit 255
";
/// Cargo's own git has no use for ssh; the command has.
const CARGO: &str = "[net]\ngit-fetch-with-cli = true\n";
