//! The Debian root folder: first the base image's content, then the git hosts' own root.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::LabError;
use super::apt::{Apt, KEYRING};
use super::file;
use super::paths::Paths;
use super::process::{run, say};

/// The release that base images and git hosts are made of.
pub(super) const SUITE: &str = "bookworm";

/// Makes the root folder and, before anything of the git hosts is in it, the base image's archive.
pub(super) fn make(paths: &Paths, mirror: &str) -> Result<(), LabError> {
    if is_made(paths)? {
        return Ok(());
    }
    say("making a Debian root folder (about a minute)");
    let root = paths.debian();
    file::remove(&paths.stamp("servers"))?;
    file::remove(&root)?;
    let packages = ["--include=ca-certificates,git,openssh-client"];
    bootstrap(paths, &packages, &root, mirror)?;
    furnish(&root)?;
    slim(&root)?;
    file::create_folder(&paths.images())?;
    file::remove(&paths.images().join("base-status"))?;
    run(Command::new("tar")
        .arg("-C")
        .arg(&root)
        .arg("-cf")
        .arg(base_archive(paths))
        .arg("."))?;
    file::write(&paths.stamp("debian"), VERSION, 0o644).map(drop)
}

/// Whether the root folder is there.
pub(super) fn is_made(paths: &Paths) -> Result<bool, LabError> {
    Ok(file::read(&paths.stamp("debian"))?.as_deref() == Some(VERSION))
}

/// What the base image is imported from.
pub(super) fn base_archive(paths: &Paths) -> PathBuf {
    paths.images().join("base.tar")
}

/// The packages that the base image holds, for apt. Taken from its archive, because more are added
/// to the root folder.
pub(super) fn base_status(paths: &Paths) -> Result<PathBuf, LabError> {
    let status = paths.images().join("base-status");
    if !status.exists() {
        let text = run(Command::new("tar")
            .args(["-x", "-O", "-f"])
            .arg(base_archive(paths))
            .arg("./var/lib/dpkg/status"))?;
        file::write(&status, &text, 0o644)?;
    }
    Ok(status)
}

/// Adds both ssh servers and the user `git` to the root folder.
pub(super) fn add_servers(paths: &Paths, apt: &Apt) -> Result<(), LabError> {
    say("adding the git hosts' servers");
    let root = paths.debian();
    let packages = root.join("packages");
    file::remove(&packages)?;
    apt.download_for(
        &base_status(paths)?,
        &["openssh-server", "dropbear-bin"],
        &packages,
    )?;
    run(chroot(&root).args(["sh", "-ec", ADD_SERVERS]))?;
    file::remove(&packages)?;
    file::write(&paths.stamp("servers"), VERSION, 0o644).map(drop)
}

/// Whether the ssh servers are in the root folder.
pub(super) fn has_servers(paths: &Paths) -> Result<bool, LabError> {
    Ok(file::read(&paths.stamp("servers"))?.as_deref() == Some(VERSION))
}

/// A program to be run inside a root folder.
pub(super) fn chroot(root: &Path) -> Command {
    let mut command = Command::new("chroot");
    command
        .arg(root)
        .env_clear()
        .env(
            "PATH",
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        )
        .env("HOME", "/root")
        .env("LC_ALL", "C.UTF-8")
        .env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// Puts a small Debian into a folder.
pub(super) fn bootstrap(
    paths: &Paths,
    options: &[&str],
    root: &Path,
    mirror: &str,
) -> Result<(), LabError> {
    let cache = paths.apt(SUITE).join("bootstrap");
    file::create_folder(&cache)?;
    let mut command = Command::new("debootstrap");
    command.arg("--variant=minbase").args(options);
    if Path::new(KEYRING).exists() {
        command.arg(format!("--keyring={KEYRING}"));
    }
    command.arg(format!("--cache-dir={}", cache.display()));
    run(command.arg(SUITE).arg(root).arg(mirror))?;
    file::remove(&cache)
}

/// Settings and the user `app`, as in a usual base image.
fn furnish(root: &Path) -> Result<(), LabError> {
    file::write(&root.join("etc/dpkg/dpkg.cfg.d/lean"), DPKG_SETTINGS, 0o644)?;
    file::write(&root.join("etc/apt/apt.conf.d/lean"), APT_SETTINGS, 0o644)?;
    file::write(
        &root.join("usr/sbin/policy-rc.d"),
        "#!/bin/sh\nexit 101\n",
        0o755,
    )?;
    run(chroot(root).args([
        "useradd",
        "--create-home",
        "--uid=1000",
        "--shell=/bin/bash",
        "app",
    ]))?;
    Ok(())
}

fn slim(root: &Path) -> Result<(), LabError> {
    for folder in [
        "var/cache/apt",
        "var/lib/apt/lists",
        "usr/share/doc",
        "usr/share/man",
    ] {
        let folder = root.join(folder);
        file::remove(&folder)?;
        file::create_folder(&folder)?;
    }
    file::remove(&root.join("usr/share/locale"))?;
    for name in ["hostname", "resolv.conf", "hosts"] {
        file::remove(&root.join("etc").join(name))?;
    }
    fs::create_dir_all(root.join("var/cache/apt/archives/partial"))
        .map_err(LabError::file("create", root))
}

const VERSION: &str = "1";

const DPKG_SETTINGS: &str = "\
force-unsafe-io
path-exclude=/usr/share/doc/*
path-exclude=/usr/share/man/*
path-exclude=/usr/share/locale/*
";

const APT_SETTINGS: &str = "\
APT::Install-Recommends \"false\";
Acquire::Languages \"none\";
";

/// The user number is one that no account of the machine is likely to have. `*` is a password that
/// never matches; a new account's `!` would lock out keys too.
const ADD_SERVERS: &str = "\
apt-get --quiet install --yes /packages/*.deb
id git >/dev/null 2>&1 || useradd --create-home --uid=64022 --shell=/bin/sh git
usermod --password '*' git
mkdir -p /run/sshd /etc/ssh/lab /srv/git
rm -f /etc/ssh/ssh_host_*
";
