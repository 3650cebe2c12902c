//! Keys made by ssh-keygen.

use std::{fs, path::Path, process::Command};

use keystay_agent::{
    key::{
        self,
        source::{self, Environment, Source},
    },
    prompt::{Prompt, PromptError},
    scan::{Needles, Scanner},
    secret::Secret,
    sign::Core,
};
use keystay_proto::{Fingerprint, control::ScanReport};
use tempfile::TempDir;

/// The kinds of keys that are looked for, as `ssh-keygen -t … -b …` takes them.
pub(crate) const KINDS: [(&str, &str); 5] = [
    ("ed25519", "256"),
    ("rsa", "3072"),
    ("ecdsa", "256"),
    ("ecdsa", "384"),
    ("ecdsa", "521"),
];

/// A fresh key.
pub(crate) struct Key {
    pub(crate) folder: TempDir,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) cores: Vec<Vec<u8>>,
    pub(crate) public: String,
}

impl Key {
    pub(crate) fn fresh(kind: &str, bits: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        keygen(
            &["-q", "-t", kind, "-b", bits, "-N", "", "-C", "someone"],
            &folder.path().join("k"),
        );
        let key = load(&folder.path().join("k"));
        let public = fs::read_to_string(folder.path().join("k.pub")).unwrap();
        let secrets = key.cores().iter().flat_map(Core::secrets);
        Self {
            folder,
            fingerprint: key.info.fingerprint,
            cores: secrets.map(|secret| secret.bytes().to_vec()).collect(),
            public,
        }
    }

    pub(crate) fn needles(&self) -> Needles {
        Needles::new(self.cores.iter().map(|core| (self.fingerprint, core))).unwrap()
    }

    /// The key's file as ssh-keygen wrote it, and converted to PEM and PKCS#8.
    pub(crate) fn files(&self) -> Vec<Vec<u8>> {
        let original = self.folder.path().join("k");
        let mut files = vec![fs::read(&original).unwrap()];
        for format in ["PEM", "PKCS8"] {
            let copy = self.folder.path().join(format);
            fs::copy(&original, &copy).unwrap();
            keygen(&["-q", "-p", "-N", "", "-P", "", "-m", format], &copy);
            files.push(fs::read(copy).unwrap());
        }
        files
    }
}

impl Key {
    /// The public key as other tools write it, and SSH certificates of it, for users and for hosts.
    pub(crate) fn public_files(&self) -> Vec<String> {
        let path = self.folder.path().join("k.pub");
        let mut files = Vec::new();
        for format in ["RFC4716", "PKCS8", "PEM"] {
            let done = Command::new("ssh-keygen")
                .args(["-e", "-m", format, "-f"])
                .arg(&path)
                .output()
                .unwrap();
            files.push(String::from_utf8(done.stdout).unwrap());
        }
        // The certificate's authority is the key itself, as in a self-signed one.
        for options in [&["-n", "git"][..], &["-h", "-n", "host.example"]] {
            let ca = self.folder.path().join("k");
            let mut done = Command::new("ssh-keygen");
            done.args(["-q", "-I", "someone", "-s"]).arg(ca);
            let done = done.args(options).arg(&path).output().unwrap();
            assert!(done.status.success());
            let certificate = self.folder.path().join("k-cert.pub");
            files.push(fs::read_to_string(certificate).unwrap());
        }
        files
    }
}

pub(crate) fn scan(needles: &Needles, chunks: &[&[u8]]) -> ScanReport {
    let mut scanner = Scanner::new(needles).unwrap();
    for chunk in chunks {
        scanner.push(chunk);
    }
    scanner.finish().unwrap()
}

pub(crate) fn length(bytes: &[u8]) -> u64 {
    bytes.len().try_into().unwrap()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits = bytes
        .iter()
        .flat_map(|byte| format!("{byte:02x}").into_bytes());
    String::from_utf8(digits.collect()).unwrap()
}

fn keygen(args: &[&str], file: &Path) {
    let done = Command::new("ssh-keygen")
        .args(args)
        .arg("-f")
        .arg(file)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
}

/// Reads a key as the agent does.
fn load(path: &Path) -> key::Key {
    let source: Source = format!("file:{}", path.display()).parse().unwrap();
    let environment = Environment::new(|_| None, || fs::File::open("/dev/null"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let loaded = runtime.block_on(source::load(&source, &environment, &mut Nobody));
    loaded.unwrap().remove(0)
}

/// Nobody is asked.
struct Nobody;

impl Prompt for Nobody {
    fn ask(&mut self, _text: &str) -> Result<Secret, PromptError> {
        Err(PromptError::Nowhere)
    }
}
