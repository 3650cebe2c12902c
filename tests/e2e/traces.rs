//! What a key leaves behind where it should not be: a search that shares nothing with Keystay's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use keystay_tests::lab::{Engine, Lab};
use tempfile::NamedTempFile;

/// What to look for, and since when.
pub(crate) struct Traces {
    since: NamedTempFile,
    needles: Vec<Vec<u8>>,
}

impl Traces {
    /// From now on, and for a P-384 key in an OpenSSH file without a passphrase: the lines of its
    /// base64, and its secret number.
    pub(crate) fn of(key: &Path) -> Self {
        let since = NamedTempFile::new().unwrap();
        let lines = body_lines(key);
        // The first line holds what every file without a passphrase begins with.
        let mut needles: Vec<_> = lines.into_iter().skip(1).map(String::into_bytes).collect();
        needles.push(secret_number(key));
        Self { since, needles }
    }

    /// The files of an engine, changed since, that hold a form of the key: layers, the build cache
    /// and its records, everything that the engine keeps.
    pub(crate) fn in_engine(&self, lab: &Lab, engine: &Engine) -> Vec<PathBuf> {
        self.in_folder(&data(lab, engine))
    }

    /// The same for the files of a folder.
    pub(crate) fn in_folder(&self, folder: &Path) -> Vec<PathBuf> {
        self.holding(folder, &self.needles)
    }

    /// The files of an engine, changed since, that hold a text: shows that the search can find.
    pub(crate) fn of_text(&self, lab: &Lab, engine: &Engine, text: &str) -> Vec<PathBuf> {
        self.holding(&data(lab, engine), &[text.as_bytes().to_owned()])
    }

    fn holding(&self, folder: &Path, needles: &[Vec<u8>]) -> Vec<PathBuf> {
        let mut find = Command::new("find");
        find.arg(folder).args(["-xdev", "-type", "f", "-newercm"]);
        let output = find.arg(self.since.path()).output().unwrap();
        let files = String::from_utf8(output.stdout).unwrap();
        let files = files.lines().map(PathBuf::from);
        // Files of other builds come and go beside it.
        let holds = |path: &PathBuf| fs::read(path).is_ok_and(|bytes| holds_any(&bytes, needles));
        files.filter(holds).collect()
    }
}

fn data(lab: &Lab, engine: &Engine) -> PathBuf {
    lab.folder().join("engine").join(engine.name()).join("data")
}

fn holds_any(bytes: &[u8], needles: &[Vec<u8>]) -> bool {
    let mut needles = needles.iter();
    needles.any(|needle| bytes.windows(needle.len()).any(|part| part == needle))
}

/// The lines of a key file between its markers.
fn body_lines(key: &Path) -> Vec<String> {
    let text = fs::read_to_string(key).unwrap();
    let body = text.lines().filter(|line| !line.starts_with("-----"));
    body.map(str::to_owned).collect()
}

/// The secret number. It stands behind the last copy of the public point, behind its length.
fn secret_number(key: &Path) -> Vec<u8> {
    let bytes = decoded(&body_lines(key).concat());
    let public = fs::read_to_string(key.with_added_extension("pub")).unwrap();
    let public = decoded(public.split_whitespace().nth(1).unwrap());
    let point = &public[public.len() - POINT..];
    let last = bytes.windows(POINT).rposition(|part| part == point);
    let (length, rest) = bytes[last.unwrap() + POINT..].split_at(4);
    let length = usize::from(length[3]);
    assert!((40..=49).contains(&length), "{length}");
    // A number whose first bit is set has a zero before it.
    let number = rest[..length].iter().skip_while(|byte| **byte == 0);
    number.copied().collect()
}

fn decoded(base64: &str) -> Vec<u8> {
    let script = "printf %s \"$1\" | base64 -d";
    let output = Command::new("sh")
        .args(["-c", script, "sh", base64])
        .output();
    output.unwrap().stdout
}

/// The length of a public point of NIST P-384.
const POINT: usize = 97;

#[test]
fn both_forms_of_a_key_are_found() {
    let lab = Lab::up().unwrap();
    let key = lab.key("dev-p384");
    let traces = Traces::of(&key);
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("other"), "text").unwrap();
    assert!(traces.in_folder(folder.path()).is_empty());

    for (name, bytes) in [
        ("text", fs::read(&key).unwrap()),
        ("bytes", decoded(&body_lines(&key).concat())),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        assert_eq!(traces.in_folder(folder.path()), std::slice::from_ref(&path));
        fs::remove_file(path).unwrap();
    }
}
