//! The private repositories.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::LabError;
use super::file;
use super::paths::Paths;
use super::process::run;

/// One private repository, the same on both git hosts. Its commits are the same on every machine.
#[derive(Clone, Copy, Debug)]
pub struct Repository {
    /// Its name on the host, without `.git`.
    pub name: &'static str,
    /// Path and text of every file of branch `main` and of tag `v1.0.0`.
    pub files: &'static [(&'static str, &'static str)],
}

/// Every repository of the lab.
pub const REPOSITORIES: [Repository; 7] = [
    Repository {
        name: "acme/lib-a",
        files: &[("README", "library a\n"), ("a.txt", "alpha\n")],
    },
    Repository {
        name: "acme/lib-b",
        files: &[("README", "library b\n"), ("b.txt", "beta\n")],
    },
    Repository {
        name: "acme/tools/x",
        files: &[("README", "tool x\n"), ("x.sh", "echo x\n")],
    },
    Repository {
        name: "acme/npm-greet",
        files: &[
            (
                "package.json",
                "{\n  \"name\": \"greet\",\n  \"version\": \"1.0.0\",\n  \"main\": \"index.js\"\n}\n",
            ),
            (
                "index.js",
                "module.exports = name => `hello ${name} from npm`\n",
            ),
        ],
    },
    Repository {
        name: "acme/go-greet",
        files: &[
            ("go.mod", "module github.com/acme/go-greet\n\ngo 1.19\n"),
            (
                "greet.go",
                "// Package greet greets.\npackage greet\n\n\
                 // Hello greets somebody.\n\
                 func Hello(name string) string { return \"hello \" + name + \" from go\" }\n",
            ),
        ],
    },
    Repository {
        name: "acme/py-greet",
        files: &[
            (
                "setup.py",
                "from setuptools import setup\n\n\
                 setup(name='greet', version='1.0.0', py_modules=['greet'])\n",
            ),
            (
                "greet.py",
                "def hello(name):\n    return f'hello {name} from python'\n",
            ),
        ],
    },
    Repository {
        name: "acme/cargo-greet",
        files: &[
            (
                "Cargo.toml",
                "[package]\nname = \"greet\"\nversion = \"1.0.0\"\nedition = \"2021\"\n",
            ),
            (
                "src/lib.rs",
                "pub fn hello(name: &str) -> String {\n    format!(\"hello {name} from cargo\")\n}\n",
            ),
        ],
    },
];

/// Makes the repositories that are not there yet or whose content has changed.
pub(super) fn make_all(paths: &Paths, owner: u32) -> Result<(), LabError> {
    for repository in &REPOSITORIES {
        let bare = bare(paths, repository.name);
        let stamp = paths.stamp(&format!("repo-{}", repository.name.replace('/', "-")));
        let content = format!("{:?}", repository.files);
        if bare.exists() && file::read(&stamp)?.as_deref() == Some(content.as_str()) {
            continue;
        }
        file::remove(&bare)?;
        make(repository, &bare)?;
        file::give(&paths.debian().join("srv/git"), owner)?;
        file::write(&stamp, &content, 0o644)?;
    }
    Ok(())
}

/// Where a repository is on this machine.
pub(super) fn bare(paths: &Paths, name: &str) -> PathBuf {
    paths.debian().join("srv/git").join(format!("{name}.git"))
}

fn make(repository: &Repository, bare: &Path) -> Result<(), LabError> {
    let draft = tempfile::tempdir().map_err(LabError::file("create", &std::env::temp_dir()))?;
    let tree = draft.path();
    run(git(tree).args(["init", "--quiet", "--initial-branch=main", "--template="]))?;
    for (path, text) in repository.files {
        file::write(&tree.join(path), text, 0o644)?;
        run(git(tree).args(["add", path]))?;
        run(git(tree).args(["commit", "--quiet", "--message", &format!("Add {path}")]))?;
    }
    run(git(tree).args(["tag", "--annotate", "--message", "First release", "v1.0.0"]))?;
    run(git(tree)
        .args(["clone", "--quiet", "--bare", "--template=", "."])
        .arg(bare))?;
    for setting in ["uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"] {
        run(git(bare).args(["config", setting, "true"]))?;
    }
    Ok(())
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
            make(&REPOSITORIES[0], &bare).unwrap();
            run(git(&bare).args(["rev-parse", "main"])).unwrap()
        };
        assert_eq!(head("one"), head("two"));
    }
}
