//! A large saved image of what images hold: a Debian root, packages, a repository, archives.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::json;
use tar::{Builder, Header};
use tempfile::TempDir;

use super::content::{Content, Group};
use crate::lab::{Lab, LabError, run};

/// A saved image in the form of docker 25 and later, whose layers are named by their digests. It goes
/// when it is dropped.
#[derive(Debug)]
pub(super) struct SavedImage {
    folder: TempDir,
    layers: Vec<String>,
    /// Where its layers end and its documents begin.
    end_of_layers: u64,
}

impl SavedImage {
    /// Makes an image in the lab's folder. While it is made, it takes twice its length there.
    pub(super) fn make(lab: &Lab, content: &Content) -> Result<Self, LabError> {
        let mut folder = tempfile::Builder::new();
        let folder = folder.prefix("bench-").tempdir_in(lab.folder());
        let folder = folder.map_err(LabError::file("create a folder in", lab.folder()))?;
        let path = folder.path().join(FIRST);
        let file = File::create(&path).map_err(LabError::file("create", &path))?;
        let mut image = Self {
            folder,
            layers: Vec::new(),
            end_of_layers: 0,
        };
        let mut tar = Builder::new(file);
        image.add_layer(&mut tar, &lab.base_archive())?;
        for group in content.groups {
            for layer in image.make_layers(lab, group)? {
                image.add_layer(&mut tar, &layer)?;
                fs::remove_file(&layer).map_err(LabError::file("remove", &layer))?;
            }
        }
        tar.get_ref()
            .sync_all()
            .map_err(LabError::file("write", &path))?;
        let length = fs::metadata(&path).map(|data| data.len());
        image.end_of_layers = length.map_err(LabError::file("read", &path))?;
        image.finish(tar, &path)?;
        Ok(image)
    }

    /// The image.
    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join(FIRST)
    }

    /// Its length in megabytes.
    pub(super) fn megabytes(&self) -> u64 {
        fs::metadata(self.path()).map_or(0, |data| data.len() / 1_000_000)
    }

    /// How many layers it has.
    pub(super) fn layers(&self) -> usize {
        self.layers.len()
    }

    /// Saves the image that a build with another last step makes: one small layer more.
    pub(super) fn rebuilt(&mut self) -> Result<PathBuf, LabError> {
        let root = self.folder.path().join("root");
        write(&root.join("srv/app/version"), "2\n")?;
        let layer = self.pack(&root, "new")?;
        let path = self.folder.path().join("rebuilt.tar");
        let mut file = File::create(&path).map_err(LabError::file("create", &path))?;
        let old = File::open(self.path()).map_err(LabError::file("open", &self.path()))?;
        io::copy(&mut old.take(self.end_of_layers), &mut file)
            .map_err(LabError::file("write", &path))?;
        let mut tar = Builder::new(file);
        self.add_layer(&mut tar, &layer)?;
        self.finish(tar, &path)?;
        Ok(path)
    }

    /// The layer of a group's packages, and one of a repository of a part of them and of archives.
    fn make_layers(&self, lab: &Lab, group: &Group) -> Result<Vec<PathBuf>, LabError> {
        let (root, app) = (
            self.folder.path().join("root"),
            self.folder.path().join("app"),
        );
        let packages = self.folder.path().join("packages");
        lab.unpack_packages(group.packages, &packages, &root)?;
        let source = app.join("srv/app");
        copy(&root.join(group.source), &source)?;
        commit(&source)?;
        let archives = app.join("var/cache/apt/archives");
        for package in group.kept {
            move_package(&packages, package, &archives)?;
        }
        let release = app.join("srv/release.tar.gz");
        run(Command::new("tar")
            .arg("-C")
            .arg(&root)
            .arg("-czf")
            .args([&release])
            .arg(group.source))?;
        remove(&packages)?;
        Ok(vec![self.pack(&root, "packages")?, self.pack(&app, "app")?])
    }

    /// Makes a layer of a folder and removes the folder.
    fn pack(&self, root: &Path, name: &str) -> Result<PathBuf, LabError> {
        let layer = self.folder.path().join(format!("{name}.layer"));
        run(Command::new("tar")
            .arg("-C")
            .arg(root)
            .arg("-cf")
            .args([&layer])
            .arg("."))?;
        remove(root)?;
        Ok(layer)
    }

    fn add_layer(&mut self, tar: &mut Builder<File>, layer: &Path) -> Result<(), LabError> {
        let digest = digest(layer)?;
        let name = format!("{BLOBS}{digest}");
        tar.append_path_with_name(layer, name)
            .map_err(LabError::file("save", layer))?;
        self.layers.push(digest);
        Ok(())
    }

    fn finish(&self, mut tar: Builder<File>, path: &Path) -> Result<(), LabError> {
        let diff_ids: Vec<_> = self
            .layers
            .iter()
            .map(|hex| format!("sha256:{hex}"))
            .collect();
        let history: Vec<_> = (0..diff_ids.len())
            .map(|step| json!({"created_by": format!("COPY part-{step} /")}))
            .collect();
        let config = json!({"architecture": "amd64", "os": "linux", "config": {}, "history": history,
            "rootfs": {"type": "layers", "diff_ids": diff_ids}});
        let draft = self.folder.path().join("config");
        write(&draft, &config.to_string())?;
        let name = format!("{BLOBS}{}", digest(&draft)?);
        let layers: Vec<_> = self
            .layers
            .iter()
            .map(|hex| format!("{BLOBS}{hex}"))
            .collect();
        let manifest = json!([{"Config": name, "RepoTags": ["bench:1"], "Layers": layers}]);
        let failed = |error| LabError::file("write", path)(error);
        add(&mut tar, &name, &config.to_string()).map_err(failed)?;
        add(&mut tar, "manifest.json", &manifest.to_string()).map_err(failed)?;
        tar.finish().map_err(failed)
    }
}

/// Unpacks a saved image and then each of its layers into a folder of its own, as who looks for secrets
/// in an image with a program that reads folders. The folder stands beside the image.
pub(super) fn unpack(image: &Path) -> Result<TempDir, LabError> {
    let below = image.parent().unwrap_or(image);
    let folder =
        tempfile::tempdir_in(below).map_err(LabError::file("create a folder in", below))?;
    extract(image, folder.path())?;
    let found = run(Command::new("find")
        .arg(folder.path())
        .args(["-type", "f", "-size", "+1"]))?;
    for (number, file) in found.lines().map(Path::new).enumerate() {
        let layer = folder.path().join(format!("layer-{number}"));
        // A configuration is no archive.
        if is_tar(file) {
            extract(file, &layer)?;
            fs::remove_file(file).map_err(LabError::file("remove", file))?;
        }
    }
    Ok(folder)
}

fn is_tar(file: &Path) -> bool {
    let mut list = Command::new("tar");
    list.arg("-tf").arg(file);
    run(&mut list).is_ok()
}

fn extract(archive: &Path, into: &Path) -> Result<(), LabError> {
    fs::create_dir_all(into).map_err(LabError::file("create", into))?;
    let mut extract = Command::new("tar");
    // Devices are no files to search.
    extract.args(["--no-same-owner", "--exclude=./dev", "-C"]);
    run(extract.arg(into).arg("-xf").arg(archive)).map(drop)
}

/// A repository of a folder's files, with a pack.
fn commit(folder: &Path) -> Result<(), LabError> {
    let identity = ["-c", "user.name=app", "-c", "user.email=app@example.org"];
    let steps: [&[&str]; 4] = [
        &["init", "--quiet"],
        &["add", "--all", "--force"],
        &["commit", "--quiet", "--message", "everything"],
        &["gc", "--quiet"],
    ];
    for step in steps {
        run(Command::new("git")
            .arg("-C")
            .arg(folder)
            .args(identity)
            .args(step))?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), LabError> {
    fs::create_dir_all(to).map_err(LabError::file("create", to))?;
    run(Command::new("cp").arg("-a").arg(from.join(".")).arg(to)).map(drop)
}

fn move_package(packages: &Path, name: &str, to: &Path) -> Result<(), LabError> {
    fs::create_dir_all(to).map_err(LabError::file("create", to))?;
    let entries = fs::read_dir(packages).map_err(LabError::file("read", packages))?;
    let prefix = format!("{name}_");
    for entry in entries.flatten() {
        let name = entry.file_name();
        if name.to_string_lossy().starts_with(&prefix) {
            let path = entry.path();
            fs::rename(&path, to.join(name)).map_err(LabError::file("move", &path))?;
        }
    }
    Ok(())
}

fn digest(file: &Path) -> Result<String, LabError> {
    let line = run(Command::new("sha256sum").arg(file))?;
    Ok(line.split(' ').next().unwrap_or_default().to_owned())
}

fn add(tar: &mut Builder<File>, name: &str, text: &str) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_mode(0o644);
    header.set_size(u64::try_from(text.len()).unwrap_or_default());
    tar.append_data(&mut header, name, text.as_bytes())
}

fn write(path: &Path, text: &str) -> Result<(), LabError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(LabError::file("create", folder))?;
    }
    fs::write(path, text).map_err(LabError::file("write", path))
}

fn remove(folder: &Path) -> Result<(), LabError> {
    fs::remove_dir_all(folder).map_err(LabError::file("remove", folder))
}

const FIRST: &str = "image.tar";
const BLOBS: &str = "blobs/sha256/";
