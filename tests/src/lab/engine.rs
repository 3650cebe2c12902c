//! The docker engines: two, and the newer one with another store of images.

use std::ffi::OsString;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::apt::Apt;
use super::daemon::{Daemon, end};
use super::file;
use super::paths::Paths;
use super::process::{run, say};
use super::{LabError, apt};

/// One docker engine with its own command line, data and socket. It has no bridge: builds need
/// `--network host`, containers `--network none` or `host`.
#[derive(Clone, Debug)]
pub struct Engine {
    name: &'static str,
    folder: PathBuf,
    path: OsString,
    home: PathBuf,
    lab: PathBuf,
    daemon: Daemon,
}

impl Engine {
    /// `docker-20.10`, `docker-26`, or `docker-ctrd` for the latter with containerd's store.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The engine's API socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.folder.join("docker.sock")
    }

    /// The engine's `docker`, with [`Engine::env`] set and no agent.
    #[must_use]
    pub fn docker(&self) -> Command {
        // The search for a program uses this process's PATH, so the path is given in full.
        let mut docker = Command::new(self.folder.join("root/usr/bin/docker"));
        docker.envs(self.env());
        for variable in [
            "DOCKER_CONTEXT",
            "DOCKER_TLS_VERIFY",
            "BUILDX_BUILDER",
            "SSH_AUTH_SOCK",
        ] {
            docker.env_remove(variable);
        }
        docker
    }

    /// What a program needs in its environment to use this engine through a plain `docker`: `PATH`,
    /// `DOCKER_HOST`, `DOCKER_CONFIG`, `DOCKER_BUILDKIT` and an empty `HOME`, which a test may
    /// replace by its own.
    #[must_use]
    pub fn env(&self) -> Vec<(String, String)> {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        [
            ("PATH", self.path.to_string_lossy().into_owned()),
            ("DOCKER_HOST", format!("unix://{}", text(&self.socket()))),
            ("DOCKER_CONFIG", text(&self.folder.join("config"))),
            ("DOCKER_BUILDKIT", "1".to_owned()),
            ("HOME", text(&self.home)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// Whether the engine runs and answers.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.daemon.pid().is_some() && self.answers()
    }

    /// Whether the engine holds an image.
    #[must_use]
    pub fn has_image(&self, name: &str) -> bool {
        self.get(&format!("/images/{name}/json"))
            .is_some_and(|answer| is_ok(&answer))
    }

    /// The engine's own version, if it is up.
    #[must_use]
    pub fn version(&self) -> Option<String> {
        let answer = self.get("/version")?;
        let (_, body) = answer.split_once("\r\n\r\n")?;
        let version: Value = serde_json::from_str(body).ok()?;
        Some(version.get("Version")?.as_str()?.to_owned())
    }

    pub(super) fn ensure_up(&self) -> Result<(), LabError> {
        if self.is_up() {
            return Ok(());
        }
        say(&format!("starting {}", self.name));
        self.stop();
        file::create_folder(&self.home)?;
        file::create_folder(&self.folder.join("config"))?;
        file::write(&self.folder.join("daemon.json"), &self.settings(), 0o644)?;
        self.daemon
            .start(&mut self.dockerd(), PATIENCE, || self.answers())
    }

    /// Stops the engine and clears what a killed one leaves behind.
    pub(super) fn stop(&self) {
        self.daemon.stop();
        end(
            &self.folder.join("exec/containerd/containerd.pid"),
            &self.lab,
        );
        for leftover in ["docker.sock", "dockerd.pid"] {
            // What cannot be removed is reported by the engine when it starts.
            let _ = fs::remove_file(self.folder.join(leftover));
        }
    }

    fn at(paths: &Paths, name: &'static str) -> Self {
        let folder = paths.engine(name);
        // The older engine brings runc and libraries for both.
        let shared = paths.engine(NAMES[0]);
        let mut folders: Vec<PathBuf> = Vec::new();
        for root in [&folder, &shared] {
            folders.extend(["usr/sbin", "usr/bin"].map(|bin| root.join("root").join(bin)));
        }
        let system = std::env::var_os("PATH").unwrap_or_default();
        folders.extend(std::env::split_paths(&system));
        folders.extend(["/usr/sbin", "/sbin"].map(PathBuf::from));
        Self {
            name,
            path: std::env::join_paths(folders).unwrap_or(system),
            folder,
            home: paths.home(),
            lab: paths.root().to_owned(),
            daemon: Daemon::new(paths, name),
        }
    }

    /// An own file, so that the machine's settings for its own engine are not read.
    fn settings(&self) -> String {
        // The older engine would write an identity that nobody reads to /etc/docker.
        let identity = self.folder.join("identity.json");
        let identity = (self.name == NAMES[0]).then_some(("deprecated-key-path", json!(identity)));
        let store = json!({ "containerd-snapshotter": true });
        let store = (self.name == WITH_CONTAINERD).then_some(("features", store));
        [
            ("log-level", json!("warn")),
            ("shutdown-timeout", json!(5)),
            (
                "builder",
                json!({ "gc": { "enabled": true, "defaultKeepStorage": "10GB" } }),
            ),
        ]
        .into_iter()
        .chain(identity)
        .chain(store)
        .collect::<Value>()
        .to_string()
    }

    fn dockerd(&self) -> Command {
        let mut dockerd = Command::new(self.folder.join("root/usr/sbin/dockerd"));
        for (option, file) in [
            ("--config-file", "daemon.json"),
            ("--data-root", "data"),
            ("--exec-root", "exec"),
            ("--pidfile", "dockerd.pid"),
        ] {
            dockerd.arg(option).arg(self.folder.join(file));
        }
        dockerd
            .arg("--host")
            .arg(format!("unix://{}", self.socket().display()))
            .args(["--bridge=none", "--iptables=false", "--ip6tables=false"])
            .env("PATH", &self.path)
            .env("HOME", &self.home)
            .env("DOCKER_CONFIG", self.folder.join("config"));
        if let Some(libraries) = self.libraries() {
            dockerd.env("LD_LIBRARY_PATH", libraries);
        }
        dockerd
    }

    /// Libraries unpacked because the machine lacks them.
    fn libraries(&self) -> Option<PathBuf> {
        apt::libraries(&self.lab.join("engine").join(NAMES[0]).join("root"))
    }

    fn answers(&self) -> bool {
        self.get("/_ping").is_some_and(|answer| is_ok(&answer))
    }

    /// The whole answer to a GET request, `None` when there is none in a second or two.
    fn get(&self, path: &str) -> Option<String> {
        let mut stream = UnixStream::connect(self.socket()).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: lab\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }
}

/// Both engines, up or not, the older first.
pub(super) fn find(paths: &Paths) -> [Engine; 2] {
    NAMES.map(|name| Engine::at(paths, name))
}

/// The newer engine's programs with containerd's store of images, up or not: it exports OCI archives,
/// attestations and caches, and builds for several platforms.
pub(super) fn with_containerd(paths: &Paths) -> Engine {
    Engine::at(paths, WITH_CONTAINERD)
}

/// Starts that engine where it does not run, with the image that most tests build on.
pub(super) fn ensure_with_containerd(paths: &Paths) -> Result<Engine, LabError> {
    let [_, newer] = find(paths);
    let engine = with_containerd(paths);
    for place in ["root", "config/cli-plugins"] {
        let link = engine.folder.join(place);
        if let Some(folder) = link.parent() {
            file::create_folder(folder)?;
        }
        match symlink(newer.folder.join(place), &link) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                return Err(LabError::file("link", &link)(error));
            }
            _ => {}
        }
    }
    engine.ensure_up()?;
    if !engine.has_image(LEAN) {
        let archive = engine.folder.join("lean.tar");
        let save = ["image", "save", "--output"];
        run(newer.docker().args(save).arg(&archive).arg(LEAN))?;
        run(engine
            .docker()
            .args(["image", "load", "--input"])
            .arg(&archive))?;
    }
    Ok(engine)
}

/// Whether both engines' programs are there.
pub(super) fn are_unpacked(paths: &Paths) -> Result<bool, LabError> {
    Ok(file::read(&paths.stamp("engines"))?.as_deref() == Some(VERSION))
}

/// Gets both engines' programs from Debian's packages.
pub(super) fn unpack_all(paths: &Paths, mirror: &str, old: &Apt) -> Result<(), LabError> {
    say("getting both engines");
    let [old_packages, new_packages] = NAMES.map(|name| paths.engine(name).join("packages"));
    for folder in [&old_packages, &new_packages] {
        file::remove(folder)?;
    }
    // Exactly these even where the machine has them, and what else the machine lacks for them.
    let machine = Path::new("/var/lib/dpkg/status");
    old.download_for(machine, &["docker.io"], &old_packages)?;
    old.download(
        &["docker.io", "containerd", "runc", "tini", "iptables"],
        &old_packages,
    )?;
    let new = Apt::fetch_lists(paths, NEW_SUITE, mirror)?;
    new.download(
        &["docker.io", "docker-cli", "docker-buildx", "containerd"],
        &new_packages,
    )?;
    for name in NAMES {
        let folder = paths.engine(name);
        apt::unpack(&folder.join("packages"), &folder.join("root"))?;
        file::remove(&folder.join("packages"))?;
    }
    let new = paths.engine(NAMES[1]);
    let plugins = new.join("config/cli-plugins");
    file::create_folder(&plugins)?;
    let buildx = new.join("root/usr/libexec/docker/cli-plugins/docker-buildx");
    fs::copy(&buildx, plugins.join("docker-buildx")).map_err(LabError::file("copy", &buildx))?;
    file::write(&paths.stamp("engines"), VERSION, 0o644).map(drop)
}

fn is_ok(answer: &str) -> bool {
    answer.split(' ').nth(1) == Some("200")
}

const NAMES: [&str; 2] = ["docker-20.10", "docker-26"];

/// As long as the others, so that its sockets' paths are not too long.
const WITH_CONTAINERD: &str = "docker-ctrd";
const LEAN: &str = "keystay/lean:1";

const NEW_SUITE: &str = "trixie";

const VERSION: &str = "1";

const PATIENCE: Duration = Duration::from_mins(1);
