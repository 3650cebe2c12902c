//! What holds for any bytes as an `ssh_config` file.

use super::{HostConfig, directive::Directive};

/// Blanks around a line change nothing, and what a file says about a host can be used.
///
/// # Panics
///
/// Where that does not hold.
#[must_use]
pub fn ssh_config(bytes: &[u8]) -> bool {
    let mut file = Vec::new();
    for line in String::from_utf8_lossy(bytes).lines() {
        let read = Directive::parse(line);
        assert_eq!(Directive::parse(&format!(" \t{line} \r")), read);
        file.extend(read.ok().flatten());
    }
    let mut host = HostConfig::new("git.example.com");
    host.apply(&file);
    assert_ne!(host.port, Some(0));
    let name = host.host_name();
    assert!(
        !name.bytes().any(|byte| byte.is_ascii_uppercase()),
        "{name}"
    );
    let usable = |jump: &super::Jump| !jump.host.is_empty() && !jump.host.starts_with('-');
    assert!(host.jumps().iter().all(usable), "{host:?}");
    !file.is_empty()
}
