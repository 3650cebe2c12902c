//! The private repositories.

mod catalogue;
mod large;

use std::path::{Path, PathBuf};
use std::process::Command;

use super::LabError;
use super::file;
use super::paths::Paths;
use super::process::run;

use self::catalogue::SUBMODULES;
pub use self::catalogue::{DEPENDENCIES, REPOSITORIES, WITH_SUBMODULES};

/// One private repository, the same on both git hosts. Its commits are the same on every machine.
#[derive(Clone, Copy, Debug)]
pub struct Repository {
    /// Its name on the host, without `.git`.
    pub name: &'static str,
    /// Path and text of every file of branch `main` and of tag `v1.0.0`.
    pub files: &'static [(&'static str, &'static str)],
}

/// The name of a repository of 90 MiB that cannot be compressed, in 90 files of one commit.
pub const LARGE: &str = "acme/large";

/// Every repository's name.
pub(super) fn names() -> Vec<&'static str> {
    let small = small().map(|repository| repository.name);
    small.chain([WITH_SUBMODULES.name, LARGE]).collect()
}

/// Makes the repositories that are not there yet or whose content has changed.
pub(super) fn make_all(paths: &Paths, owner: u32) -> Result<(), LabError> {
    for repository in small() {
        let content = format!("{:?}", repository.files);
        make_one(paths, owner, repository.name, &content, |tree| {
            commit_files(tree, repository)
        })?;
    }
    let content = format!("{:?}", WITH_SUBMODULES.files);
    make_one(paths, owner, WITH_SUBMODULES.name, &content, |tree| {
        commit_submodules(paths, tree)
    })?;
    make_one(paths, owner, LARGE, large::VERSION, large::commit)
}

fn small() -> impl Iterator<Item = &'static Repository> {
    REPOSITORIES.iter().chain(&DEPENDENCIES)
}

/// `content` stands for what the commits hold.
fn make_one(
    paths: &Paths,
    owner: u32,
    name: &str,
    content: &str,
    commit: impl FnOnce(&Path) -> Result<(), LabError>,
) -> Result<(), LabError> {
    let bare = bare(paths, name);
    let stamp = paths.stamp(&format!("repo-{}", name.replace('/', "-")));
    if bare.exists() && file::read(&stamp)?.as_deref() == Some(content) {
        return Ok(());
    }
    file::remove(&bare)?;
    make(&bare, commit)?;
    file::give(&bare, owner)?;
    file::write(&stamp, content, 0o644).map(drop)
}

/// Where a repository is on this machine.
pub(super) fn bare(paths: &Paths, name: &str) -> PathBuf {
    paths.debian().join("srv/git").join(format!("{name}.git"))
}

/// A bare repository of what is committed in a draft, tagged.
fn make(bare: &Path, commit: impl FnOnce(&Path) -> Result<(), LabError>) -> Result<(), LabError> {
    let draft = tempfile::tempdir().map_err(LabError::file("create", &std::env::temp_dir()))?;
    let tree = draft.path();
    run(git(tree).args(["init", "--quiet", "--initial-branch=main", "--template="]))?;
    commit(tree)?;
    run(git(tree).args(["tag", "--annotate", "--message", "First release", "v1.0.0"]))?;
    run(git(tree)
        .args(["clone", "--quiet", "--bare", "--template=", "."])
        .arg(bare))?;
    for setting in ["uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"] {
        run(git(bare).args(["config", setting, "true"]))?;
    }
    Ok(())
}

fn commit_files(tree: &Path, repository: &Repository) -> Result<(), LabError> {
    for (path, text) in repository.files {
        file::write(&tree.join(path), text, 0o644)?;
        run(git(tree).args(["add", path]))?;
        run(git(tree).args(["commit", "--quiet", "--message", &format!("Add {path}")]))?;
    }
    Ok(())
}

/// The other repositories are made already.
fn commit_submodules(paths: &Paths, tree: &Path) -> Result<(), LabError> {
    commit_files(tree, &WITH_SUBMODULES)?;
    for (path, name) in SUBMODULES {
        let head = run(git(&bare(paths, name)).args(["rev-parse", "v1.0.0^{commit}"]))?;
        let entry = format!("160000,{},{path}", head.trim());
        run(git(tree).args(["update-index", "--add", "--cacheinfo", &entry]))?;
    }
    run(git(tree).args(["commit", "--quiet", "--message", "Add submodules"])).map(drop)
}

/// Git with fixed settings, author and times, so that commits do not depend on the machine.
fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        // Repositories of the user `git` are read too.
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "safe.directory")
        .env("GIT_CONFIG_VALUE_0", "*")
        .env("GIT_DEFAULT_HASH", "sha1");
    for who in ["AUTHOR", "COMMITTER"] {
        command
            .env(format!("GIT_{who}_NAME"), "Acme")
            .env(format!("GIT_{who}_EMAIL"), "dev@acme.example")
            .env(format!("GIT_{who}_DATE"), "2024-01-01T00:00:00Z");
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_has_the_same_commits_wherever_it_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let head = |name: &str| {
            let bare = folder.path().join(name);
            make(&bare, |tree| commit_files(tree, &REPOSITORIES[0])).unwrap();
            run(git(&bare).args(["rev-parse", "main"])).unwrap()
        };
        assert_eq!(head("one"), head("two"));
    }
}
