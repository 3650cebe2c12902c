//! Programs that the lab needs on the machine itself.

use std::path::Path;
use std::process::Command;

use super::LabError;
use super::process::{run, say};

/// Installs what is missing of [`PROGRAMS`]. None of these packages starts a service but `openssh-tests`,
/// which brings sshd: systemd starts it where it runs.
pub(super) fn ensure() -> Result<(), LabError> {
    let lacking = missing();
    if lacking.is_empty() {
        return Ok(());
    }
    let packages = names(&lacking, |(_, package)| package);
    say(&format!("installing {}", packages.join(" ")));
    let installed = install(&packages);
    let still = missing();
    if still.is_empty() {
        return Ok(());
    }
    installed?;
    Err(LabError::Missing {
        programs: names(&still, |(program, _)| program).join(" "),
        packages: names(&still, |(_, package)| package).join(" "),
    })
}

/// Whether a program is found in `PATH` or among the system's own.
pub(super) fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin", "/usr/bin", "/bin"].map(Into::into))
        .any(|folder| Path::new(&folder).join(program).is_file())
}

fn missing() -> Vec<(&'static str, &'static str)> {
    PROGRAMS
        .into_iter()
        .filter(|(program, _)| !has(program))
        .collect()
}

fn names(
    lacking: &[(&'static str, &'static str)],
    which: fn((&'static str, &'static str)) -> &'static str,
) -> Vec<&'static str> {
    let mut names: Vec<_> = lacking.iter().copied().map(which).collect();
    names.dedup();
    names
}

fn install(packages: &[&str]) -> Result<(), LabError> {
    if !has("apt-get") {
        return Ok(());
    }
    run(Command::new("apt-get").args(["update", "--quiet"]))?;
    run(Command::new("apt-get")
        .args(["install", "--yes", "--no-install-recommends"])
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .env("RUNLEVEL", "1"))?;
    Ok(())
}

/// No program of theirs is in `PATH`.
const OPENSSH_TESTS: &str = "/usr/lib/openssh/regress/test-exec.sh";

/// What `python3 -m venv` lacks without its package.
const ENSUREPIP: &str = "/usr/lib/python3.11/ensurepip/__init__.py";

/// Each program and its Debian package, those of one package side by side.
const PROGRAMS: [(&str, &str); 25] = [
    ("apt-get", "apt"),
    ("dpkg-deb", "dpkg"),
    ("chroot", "coreutils"),
    ("tar", "tar"),
    ("xz", "xz-utils"),
    ("zstd", "zstd"),
    ("bzip2", "bzip2"),
    ("zip", "zip"),
    ("ar", "binutils"),
    ("unshare", "util-linux"),
    ("nsenter", "util-linux"),
    ("setpriv", "util-linux"),
    ("ip", "iproute2"),
    ("git", "git"),
    ("ssh", "openssh-client"),
    ("ssh-add", "openssh-client"),
    ("ssh-agent", "openssh-client"),
    ("systemd-socket-activate", "systemd"),
    ("ssh-keygen", "openssh-client"),
    ("debootstrap", "debootstrap"),
    ("jsonschema", "python3-jsonschema"),
    (ENSUREPIP, "python3-venv"),
    ("sudo", "sudo"),
    ("gdb", "gdb"),
    (OPENSSH_TESTS, "openssh-tests"),
];
