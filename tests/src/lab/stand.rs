//! The lab as a whole.

use std::path::{Path, PathBuf};
use std::thread;

use super::apt::{self, Apt, mirror};
use super::arm64::{self, ARM64_IMAGE};
use super::daemonless::{self, Daemonless};
use super::debian::{self, SUITE};
use super::down::{self, Removal};
use super::engine::{self, Engine};
use super::file::Lock;
use super::host::{self, GitHost};
use super::image::{self, joined};
use super::key::{self, DECOYS};
use super::paths::Paths;
use super::process::say;
use super::scanner::{self, Scanner};
use super::status::Status;
use super::{LabError, packages, python};

/// The lab, up: engines, git hosts, images, repositories and keys.
#[derive(Clone, Debug)]
pub struct Lab {
    paths: Paths,
    engines: [Engine; 2],
    daemonless: [Daemonless; 2],
    hosts: [GitHost; 2],
}

impl Lab {
    /// Brings up what does not stand yet, saying so on stderr. Minutes on a new machine, well under
    /// a second when everything stands. One process at a time; others wait for it.
    pub fn up() -> Result<Self, LabError> {
        if !rustix::process::geteuid().is_root() {
            return Err(LabError::NotRoot);
        }
        let paths = Paths::find()?;
        let _lock = Lock::take(&paths.lock())?;
        packages::ensure()?;
        key::make_all(&paths)?;
        let engines = engine::find(&paths);
        if !engine::are_unpacked(&paths)? || !debian::is_made(&paths)? {
            get_programs(&paths, &engines)?;
        }
        engines.iter().try_for_each(Engine::ensure_up)?;
        if !daemonless::are_unpacked(&paths)? {
            daemonless::unpack(&paths, &fetch_lists(&paths)?)?;
        }
        if !image::all_there(&paths, &engines) {
            image::make_all(&paths, &engines, || fetch_lists(&paths))?;
        }
        daemonless::ensure(&paths, &image::archives(&paths))?;
        if !debian::has_servers(&paths)? {
            debian::add_servers(&paths, &fetch_lists(&paths)?)?;
        }
        let hosts = host::ensure_up(&paths)?;
        Ok(Self {
            daemonless: daemonless::find(&paths),
            paths,
            engines,
            hosts,
        })
    }

    /// Stops everything the lab runs.
    pub fn down(removal: Removal) -> Result<(), LabError> {
        down::down(&Paths::find()?, removal)
    }

    /// What of the lab stands; changes nothing.
    pub fn status() -> Result<Status, LabError> {
        Status::of(&Paths::find()?)
    }

    /// Both docker engines, the older first.
    #[must_use]
    pub fn engines(&self) -> &[Engine; 2] {
        &self.engines
    }

    /// Debian 12's podman.
    #[must_use]
    pub fn podman(&self) -> &Daemonless {
        let [podman, _] = &self.daemonless;
        podman
    }

    /// Debian 12's buildah, with podman's images.
    #[must_use]
    pub fn buildah(&self) -> &Daemonless {
        let [_, buildah] = &self.daemonless;
        buildah
    }

    /// An arm64 image in `docker-26`, and an emulator to run it with `--platform linux/arm64`: not part
    /// of [`Lab::up`], because the emulator is registered with the kernel for the whole machine, until
    /// [`Lab::down`]. The first call takes about a minute.
    pub fn arm64(&self) -> Result<&'static str, LabError> {
        let [_, engine] = &self.engines;
        let _lock = Lock::take(&self.paths.lock())?;
        arm64::ensure(&self.paths, engine)?;
        Ok(ARM64_IMAGE)
    }

    /// A Python that has paramiko, asyncssh and pygit2 (libgit2), in the versions of `tests/lab/python.txt`: not
    /// part of [`Lab::up`], because few tests need it. The first call takes some seconds, and takes the
    /// packages from where pip is told to.
    pub fn python(&self) -> Result<PathBuf, LabError> {
        let _lock = Lock::take(&self.paths.lock())?;
        python::ensure(&self.paths)
    }

    /// `docker-26` with containerd's store of images: not part of [`Lab::up`], because few tests need
    /// it. The first call takes some seconds.
    pub fn with_containerd(&self) -> Result<Engine, LabError> {
        let _lock = Lock::take(&self.paths.lock())?;
        engine::ensure_with_containerd(&self.paths)
    }

    /// Debian's program of this name that looks for secrets, if Debian has it: not part of [`Lab::up`],
    /// because only benches need it.
    pub(crate) fn scanner(&self, name: &str) -> Result<Option<Scanner>, LabError> {
        let _lock = Lock::take(&self.paths.lock())?;
        scanner::find(&self.paths, name)
    }

    /// Downloads these Debian packages into one folder and unpacks them side by side into another, as
    /// they are where they are installed; the packages stay.
    pub(crate) fn unpack_packages(
        &self,
        names: &[&str],
        packages: &Path,
        root: &Path,
    ) -> Result<(), LabError> {
        let lock = Lock::take(&self.paths.lock())?;
        let apt = fetch_lists(&self.paths)?;
        drop(lock);
        // The machine may have another version, of elsewhere.
        let names: Vec<_> = names.iter().map(|name| format!("{name}/{SUITE}")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        apt.download(&names, packages)?;
        apt::unpack(packages, root)
    }

    /// The base image's root folder as an archive.
    pub(crate) fn base_archive(&self) -> PathBuf {
        debian::base_archive(&self.paths)
    }

    /// OpenSSH that behaves like a large public host: any known key authenticates, a key opens only
    /// its repositories, six tries.
    #[must_use]
    pub fn git_host(&self) -> &GitHost {
        let [git, _] = &self.hosts;
        git
    }

    /// Dropbear with the same keys and repositories; it knows no host-bound authentication, and has
    /// no more than five unfinished logins at a time.
    #[must_use]
    pub fn plain_host(&self) -> &GitHost {
        let [_, plain] = &self.hosts;
        plain
    }

    /// A private key by its name in [`super::KEYS`]; `.pub` added names its public half.
    #[must_use]
    pub fn key(&self, name: &str) -> PathBuf {
        self.paths.keys().join(name)
    }

    /// Eleven keys that no server knows.
    #[must_use]
    pub fn decoys(&self) -> Vec<PathBuf> {
        (1..=DECOYS)
            .map(|number| self.key(&key::decoy(number)))
            .collect()
    }

    /// A `known_hosts` file with the host keys of both git hosts.
    #[must_use]
    pub fn known_hosts(&self) -> PathBuf {
        self.paths.known_hosts()
    }

    /// The lab's folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.paths.root()
    }
}

/// The parts that take packages from the network, side by side.
fn get_programs(paths: &Paths, engines: &[Engine; 2]) -> Result<(), LabError> {
    let mirror = mirror()?;
    say(&format!("taking Debian packages from {mirror}"));
    thread::scope(|scope| {
        let debian = scope.spawn(|| debian::make(paths, &mirror));
        let programs = get_engines(paths, &mirror, engines);
        joined(debian)?;
        programs
    })
}

fn get_engines(paths: &Paths, mirror: &str, engines: &[Engine; 2]) -> Result<(), LabError> {
    if !engine::are_unpacked(paths)? {
        let apt = Apt::fetch_lists(paths, SUITE, mirror)?;
        engine::unpack_all(paths, mirror, &apt)?;
    }
    engines.iter().try_for_each(Engine::ensure_up)
}

fn fetch_lists(paths: &Paths) -> Result<Apt, LabError> {
    Apt::fetch_lists(paths, SUITE, &mirror()?)
}
