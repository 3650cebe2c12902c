//! Podman and Buildah: no server, and one storage for both.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use super::LabError;
use super::apt::{self, Apt};
use super::file;
use super::paths::Paths;
use super::process::{run, say};

/// Podman or Buildah, as a program in a folder for `PATH` that brings the lab's own settings, images
/// and storage. RUN steps use the machine's network, with or without `--network host`.
#[derive(Clone, Debug)]
pub struct Daemonless {
    name: &'static str,
    bin: PathBuf,
    home: PathBuf,
    shared: PathBuf,
    own: Option<PathBuf>,
}

impl Daemonless {
    /// `podman` or `buildah`; also the program's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The program, with [`Daemonless::env`] set and no agent.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(self.program());
        command.envs(self.env()).env_remove("SSH_AUTH_SOCK");
        command
    }

    /// What a program needs in its environment to use this one by its plain name: `PATH`, an empty
    /// `HOME`, which a test may replace by its own, and `CONTAINERS_STORAGE_CONF` if it has a storage
    /// of its own. Of the lab's engines only this one is in `PATH`, before the machine's own programs.
    #[must_use]
    pub fn env(&self) -> Vec<(String, String)> {
        let system = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{system}:/usr/sbin:/sbin", self.bin.display());
        let home = self.home.display().to_string();
        let mut env = vec![("PATH".to_owned(), path), ("HOME".to_owned(), home)];
        if let Some(settings) = &self.own {
            let settings = settings.display().to_string();
            env.push(("CONTAINERS_STORAGE_CONF".to_owned(), settings));
        }
        env
    }

    /// The same program with a storage of its own in a folder, beside the lab's images, which it can
    /// only read. In one storage, a build fails while another removes an image. What a killed build
    /// leaves mounted there is undone by [`super::unmount_below`].
    pub fn with_storage(&self, folder: &Path) -> Result<Self, LabError> {
        let settings = folder.join("storage.conf");
        file::write(&settings, &storage_conf(folder, Some(&self.shared)), 0o644)?;
        Ok(Self {
            own: Some(settings),
            ..self.clone()
        })
    }

    /// The program's own version, if it runs.
    #[must_use]
    pub fn version(&self) -> Option<String> {
        let text = run(self.command().arg("--version")).ok()?;
        text.split_whitespace().nth(2).map(str::to_owned)
    }

    fn at(paths: &Paths, name: &'static str) -> Self {
        Self {
            name,
            bin: folder(paths).join("bin").join(name),
            home: paths.home(),
            shared: folder(paths).join("data"),
            own: None,
        }
    }

    fn program(&self) -> PathBuf {
        self.bin.join(self.name)
    }
}

/// Both programs, there or not.
pub(super) fn find(paths: &Paths) -> [Daemonless; 2] {
    NAMES.map(|name| Daemonless::at(paths, name))
}

/// The names of all images in the storage; none before there is one.
pub(super) fn images(paths: &Paths) -> Vec<String> {
    let [podman, _] = find(paths);
    let list = ["images", "--format", "{{.Repository}}:{{.Tag}}"];
    let names = run(podman.command().args(list)).unwrap_or_default();
    names
        .lines()
        .map(|name| name.trim_start_matches("localhost/").to_owned())
        .collect()
}

/// Whether both programs are there.
pub(super) fn are_unpacked(paths: &Paths) -> Result<bool, LabError> {
    Ok(file::read(&paths.stamp("daemonless"))?.as_deref() == Some(VERSION))
}

/// Gets both programs from Debian's packages.
pub(super) fn unpack(paths: &Paths, apt: &Apt) -> Result<(), LabError> {
    say("getting podman and buildah");
    let packages = folder(paths).join("packages");
    file::remove(&packages)?;
    apt.download_for(Path::new("/var/lib/dpkg/status"), &PACKAGES, &packages)?;
    // Exactly these even where the machine has them.
    apt.download(&PACKAGES, &packages)?;
    apt::unpack(&packages, &root(paths))?;
    file::remove(&packages)?;
    file::write(&paths.stamp("daemonless"), VERSION, 0o644).map(drop)
}

/// Writes the settings, and loads the images' archives that are not loaded yet.
pub(super) fn ensure(paths: &Paths, archives: &[PathBuf]) -> Result<(), LabError> {
    let [podman, _] = find(paths);
    write_settings(paths)?;
    forget_last_boot(paths)?;
    for archive in archives {
        let name = archive.file_name().unwrap_or_default().to_string_lossy();
        let stamp = paths.stamp(&format!("podman-{name}"));
        if !stamp.exists() {
            say(&format!("loading {name} into podman"));
            run(podman.command().args(["load", "--input"]).arg(archive))?;
            file::write(&stamp, "", 0o644)?;
        }
    }
    Ok(())
}

/// Removes what says which file systems are mounted: nothing is, after [`super::Lab::down`].
pub(super) fn forget_mounts(paths: &Paths) -> Result<(), LabError> {
    file::remove(&folder(paths).join("run"))
}

/// Podman takes its own state for that of this boot, as it is in `/run` elsewhere.
fn forget_last_boot(paths: &Paths) -> Result<(), LabError> {
    let path = Path::new("/proc/sys/kernel/random/boot_id");
    let boot = fs::read_to_string(path).map_err(LabError::file("read", path))?;
    let stamp = paths.stamp("podman-boot");
    if file::read(&stamp)?.as_ref() != Some(&boot) {
        forget_mounts(paths)?;
        file::write(&stamp, &boot, 0o644)?;
    }
    Ok(())
}

fn write_settings(paths: &Paths) -> Result<(), LabError> {
    let (folder, root) = (folder(paths), root(paths));
    let settings = folder.join("settings");
    for (name, text) in [
        ("containers.conf", containers_conf(&folder, &root)),
        ("storage.conf", storage_conf(&folder, None)),
        ("registries.conf", REGISTRIES.to_owned()),
        ("policy.json", policy()),
    ] {
        file::write(&settings.join(name), &text, 0o644)?;
    }
    for tool in find(paths) {
        file::write(&tool.program(), &wrapper(paths, tool.name), 0o755)?;
    }
    Ok(())
}

/// Locks in files: podman's own would be one shared memory object for the whole machine.
fn containers_conf(folder: &Path, root: &Path) -> String {
    let (folder, root) = (folder.display(), root.display());
    format!(
        "[containers]\n\
         netns = \"host\"\n\
         seccomp_profile = \"{root}/usr/share/containers/seccomp.json\"\n\
         [engine]\n\
         runtime = \"runc\"\n\
         cgroup_manager = \"cgroupfs\"\n\
         events_logger = \"none\"\n\
         lock_type = \"file\"\n\
         tmp_dir = \"{folder}/run/podman\"\n\
         conmon_path = [\"{root}/usr/bin/conmon\"]\n\
         helper_binaries_dir = [\"{root}/usr/lib/podman\"]\n\
         [engine.runtimes]\n\
         runc = [\"{root}/usr/sbin/runc\"]\n\
         [network]\n\
         cni_plugin_dirs = [\"{root}/usr/lib/cni\"]\n\
         network_config_dir = \"{folder}/networks\"\n"
    )
}

fn storage_conf(folder: &Path, images: Option<&Path>) -> String {
    let images = images.map(|images| format!("\"{}\"", images.display()));
    let (folder, images) = (folder.display(), images.unwrap_or_default());
    format!(
        "[storage]\n\
         driver = \"overlay\"\n\
         graphroot = \"{folder}/data\"\n\
         runroot = \"{folder}/run\"\n\
         [storage.options]\n\
         additionalimagestores = [{images}]\n\
         [storage.options.overlay]\n\
         skip_mount_home = \"true\"\n"
    )
}

/// Images are the lab's own: nothing is signed.
fn policy() -> String {
    json!({ "default": [{ "type": "insecureAcceptAnything" }] }).to_string()
}

/// The signature policy has no variable, so commands that read it get an option.
fn wrapper(paths: &Paths, name: &str) -> String {
    let (folder, root) = (folder(paths), root(paths));
    let libraries = apt::libraries(&root).unwrap_or_default();
    let (folder, root, libraries) = (folder.display(), root.display(), libraries.display());
    format!(
        "#!/bin/sh\n\
         # {name} with the lab's own programs, settings and storage.\n\
         export LD_LIBRARY_PATH={libraries}\n\
         export CONTAINERS_CONF={folder}/settings/containers.conf\n\
         export CONTAINERS_STORAGE_CONF=\"${{CONTAINERS_STORAGE_CONF:-{folder}/settings/storage.conf}}\"\n\
         export CONTAINERS_REGISTRIES_CONF={folder}/settings/registries.conf\n\
         case ${{1-}} in\n\
         {POLICY_COMMANDS})\n\
         \tcommand=$1\n\
         \tshift\n\
         \texec {root}/usr/bin/{name} \"$command\" --signature-policy={folder}/settings/policy.json \"$@\"\n\
         \t;;\n\
         esac\n\
         exec {root}/usr/bin/{name} \"$@\"\n"
    )
}

fn folder(paths: &Paths) -> PathBuf {
    paths.engine("podman")
}

fn root(paths: &Paths) -> PathBuf {
    folder(paths).join("root")
}

const NAMES: [&str; 2] = ["podman", "buildah"];

/// `runc` instead of Debian's first choice, which refuses to run where both versions of cgroups are
/// mounted.
const PACKAGES: [&str; 6] = [
    "podman",
    "buildah",
    "conmon",
    "golang-github-containers-common",
    "golang-github-containers-image",
    "runc",
];

/// Names without a registry are the lab's: loaded images are called `localhost/keystay/base:1`, and
/// that is looked up first. Without a registry to search, a name that is not there is an error.
const REGISTRIES: &str = "unqualified-search-registries = []\n";

const POLICY_COMMANDS: &str = "build | bud | create | from | load | pull | push | run | save";

const VERSION: &str = "1";
