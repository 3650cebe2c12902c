//! Real programs that pack things.

use std::{
    ffi::OsStr,
    fs,
    io::{Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

/// A folder to work in.
#[derive(Debug)]
pub(super) struct Workshop {
    folder: TempDir,
}

impl Workshop {
    /// An empty one.
    pub(super) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    /// What a program makes of its standard input.
    #[track_caller]
    pub(super) fn pipe(&self, program: &str, arguments: &[&str], input: &[u8]) -> Vec<u8> {
        let mut child = Command::new(program)
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{program} is missing, install it: {error}"));
        let mut stdin = child.stdin.take().expect("its standard input");
        let output = std::thread::scope(|scope| {
            scope.spawn(move || stdin.write_all(input));
            child.wait_with_output().expect("its output")
        });
        assert!(output.status.success(), "{program} failed");
        output.stdout
    }

    /// A zip file with one file in it.
    #[track_caller]
    pub(super) fn zip(&self, name: &str, content: &[u8]) -> Vec<u8> {
        fs::write(self.path(name), content).expect("a file");
        self.run("zip", ["-q", "out.zip", name]);
        self.take("out.zip")
    }

    /// A Debian package with one file in it.
    #[track_caller]
    pub(super) fn deb(&self, path: &str, content: &[u8]) -> Vec<u8> {
        let root = self.path("package");
        let file = root.join(path);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::create_dir_all(root.join("DEBIAN")).expect("a folder");
        fs::write(root.join("DEBIAN/control"), CONTROL).expect("a file");
        fs::write(file, content).expect("a file");
        self.run(
            "dpkg-deb",
            ["--build", "--root-owner-group", "package", "out.deb"],
        );
        fs::remove_dir_all(root).expect("to clean up");
        self.take("out.deb")
    }

    /// A tar archive of a file that is mostly holes, in one of GNU tar's formats.
    #[track_caller]
    pub(super) fn sparse(&self, format: &str, content: &[u8]) -> Vec<u8> {
        let mut file = fs::File::create(self.path("disk")).expect("a file");
        for hole in [1_i64 << 20, 3 << 20] {
            file.seek(SeekFrom::Current(hole)).expect("a hole");
            file.write_all(content).expect("room in it");
        }
        file.set_len(8 << 20).expect("a hole at the end");
        let format = format!("--format={format}");
        self.run("tar", ["--sparse", &format, "-cf", "out.tar", "disk"]);
        self.take("out.tar")
    }

    /// An archive of `ar` with one file in it.
    #[track_caller]
    pub(super) fn ar(&self, name: &str, content: &[u8]) -> Vec<u8> {
        fs::write(self.path(name), content).expect("a file");
        self.run("ar", ["rc", "out.a", name]);
        self.take("out.a")
    }

    /// The files of a git repository that had a file once: loose objects, or a pack.
    #[track_caller]
    pub(super) fn git(&self, content: &[u8], is_packed: bool) -> Vec<(String, Vec<u8>)> {
        let root = self.path("repository");
        self.run("git", ["init", "-q", "repository"]);
        let git = |arguments: &[&str]| {
            let identity = ["-c", "user.name=c", "-c", "user.email=c@example.org"];
            let all = ["-C", "repository"]
                .iter()
                .chain(&identity)
                .chain(arguments);
            self.run("git", all);
        };
        fs::write(root.join("id"), content).expect("a file");
        git(&["add", "."]);
        git(&["commit", "-q", "-m", "oops"]);
        git(&["rm", "-q", "id"]);
        git(&["commit", "-q", "-m", "away with it"]);
        if is_packed {
            git(&["gc", "-q"]);
        }
        let mut files = Vec::new();
        collect(&root, Path::new("srv/app"), &mut files);
        fs::remove_dir_all(root).expect("to clean up");
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    #[track_caller]
    fn run<S: AsRef<OsStr>>(&self, program: &str, arguments: impl IntoIterator<Item = S>) {
        let ran = Command::new(program)
            .args(arguments)
            .current_dir(self.folder.path())
            .stdout(Stdio::null())
            .status()
            .unwrap_or_else(|error| panic!("{program} is missing, install it: {error}"));
        assert!(ran.success(), "{program} failed");
    }

    fn take(&self, name: &str) -> Vec<u8> {
        let path = self.path(name);
        let bytes = fs::read(&path).expect("what was made");
        fs::remove_file(path).expect("to clean up");
        bytes
    }
}

fn collect(folder: &Path, name: &Path, files: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = name.join(entry.file_name());
        if entry.path().is_dir() {
            collect(&entry.path(), &name, files);
        } else {
            let content = fs::read(entry.path()).expect("a file");
            files.push((name.to_string_lossy().into_owned(), content));
        }
    }
}

const CONTROL: &str = "\
Package: corpus
Version: 1
Architecture: all
Maintainer: Corpus <corpus@example.org>
Description: one file
";
