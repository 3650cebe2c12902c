//! L7 and L15: what mounts say.

use crate::{
    dockerfile::{Keyword, Mount},
    lint::{
        Problem,
        names::is_key_path,
        rule::{L7, L15},
        step::File,
    },
};

pub(super) fn check(file: &File<'_>, problems: &mut Vec<Problem>) {
    for step in file.of(Keyword::Run) {
        for mount in &step.mounts {
            let line = file.line_of(mount.span.start);
            match mount.kind().as_str() {
                kind @ ("ssh" | "secret") if !mount.required() => {
                    let message = format!("the {kind} mount is not required");
                    problems.push(Problem::new(&L7, line, message));
                }
                "cache" if keeps_logins(mount) => {
                    let target = mount.target().unwrap_or_default();
                    let message = format!("the cache at `{target}` holds keys or logins");
                    problems.push(Problem::new(&L15, line, message));
                }
                _ => {}
            }
        }
    }
}

fn keeps_logins(mount: &Mount) -> bool {
    let target = mount.target().unwrap_or_default().trim_end_matches('/');
    let is_home = matches!(target, "/root" | "~" | "$HOME" | "${HOME}")
        || target
            .strip_prefix("/home/")
            .is_some_and(|user| !user.contains('/'));
    is_home
        || is_key_path(target)
        || target.contains("/.ssh/")
        || target.ends_with(".config/gh")
        || target.ends_with(".docker")
}
