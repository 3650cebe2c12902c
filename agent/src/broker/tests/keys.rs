//! Real keys.

use std::{fs, path::Path, process::Command, sync::Arc};

use tempfile::TempDir;

use crate::{
    key::{
        Key,
        source::{self, Environment, Source},
    },
    prompt::{Prompt, PromptError},
    secret::Secret,
};

/// Makes a key of a type, and its public half beside it.
pub(super) fn generate(path: &Path, kind: &str) {
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", kind, "-N", "", "-C", "", "-f"])
        .arg(path)
        .status()
        .expect("ssh-keygen is missing: install openssh-client");
    assert!(made.success());
}

/// The type and key of a public key file.
pub(super) fn public_line(path: &Path) -> String {
    let text = fs::read_to_string(path.with_extension("pub")).unwrap();
    text.trim().to_owned()
}

/// A key of a type, held as by an agent.
pub(super) async fn key(folder: &TempDir, name: &str, kind: &str) -> Arc<Key> {
    let path = folder.path().join(name);
    generate(&path, kind);
    let environment = Environment::new(|_| None, || Err(std::io::ErrorKind::Unsupported.into()));
    let source = Source::File(path);
    let mut keys = source::load(&source, &environment, &mut NoPerson)
        .await
        .unwrap();
    Arc::new(keys.remove(0))
}

/// Nobody to ask.
struct NoPerson;

impl Prompt for NoPerson {
    fn ask(&mut self, _: &str) -> Result<Secret, PromptError> {
        Err(PromptError::Nowhere)
    }
}
