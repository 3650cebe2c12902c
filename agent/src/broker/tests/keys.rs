//! Real keys.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
};

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

/// The keys of a real agent that holds an ed25519 key with a certificate, and an RSA key.
pub(super) async fn agent_keys(folder: &TempDir) -> (Agent, Vec<Arc<Key>>) {
    let path = |name: &str| folder.path().join(name);
    let socket = path("agent");
    let child = Command::new("ssh-agent")
        .args(["-D", "-a"])
        .arg(&socket)
        .stdout(Stdio::null())
        .spawn()
        .expect("ssh-agent is missing: install openssh-client");
    let agent = Agent(child);
    super::until(|| socket.exists()).await;
    generate(&path("authority"), "ed25519");
    for (name, kind) in [("certified", "ed25519"), ("rsa", "rsa")] {
        generate(&path(name), kind);
    }
    let mut sign = Command::new("ssh-keygen");
    sign.args(["-q", "-I", "test", "-n", "git", "-s"])
        .arg(path("authority"));
    assert!(sign.arg(path("certified.pub")).status().unwrap().success());
    for name in ["certified", "rsa"] {
        let mut add = Command::new("ssh-add");
        add.arg("-q").arg(path(name)).env("SSH_AUTH_SOCK", &socket);
        assert!(add.status().unwrap().success());
    }
    let environment = Environment::new(
        move |name| (name == "SSH_AUTH_SOCK").then(|| socket.clone().into_os_string()),
        || Err(std::io::ErrorKind::Unsupported.into()),
    );
    let keys = source::load(&Source::Agent(None), &environment, &mut NoPerson).await;
    (agent, keys.unwrap().into_iter().map(Arc::new).collect())
}

/// An agent, until it is dropped.
pub(super) struct Agent(Child);

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Nobody to ask.
struct NoPerson;

impl Prompt for NoPerson {
    fn ask(&mut self, _: &str) -> Result<Secret, PromptError> {
        Err(PromptError::Nowhere)
    }
}
