//! The base images.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use super::LabError;
use super::apt::{Apt, unpack};
use super::debian::{base_archive, base_status};
use super::engine::Engine;
use super::file;
use super::paths::Paths;
use super::process::{run, say};

/// Every base image of the lab, in both engines: `base` has git, OpenSSH's client and a user `app`
/// (1000); `node`, `go`, `python` and `cargo` add a language's tools; `lean` has only a shell.
pub const IMAGES: [&str; 6] = [
    "keystay/base:1",
    "keystay/node:1",
    "keystay/go:1",
    "keystay/python:1",
    "keystay/cargo:1",
    "keystay/lean:1",
];

/// Whether every engine holds every image.
pub(super) fn all_there(engines: &[Engine; 2]) -> bool {
    engines.iter().all(holds_all)
}

/// Makes the images in the first engine and copies them to the second.
pub(super) fn make_all(
    paths: &Paths,
    engines: &[Engine; 2],
    apt: impl FnOnce() -> Result<Apt, LabError>,
) -> Result<(), LabError> {
    let [first, second] = engines;
    let archive = paths.images().join(ARCHIVE);
    if !archive.exists() {
        let apt = apt()?;
        import(first, "base", &base_archive(paths), "CMD [\"bash\"]")?;
        import_lean(paths, &apt, first)?;
        build_derived(paths, &apt, first)?;
        save(first, &archive)?;
        run(first.docker().args(["builder", "prune", "--force"]))?;
    }
    for engine in [first, second] {
        if !holds_all(engine) {
            say(&format!("loading base images into {}", engine.name()));
            run(engine
                .docker()
                .args(["image", "load", "--quiet", "--input"])
                .arg(&archive))?;
        }
    }
    Ok(())
}

fn holds_all(engine: &Engine) -> bool {
    IMAGES.into_iter().all(|image| engine.has_image(image))
}

fn import(engine: &Engine, name: &str, archive: &Path, change: &str) -> Result<(), LabError> {
    say(&format!("making keystay/{name}"));
    let mut command = engine.docker();
    command
        .args(["image", "import", "--change", change])
        .arg(archive);
    run(command.arg(format!("keystay/{name}:1"))).map(drop)
}

/// A final stage as small as they come: a static shell and a user.
fn import_lean(paths: &Paths, apt: &Apt, engine: &Engine) -> Result<(), LabError> {
    let folder = paths.images().join("lean");
    file::remove(&folder)?;
    apt.download(&["busybox-static"], &folder.join("packages"))?;
    unpack(&folder.join("packages"), &folder.join("unpacked"))?;
    let root = folder.join("root");
    file::create_folder(&root.join("bin"))?;
    file::create_folder(&root.join("tmp"))?;
    file::write(&root.join("etc/passwd"), LEAN_USERS, 0o644)?;
    let busybox = root.join("bin/busybox");
    fs::copy(folder.join("unpacked/bin/busybox"), &busybox)
        .map_err(LabError::file("write", &busybox))?;
    for tool in [
        "sh", "cat", "ls", "true", "false", "echo", "env", "grep", "id",
    ] {
        let link = root.join("bin").join(tool);
        symlink("busybox", &link).map_err(LabError::file("create", &link))?;
    }
    let archive = folder.join("lean.tar");
    run(Command::new("tar")
        .arg("-C")
        .arg(&root)
        .arg("-cf")
        .arg(&archive)
        .arg("."))?;
    import(engine, "lean", &archive, "CMD [\"/bin/sh\"]")?;
    file::remove(&folder)
}

/// Downloads go on beside the builds; packages come from outside, so builds need no network.
fn build_derived(paths: &Paths, apt: &Apt, engine: &Engine) -> Result<(), LabError> {
    thread::scope(|scope| {
        let builds: Vec<_> = DERIVED
            .iter()
            .map(|image| scope.spawn(move || build(paths, apt, engine, *image)))
            .collect();
        builds.into_iter().try_for_each(joined)
    })
}

/// The result of a thread; its panic goes on here.
pub(super) fn joined<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn build(paths: &Paths, apt: &Apt, engine: &Engine, image: Derived) -> Result<(), LabError> {
    let (name, packages) = image;
    say(&format!("making keystay/{name}"));
    let context = paths.images().join(name);
    file::remove(&context)?;
    apt.download_for(&base_status(paths), packages, &context.join("packages"))?;
    file::remove(&context.join("packages/lock"))?;
    file::write(&context.join("Dockerfile"), DERIVED_DOCKERFILE, 0o644)?;
    let mut command = engine.docker();
    command.args([
        "build",
        "--quiet",
        "--network=host",
        "--tag",
        &format!("keystay/{name}:1"),
    ]);
    run(command.arg(&context))?;
    file::remove(&context)
}

/// Saved beside its name first, so that an interrupted save is not taken for a whole one.
fn save(engine: &Engine, archive: &PathBuf) -> Result<(), LabError> {
    say("saving the base images");
    let draft = archive.with_extension("draft");
    run(engine
        .docker()
        .args(["image", "save", "--output"])
        .arg(&draft)
        .args(IMAGES))?;
    fs::rename(&draft, archive).map_err(LabError::file("write", archive))
}

/// Its number goes up whenever an image is made in another way.
const ARCHIVE: &str = "all-1.tar";

type Derived = (&'static str, &'static [&'static str]);

const DERIVED: [Derived; 4] = [
    ("node", &["nodejs", "npm"]),
    ("go", &["golang-go"]),
    (
        "python",
        &[
            "python3-pip",
            "python3-venv",
            "python3-setuptools",
            "python3-wheel",
        ],
    ),
    ("cargo", &["cargo"]),
];

const DERIVED_DOCKERFILE: &str = "\
FROM keystay/base:1
RUN --mount=type=bind,source=packages,target=/packages \\
    DEBIAN_FRONTEND=noninteractive apt-get --quiet install --yes /packages/*.deb
";

const LEAN_USERS: &str = "\
root:x:0:0:root:/:/bin/sh
app:x:1000:1000:app:/:/bin/sh
";
