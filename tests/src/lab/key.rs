//! The lab's keys, and what each opens.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::LabError;
use super::file;
use super::paths::Paths;
use super::process::{run, say};

/// What a key opens on both git hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing: no server knows the key.
    None,
    /// One repository, for reading.
    Read(&'static str),
    /// Every repository, for reading and writing.
    All,
}

/// One key of the lab.
#[derive(Clone, Copy, Debug)]
pub struct KeySpec {
    /// Its name, as in [`super::Lab::key`]; the public half has `.pub` added.
    pub name: &'static str,
    /// What it opens.
    pub access: Access,
    make: Make,
}

/// The passphrase of every encrypted key of the lab.
pub const PASSPHRASE: &str = "correct horse";

/// Every key of the lab. Names with an ending are other forms of the key without it.
pub const KEYS: [KeySpec; 16] = [
    new("deploy-a", Access::Read("acme/lib-a"), "ed25519", "", ""),
    new("deploy-b", Access::Read("acme/lib-b"), "ed25519", "", ""),
    new("dev", Access::All, "ed25519", "", ""),
    new("dev-ecdsa", Access::All, "ecdsa", "256", ""),
    new("dev-p384", Access::All, "ecdsa", "384", ""),
    new("dev-p521", Access::All, "ecdsa", "521", ""),
    new("dev-rsa", Access::All, "rsa", "3072", ""),
    new("dev-enc", Access::All, "ed25519", "", PASSPHRASE),
    new("stranger", Access::None, "ed25519", "", ""),
    form("dev-ecdsa.pem", "dev-ecdsa", "PEM", ""),
    form("dev-ecdsa.pk8", "dev-ecdsa", "PKCS8", ""),
    form("dev-rsa.pem", "dev-rsa", "PEM", ""),
    form("dev-rsa.pk8", "dev-rsa", "PKCS8", ""),
    form("dev-rsa.enc", "dev-rsa", "RFC4716", PASSPHRASE),
    form("dev-rsa.enc.pem", "dev-rsa", "PEM", PASSPHRASE),
    form("dev-rsa.enc.pk8", "dev-rsa", "PKCS8", PASSPHRASE),
];

/// How many keys named `decoy-1` and so on there are; no server knows them.
pub(super) const DECOYS: usize = 11;

/// Makes the keys that are not there yet.
pub(super) fn make_all(paths: &Paths) -> Result<(), LabError> {
    let folder = paths.keys();
    let last = folder.join(decoy(DECOYS));
    if KEYS.iter().all(|key| folder.join(key.name).exists()) && last.exists() {
        return Ok(());
    }
    say("making keys");
    file::create_folder(&folder)?;
    for key in &KEYS {
        make(&folder, key.name, key.make)?;
    }
    for number in 1..=DECOYS {
        let ed25519 = Make::New {
            kind: "ed25519",
            bits: "",
            passphrase: "",
        };
        make(&folder, &decoy(number), ed25519)?;
    }
    Ok(())
}

pub(super) fn decoy(number: usize) -> String {
    format!("decoy-{number}")
}

/// The public half of a key, one line.
pub(super) fn public(paths: &Paths, name: &str) -> Result<String, LabError> {
    let path = with_added(&paths.keys().join(name), ".pub");
    fs::read_to_string(&path).map_err(LabError::file("read", &path))
}

/// Whether a key is there in its own right, not as another form of one.
pub(super) fn is_original(key: &KeySpec) -> bool {
    matches!(key.make, Make::New { .. })
}

#[derive(Clone, Copy, Debug)]
enum Make {
    New {
        kind: &'static str,
        bits: &'static str,
        passphrase: &'static str,
    },
    Form {
        of: &'static str,
        format: &'static str,
        passphrase: &'static str,
    },
}

const fn new(
    name: &'static str,
    access: Access,
    kind: &'static str,
    bits: &'static str,
    passphrase: &'static str,
) -> KeySpec {
    KeySpec {
        name,
        access,
        make: Make::New {
            kind,
            bits,
            passphrase,
        },
    }
}

const fn form(
    name: &'static str,
    of: &'static str,
    format: &'static str,
    passphrase: &'static str,
) -> KeySpec {
    KeySpec {
        name,
        access: Access::All,
        make: Make::Form {
            of,
            format,
            passphrase,
        },
    }
}

fn make(folder: &Path, name: &str, how: Make) -> Result<(), LabError> {
    let path = folder.join(name);
    if path.exists() {
        return Ok(());
    }
    match how {
        Make::New {
            kind,
            bits,
            passphrase,
        } => generate(&path, name, kind, bits, passphrase),
        Make::Form {
            of,
            format,
            passphrase,
        } => convert(&folder.join(of), &path, format, passphrase),
    }
}

fn generate(
    path: &Path,
    name: &str,
    kind: &str,
    bits: &str,
    passphrase: &str,
) -> Result<(), LabError> {
    let mut command = Command::new("ssh-keygen");
    command.args([
        "-q",
        "-t",
        kind,
        "-N",
        passphrase,
        "-C",
        &format!("{name}@lab"),
        "-f",
    ]);
    command.arg(path);
    if !bits.is_empty() {
        command.args(["-b", bits]);
    }
    run(&mut command).map(drop)
}

/// `ssh-keygen -p` rewrites a file in place, so the copy gets its name last.
fn convert(original: &Path, path: &Path, format: &str, passphrase: &str) -> Result<(), LabError> {
    let draft = path.with_extension("draft");
    fs::copy(original, &draft).map_err(LabError::file("write", &draft))?;
    run(Command::new("ssh-keygen")
        .args(["-q", "-p", "-P", "", "-N", passphrase, "-m", format, "-f"])
        .arg(&draft))?;
    fs::rename(&draft, path).map_err(LabError::file("write", path))?;
    let (from, to) = (with_added(original, ".pub"), with_added(path, ".pub"));
    fs::copy(from, &to)
        .map_err(LabError::file("write", &to))
        .map(drop)
}

fn with_added(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
