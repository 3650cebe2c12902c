//! What the tests share: a folder with keys, the programs that make them, an environment.

use std::{
    collections::HashMap,
    ffi::{OsStr, OsString},
    fs::{self, File, Permissions},
    io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use keystay_agent::{
    key::{
        Key,
        source::{self, Environment, Source, SourceError},
    },
    prompt::{Prompt, PromptError},
    secret::Secret,
};
use keystay_proto::control::{Problem, ProblemCode};
use tempfile::TempDir;

/// A private folder.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::Builder::new().prefix("keys").tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file of mode 0600.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// A key made by `ssh-keygen` with these options, and its public half beside it.
    pub(crate) fn key(&self, name: &str, options: &str) -> PathBuf {
        self.locked_key(name, options, "")
    }

    pub(crate) fn locked_key(&self, name: &str, options: &str, passphrase: &str) -> PathBuf {
        let path = self.path(name);
        let mut args: Vec<&OsStr> = vec!["-q".as_ref(), "-N".as_ref(), passphrase.as_ref()];
        args.extend(options.split_whitespace().map(OsStr::new));
        args.extend([
            "-C".as_ref(),
            "a comment".as_ref(),
            "-f".as_ref(),
            path.as_os_str(),
        ]);
        run("ssh-keygen", "openssh-client", &args);
        path
    }

    /// A key made by `openssl` as `FILE`, converted by further runs of it from `IN` to `FILE`.
    pub(crate) fn openssl(&self, name: &str, steps: &[&str]) -> PathBuf {
        let path = self.write(name, "");
        steps
            .iter()
            .fold(path, |path, step| self.convert(&path, step))
    }

    /// Runs `openssl` from `IN`, a copy of the file at `path`, to `FILE`, the file itself.
    pub(crate) fn convert(&self, path: &Path, step: &str) -> PathBuf {
        let input = self.path("converted");
        fs::copy(path, &input).unwrap();
        let args: Vec<&OsStr> = step
            .split_whitespace()
            .map(|word| match word {
                "FILE" => path.as_os_str(),
                "IN" => input.as_os_str(),
                other => other.as_ref(),
            })
            .collect();
        run("openssl", "openssl", &args);
        path.to_path_buf()
    }
}

/// Runs a program that has to succeed.
pub(crate) fn run(program: &str, package: &str, args: &[&OsStr]) -> Output {
    let output = Command::new(program)
        .args(args)
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}; install {package}"));
    assert!(
        output.status.success(),
        "{program} {args:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// An environment of these variables and an empty standard input.
pub(crate) fn environment(variables: &[(&str, &OsStr)]) -> Environment {
    environment_with_stdin(variables, Path::new("/dev/null"))
}

pub(crate) fn environment_with_stdin(variables: &[(&str, &OsStr)], stdin: &Path) -> Environment {
    let variables: HashMap<String, OsString> = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let stdin = stdin.to_path_buf();
    Environment::new(
        move |name| variables.get(name).cloned(),
        move || File::open(&stdin),
    )
}

/// Nobody is asked.
pub(crate) struct Nobody;

impl Prompt for Nobody {
    fn ask(&mut self, text: &str) -> Result<Secret, PromptError> {
        panic!("asked: {text}")
    }
}

/// Answers in turn, then gives up; keeps what was asked.
pub(crate) struct Answers {
    pub(crate) left: Vec<&'static str>,
    pub(crate) asked: Vec<String>,
}

impl Answers {
    pub(crate) fn new(answers: &[&'static str]) -> Self {
        Self {
            left: answers.iter().rev().copied().collect(),
            asked: Vec::new(),
        }
    }
}

impl Prompt for Answers {
    fn ask(&mut self, text: &str) -> Result<Secret, PromptError> {
        self.asked.push(text.to_owned());
        let answer = self.left.pop().ok_or(PromptError::GivenUp)?;
        Ok(Secret::copy_of(answer.as_bytes()))
    }
}

/// Loads a source of one key.
pub(crate) fn load(
    source: &str,
    environment: &Environment,
    prompt: &mut dyn Prompt,
) -> Result<Key, SourceError> {
    load_all(source, environment, prompt).map(|mut keys| {
        assert_eq!(keys.len(), 1);
        keys.remove(0)
    })
}

pub(crate) fn load_all(
    source: &str,
    environment: &Environment,
    prompt: &mut dyn Prompt,
) -> Result<Vec<Key>, SourceError> {
    let source: Source = source.parse().unwrap();
    wait(source::load(&source, environment, prompt))
}

/// Loads a key file that needs no passphrase.
pub(crate) fn load_file(path: &Path) -> Result<Key, SourceError> {
    load(&file(path), &environment(&[]), &mut Nobody)
}

/// Loads a key file with a passphrase.
pub(crate) fn load_locked(path: &Path, passphrase: &'static str) -> Result<Key, SourceError> {
    load(
        &file(path),
        &environment(&[]),
        &mut Answers::new(&[passphrase]),
    )
}

pub(crate) fn file(path: &Path) -> String {
    format!("file:{}", path.display())
}

/// What a person is told: the message, then the hints.
pub(crate) fn told(error: &SourceError) -> Vec<String> {
    let Problem {
        code,
        message,
        hints,
    } = error.problem();
    assert_eq!(code, ProblemCode::KeySource);
    [vec![message], hints].concat()
}

pub(crate) fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}

/// The public key blob of a `.pub` file.
pub(crate) fn public_blob(path: &Path) -> Vec<u8> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let line = fs::read_to_string(path.with_added_extension("pub")).unwrap();
    STANDARD.decode(line.split(' ').nth(1).unwrap()).unwrap()
}

/// The blob that OpenSSH derives from a private key without a passphrase.
pub(crate) fn derived_blob(path: &Path) -> Vec<u8> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let args = ["-y".as_ref(), "-f".as_ref(), path.as_os_str()];
    let line = String::from_utf8(run("ssh-keygen", "openssh-client", &args).stdout).unwrap();
    STANDARD
        .decode(line.split_whitespace().nth(1).unwrap())
        .unwrap()
}

pub(crate) fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode))
}
