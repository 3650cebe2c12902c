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

/// Every base image of the lab, the same everywhere: `base` has git, OpenSSH's
/// client and a user `app` (1000); `node`, `go`, `python`, `cargo`, `php` and `ruby` add a language's
/// tools; `git-only` has git and no ssh; `lean` has only a shell; `static` has only a static busybox
/// with all its commands, and no user but root.
pub const IMAGES: [&str; 10] = [
    "keystay/base:1",
    "keystay/node:1",
    "keystay/go:1",
    "keystay/python:1",
    "keystay/cargo:1",
    "keystay/lean:1",
    "keystay/php:1",
    "keystay/ruby:1",
    "keystay/git-only:1",
    "keystay/static:1",
];

/// Whether every image is saved, and every engine holds it.
pub(super) fn all_there(paths: &Paths, engines: &[Engine; 2]) -> bool {
    archives(paths).iter().all(|archive| archive.exists())
        && engines.iter().all(|engine| holds(engine, &IMAGES))
}

/// What every engine's images are loaded from.
pub(super) fn archives(paths: &Paths) -> Vec<PathBuf> {
    SETS.iter()
        .map(|set| paths.images().join(set.archive))
        .collect()
}

/// Makes the images in the first engine, saves them, and loads them where they are missing.
pub(super) fn make_all(
    paths: &Paths,
    engines: &[Engine; 2],
    apt: impl Fn() -> Result<Apt, LabError>,
) -> Result<(), LabError> {
    let [first, second] = engines;
    for set in &SETS {
        let archive = paths.images().join(set.archive);
        if !archive.exists() {
            make(paths, first, set, &apt()?)?;
            save(first, &archive, set.images)?;
        }
        for engine in [first, second] {
            if !holds(engine, set.images) {
                say(&format!("loading base images into {}", engine.name()));
                run(engine
                    .docker()
                    .args(["image", "load", "--quiet", "--input"])
                    .arg(&archive))?;
            }
        }
    }
    Ok(())
}

/// The packages' folders are all that is taken out of the build cache again, so that builds under
/// way keep their steps.
fn make(paths: &Paths, engine: &Engine, set: &Set, apt: &Apt) -> Result<(), LabError> {
    if set.images.contains(&"keystay/base:1") {
        import(engine, "base", &base_archive(paths), "CMD [\"bash\"]")?;
        import_lean(paths, apt, engine)?;
    }
    build_derived(paths, apt, engine, set.derived)?;
    let prune = ["builder", "prune", "--force", "--filter=type=source.local"];
    run(engine.docker().args(prune)).map(drop)
}

fn holds(engine: &Engine, images: &[&str]) -> bool {
    images.iter().all(|image| engine.has_image(image))
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
fn build_derived(
    paths: &Paths,
    apt: &Apt,
    engine: &Engine,
    derived: &[Derived],
) -> Result<(), LabError> {
    thread::scope(|scope| {
        let builds: Vec<_> = derived
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
    let Derived {
        name,
        packages,
        dockerfile,
    } = image;
    say(&format!("making keystay/{name}"));
    let context = paths.images().join(name);
    file::remove(&context)?;
    if !packages.is_empty() {
        apt.download_for(&base_status(paths)?, packages, &context.join("packages"))?;
        file::remove(&context.join("packages/lock"))?;
    }
    file::write(&context.join("Dockerfile"), dockerfile, 0o644)?;
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
fn save(engine: &Engine, archive: &Path, images: &[&str]) -> Result<(), LabError> {
    say("saving the base images");
    let draft = archive.with_extension("draft");
    run(engine
        .docker()
        .args(["image", "save", "--output"])
        .arg(&draft)
        .args(images))?;
    fs::rename(&draft, archive).map_err(LabError::file("write", archive))
}

/// Images that are made and saved together.
#[derive(Clone, Copy, Debug)]
struct Set {
    /// Its number goes up whenever one of them is made in another way.
    archive: &'static str,
    images: &'static [&'static str],
    derived: &'static [Derived],
}

/// An image made of another one by a Dockerfile.
#[derive(Clone, Copy, Debug)]
struct Derived {
    name: &'static str,
    /// What it finds in its context's folder `packages`, with all they need beyond the base image.
    packages: &'static [&'static str],
    dockerfile: &'static str,
}

const fn with_packages(name: &'static str, packages: &'static [&'static str]) -> Derived {
    Derived {
        name,
        packages,
        dockerfile: INSTALL,
    }
}

/// The later set is made of images in the earlier one.
const SETS: [Set; 2] = [
    Set {
        archive: "all-1.tar",
        images: &[
            "keystay/base:1",
            "keystay/node:1",
            "keystay/go:1",
            "keystay/python:1",
            "keystay/cargo:1",
            "keystay/lean:1",
        ],
        derived: &[
            with_packages("node", &["nodejs", "npm"]),
            with_packages("go", &["golang-go"]),
            with_packages(
                "python",
                &[
                    "python3-pip",
                    "python3-venv",
                    "python3-setuptools",
                    "python3-wheel",
                ],
            ),
            with_packages("cargo", &["cargo"]),
        ],
    },
    Set {
        archive: "more-1.tar",
        images: &[
            "keystay/php:1",
            "keystay/ruby:1",
            "keystay/git-only:1",
            "keystay/static:1",
        ],
        derived: &[
            with_packages("php", &["composer", "php-cli", "unzip"]),
            with_packages("ruby", &["ruby", "ruby-bundler"]),
            Derived {
                name: "git-only",
                packages: &[],
                dockerfile: GIT_ONLY,
            },
            Derived {
                name: "static",
                packages: &[],
                dockerfile: STATIC,
            },
        ],
    },
];

const INSTALL: &str = "\
FROM keystay/base:1
RUN --mount=type=bind,source=packages,target=/packages \\
    DEBIAN_FRONTEND=noninteractive apt-get --quiet install --yes /packages/*.deb
";

const GIT_ONLY: &str = "\
FROM keystay/base:1
RUN dpkg --purge openssh-client
";

/// A stage of its own, so that nothing but the result is in the image.
const STATIC: &str = "\
FROM keystay/lean:1 AS commands
RUN [\"/bin/busybox\", \"mkdir\", \"/static\", \"/static/bin\", \"/static/tmp\"]
RUN [\"/bin/busybox\", \"cp\", \"/bin/busybox\", \"/static/bin/busybox\"]
RUN [\"/static/bin/busybox\", \"chroot\", \"/static\", \"/bin/busybox\", \"--install\", \"-s\", \"/bin\"]
FROM scratch
COPY --from=commands /static /
CMD [\"/bin/sh\"]
";

const LEAN_USERS: &str = "\
root:x:0:0:root:/:/bin/sh
app:x:1000:1000:app:/:/bin/sh
";
