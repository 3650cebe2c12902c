//! Programs on the path.

use std::{
    env::{self, consts::EXE_SUFFIX},
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use crate::engine::Variables;

/// The first executable of that name in `PATH`.
pub(super) fn find(name: &str, variables: &Variables) -> Option<PathBuf> {
    let folders = variables.get("PATH")?;
    // An empty entry means the current folder: not where a program is to be found by surprise.
    env::split_paths(folders)
        .filter(|folder| !folder.as_os_str().is_empty())
        .map(|folder| folder.join(format!("{name}{EXE_SUFFIX}")))
        .find(|path| is_executable(path))
}

/// Whether the path is a file that somebody may execute.
pub(super) fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_cannot_run_are_passed_over() {
        let [plain, program] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        fs::write(plain.path().join("docker"), "").unwrap();
        let file = program.path().join("docker");
        fs::write(&file, "").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        let path = env::join_paths([plain.path(), Path::new(""), program.path()]).unwrap();
        let variables = [("PATH", path.to_str().unwrap())].into_iter().collect();
        assert_eq!(find("docker", &variables), Some(file));
        assert_eq!(find("docker", &Variables::default()), None);
    }
}
