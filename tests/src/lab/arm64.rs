//! An arm64 base image, and what runs it on this machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::LabError;
use super::apt::{Apt, mirror, unpack};
use super::debian::{SUITE, base_archive, bootstrap};
use super::down::unmount_below;
use super::engine::Engine;
use super::file;
use super::paths::Paths;
use super::process::{run, say};

/// The arm64 image of [`super::Lab::arm64`]: git and the user `app` (1000), no ssh.
pub const ARM64_IMAGE: &str = "keystay/base-arm64:1";

/// Makes the image and lets the kernel run it, unless both is done.
pub(super) fn ensure(paths: &Paths, engine: &Engine) -> Result<(), LabError> {
    if !is_registered(paths) {
        register(paths)?;
    }
    if engine.has_image(ARM64_IMAGE) {
        return Ok(());
    }
    let archive = paths.images().join(ARCHIVE);
    if !archive.exists() {
        make(paths, &archive)?;
    }
    run(engine
        .docker()
        .args(["image", "import", "--platform=linux/arm64"])
        .args(["--change", "CMD [\"bash\"]"])
        .arg(&archive)
        .arg(ARM64_IMAGE))
    .map(drop)
}

/// Whether the kernel runs arm64 programs by the lab's emulator.
pub(super) fn is_registered(paths: &Paths) -> bool {
    formats(paths).join(NAME).exists()
}

/// Takes the emulator back from the kernel.
pub(super) fn unregister(paths: &Paths) -> Result<(), LabError> {
    let entry = formats(paths).join(NAME);
    if entry.exists() {
        fs::write(&entry, "-1").map_err(LabError::file("write", &entry))?;
    }
    Ok(())
}

fn register(paths: &Paths) -> Result<(), LabError> {
    let emulator = folder(paths).join("qemu-aarch64-static");
    if !emulator.exists() {
        get_emulator(paths, &emulator)?;
    }
    let formats = formats(paths);
    let register = formats.join("register");
    if !register.exists() {
        file::create_folder(&formats)?;
        let mut mount = Command::new("mount");
        mount.args(["-t", "binfmt_misc", "binfmt_misc"]);
        run(mount.arg(&formats))?;
    }
    if is_registered(paths) {
        return Ok(());
    }
    let format = format!(":{NAME}:M::{MAGIC}:{MASK}:{}:F", emulator.display());
    fs::write(&register, format).map_err(LabError::file("write", &register))
}

/// The one program of a package with dozens.
fn get_emulator(paths: &Paths, emulator: &Path) -> Result<(), LabError> {
    say("getting an arm64 emulator");
    let draft = folder(paths).join("draft");
    file::remove(&draft)?;
    let apt = Apt::fetch_lists(paths, SUITE, &mirror()?)?;
    apt.download(&["qemu-user-static"], &draft.join("packages"))?;
    unpack(&draft.join("packages"), &draft.join("root"))?;
    fs::rename(draft.join("root/usr/bin/qemu-aarch64-static"), emulator)
        .map_err(LabError::file("create", emulator))?;
    file::remove(&draft)
}

/// The packages are unpacked and not configured, which would take minutes under emulation; what
/// git needs of that is the same in the base image.
fn make(paths: &Paths, archive: &Path) -> Result<(), LabError> {
    say("making keystay/base-arm64 (less than a minute)");
    let root = folder(paths).join("root");
    unmount_below(&root)?;
    file::remove(&root)?;
    let options = ["--arch=arm64", "--foreign", "--include=ca-certificates,git"];
    bootstrap(paths, &options, &root, &mirror()?)?;
    unpack(&root.join("var/cache/apt/archives"), &root)?;
    run(Command::new("tar")
        .args(["-x", "-f"])
        .arg(base_archive(paths))
        .arg("-C")
        .arg(&root)
        .args(FROM_BASE))?;
    let draft = archive.with_extension("draft");
    run(Command::new("tar")
        .arg("-C")
        .arg(&root)
        .args(["--exclude=./debootstrap", "--exclude=./var/cache/apt"])
        .args(["--exclude=./usr/share/doc", "--exclude=./usr/share/man"])
        .args(["--exclude=./usr/share/locale", "-cf"])
        .arg(&draft)
        .arg("."))?;
    fs::rename(&draft, archive).map_err(LabError::file("write", archive))?;
    unmount_below(&root)?;
    file::remove(&root)
}

fn folder(paths: &Paths) -> PathBuf {
    paths.root().join("arm64")
}

/// The kernel's list of formats, mounted where [`super::Lab::down`] unmounts it.
fn formats(paths: &Paths) -> PathBuf {
    folder(paths).join("formats")
}

/// Its number goes up whenever the image is made in another way.
const ARCHIVE: &str = "arm64-1.tar";

const NAME: &str = "keystay-aarch64";

/// The head of an ELF file, little-endian, 64 bits, for arm64 (`elf(5)`: `e_ident`, `e_type`,
/// `e_machine`).
const MAGIC: &str = r"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00";

/// Any ABI and version, executables and shared objects.
const MASK: &str =
    r"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff";

const FROM_BASE: [&str; 5] = [
    "./etc/passwd",
    "./etc/group",
    "./etc/shadow",
    "./etc/ssl/certs",
    "./home/app",
];
