//! Debian packages for the lab alone: own lists and caches, the machine's own mirror.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::LabError;
use super::file;
use super::paths::Paths;
use super::process::run;

/// Packages of one Debian release.
#[derive(Clone, Debug)]
pub(super) struct Apt {
    folder: PathBuf,
}

impl Apt {
    /// Fetches the release's package lists.
    pub(super) fn fetch_lists(paths: &Paths, suite: &str, mirror: &str) -> Result<Self, LabError> {
        let folder = paths.apt(suite);
        file::create_folder(&folder.join("state/lists/partial"))?;
        file::create_folder(&folder.join("cache/archives/partial"))?;
        file::write(
            &folder.join("sources.list"),
            &source_line(mirror, suite),
            0o644,
        )?;
        file::write(&folder.join("apt.conf"), &configuration(&folder), 0o644)?;
        let apt = Self { folder };
        run(apt.command().arg("update").args(NO_DESKTOP_DATA))?;
        Ok(apt)
    }

    /// Downloads exactly these packages into a folder.
    pub(super) fn download(&self, packages: &[&str], into: &Path) -> Result<(), LabError> {
        file::create_folder(into)?;
        run(self
            .command()
            .arg("download")
            .args(packages)
            .current_dir(into))
        .map(drop)
    }

    /// Downloads into a folder these packages and all they need beyond what `status`, a dpkg status
    /// file, says is installed.
    pub(super) fn download_for(
        &self,
        status: &Path,
        packages: &[&str],
        into: &Path,
    ) -> Result<(), LabError> {
        file::create_folder(&into.join("partial"))?;
        run(self
            .command()
            .args([
                "install",
                "--yes",
                "--no-install-recommends",
                "--download-only",
            ])
            .arg(option("Dir::State::status", status))
            .arg(option("Dir::Cache::archives", into))
            .arg("-oDebug::NoLocking=1")
            .args(packages))?;
        file::remove(&into.join("partial"))
    }

    /// The version of a package that would be downloaded; nothing if the release has no such package.
    pub(super) fn candidate(&self, package: &str) -> Result<Option<String>, LabError> {
        let table = run(self.program("apt-cache").arg("madison").arg(package))?;
        let version = table.lines().next().and_then(|line| line.split('|').nth(1));
        Ok(version.map(|version| version.trim().to_owned()))
    }

    fn command(&self) -> Command {
        self.program("apt-get")
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        command
            .arg("--quiet")
            .env("APT_CONFIG", self.folder.join("apt.conf"))
            .env("DEBIAN_FRONTEND", "noninteractive");
        command
    }
}

/// The address of the Debian mirror that the machine itself uses.
pub(super) fn mirror() -> Result<String, LabError> {
    let targets = run(Command::new("apt-get").args([
        "indextargets",
        // On a new machine nothing has been fetched yet.
        "--no-release-info",
        "--format",
        "$(REPO_URI) $(RELEASE) $(COMPONENT)",
        "Created-By: Packages",
    ]))?;
    targets
        .lines()
        .find_map(main_release)
        .ok_or(LabError::NoMirror {
            suites: "bookworm and trixie",
        })
}

/// Unpacks all packages of a folder side by side into another; no package script runs.
pub(super) fn unpack(packages: &Path, into: &Path) -> Result<(), LabError> {
    file::create_folder(into)?;
    for package in files(packages)? {
        run(Command::new("dpkg-deb")
            .arg("--extract")
            .arg(package)
            .arg(into))?;
    }
    Ok(())
}

/// Where a root folder of unpacked packages has its libraries, if it has any.
pub(super) fn libraries(root: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(root.join("usr/lib")).ok()?;
    entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .find(|path| path.to_string_lossy().ends_with("-linux-gnu"))
}

/// The package files in a folder.
fn files(folder: &Path) -> Result<Vec<PathBuf>, LabError> {
    let entries = fs::read_dir(folder).map_err(LabError::file("read", folder))?;
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .collect();
    found.sort();
    Ok(found)
}

/// The address in a line `ADDRESS RELEASE COMPONENT` that names a whole Debian release.
fn main_release(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    let (address, release, component) = (words.next()?, words.next()?, words.next()?);
    let whole = component == "main" && RELEASES.contains(&release);
    whole.then(|| address.trim_end_matches('/').to_owned())
}

fn source_line(mirror: &str, suite: &str) -> String {
    let signed = if Path::new(KEYRING).exists() {
        format!("[signed-by={KEYRING}] ")
    } else {
        String::new()
    };
    format!("deb {signed}{mirror} {suite} main\n")
}

fn configuration(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "Dir::State \"{folder}/state\";\n\
         Dir::State::status \"/var/lib/dpkg/status\";\n\
         Dir::Cache \"{folder}/cache\";\n\
         Dir::Etc::SourceList \"{folder}/sources.list\";\n\
         Dir::Etc::SourceParts \"-\";\n\
         Dir::Etc::Preferences \"-\";\n\
         Dir::Etc::PreferencesParts \"-\";\n\
         Acquire::Languages \"none\";\n\
         APT::Sandbox::User \"root\";\n"
    )
}

fn option(name: &str, value: &Path) -> String {
    format!("-o{name}={}", value.display())
}

/// Signs Debian's releases; part of every Debian.
pub(super) const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

const NO_DESKTOP_DATA: [&str; 1] = ["-oAcquire::IndexTargets::deb::DEP-11::DefaultEnabled=false"];

const RELEASES: [&str; 9] = [
    "bookworm",
    "trixie",
    "forky",
    "sid",
    "stable",
    "oldstable",
    "oldoldstable",
    "testing",
    "unstable",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_is_the_one_that_serves_a_whole_release() {
        let lines = [
            "http://mirror.example/debian-security/ bookworm-security main",
            "http://tools.example/apt nodistro main",
            "http://mirror.example/debian/ bookworm contrib",
            "http://mirror.example/debian/ bookworm main",
        ];
        let found: Vec<_> = lines.into_iter().filter_map(main_release).collect();
        assert_eq!(found, ["http://mirror.example/debian"]);
    }
}
