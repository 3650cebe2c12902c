//! What the agent's own tests share: real keys, and grants of them.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use keystay_proto::{
    control::{GrantId, GrantSpec, Hosts, Mode, Record},
    userauth::Userauth,
};
use tempfile::TempDir;

use crate::{
    audit::Audit,
    clock::Moment,
    grant::{Grant, Shared},
    harden::Gate,
    key::{
        Key,
        source::{self, Environment, Source},
    },
    known_hosts::KnownHosts,
    prompt::{Prompt, PromptError},
    secret::Secret,
    ssh_config::SshConfig,
    tunnel::Memory,
    workers::Workers,
};

/// A folder with a fresh ed25519 key and an audit log, and a grant of the key.
pub(crate) struct Fixture {
    pub(crate) folder: TempDir,
    pub(crate) key: Arc<Key>,
    pub(crate) audit: Arc<Audit>,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("id");
        generate(&path);
        let key = load(&path).await;
        let audit = Arc::new(Audit::patient(&folder.path().join("audit.jsonl")));
        Self {
            folder,
            key: Arc::new(key),
            audit,
        }
    }

    pub(crate) fn spec() -> GrantSpec {
        GrantSpec {
            build: "test".to_owned(),
            mode: Mode::Sign,
            keys: Vec::new(),
            user: "git".to_owned(),
            hosts: Hosts::Known,
            signatures: 3,
            ttl: 60,
            strict: false,
            fetch: keystay_proto::control::FetchSpec::default(),
        }
    }

    pub(crate) fn grant(&self, spec: GrantSpec) -> Arc<Grant> {
        self.grant_of(spec, self.shared())
    }

    /// A grant where these lines are the known hosts.
    pub(crate) fn grant_knowing(&self, spec: GrantSpec, lines: &str) -> Arc<Grant> {
        let known_hosts = Arc::new(KnownHosts::parse(lines, Path::new("known_hosts")));
        let shared = self.shared();
        self.grant_of(
            spec,
            Shared {
                known_hosts,
                ..shared
            },
        )
    }

    fn grant_of(&self, spec: GrantSpec, shared: Shared) -> Arc<Grant> {
        let expires = Moment::now() + Duration::from_secs(spec.ttl);
        let keys = vec![Arc::clone(&self.key)];
        let id = GrantId::from_random([1; 8]);
        Arc::new(Grant::new(id, spec, keys, shared, expires))
    }

    /// The public half of the key, one line.
    pub(crate) fn public(&self) -> String {
        let line = std::fs::read_to_string(self.path("id.pub")).unwrap();
        line.trim().to_owned()
    }

    pub(crate) fn shared(&self) -> Shared {
        Shared {
            audit: Arc::clone(&self.audit),
            known_hosts: Arc::new(KnownHosts::default().with_builtin()),
            ssh_config: Arc::new(SshConfig::none()),
            gate: Gate::open(),
            workers: Arc::new(Workers::at_most(0)),
            memory: Arc::new(Memory::of_agent()),
        }
    }

    /// What a client signs to log in with the fixture's key.
    pub(crate) fn login(&self, user: &str) -> Vec<u8> {
        let login = Userauth {
            session_id: &[5; 32],
            user: user.as_bytes(),
            service: "ssh-connection",
            algorithm: "ssh-ed25519",
            key_blob: &self.key.blob,
            host_key: None,
        };
        let mut data = Vec::new();
        login.encode(&mut data);
        data
    }

    pub(crate) fn records(&self) -> Vec<Record> {
        let text = std::fs::read_to_string(self.folder.path().join("audit.jsonl")).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn generate(path: &Path) {
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "person@laptop", "-f"])
        .arg(path)
        .status()
        .expect("ssh-keygen is missing: install openssh-client");
    assert!(made.success());
}

async fn load(path: &Path) -> Key {
    let environment = Environment::new(|_| None, || Err(std::io::ErrorKind::Unsupported.into()));
    let source = Source::File(path.to_owned());
    let mut keys = source::load(&source, &environment, &mut NoPerson)
        .await
        .unwrap();
    keys.remove(0)
}

/// Nobody to ask.
struct NoPerson;

impl Prompt for NoPerson {
    fn ask(&mut self, _: &str) -> Result<Secret, PromptError> {
        Err(PromptError::Nowhere)
    }
}
