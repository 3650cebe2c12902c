mod clone;
mod drain;
mod ended;
mod fetches;
mod host;
mod hosts;
mod kept;
mod keys;
mod old_signer;
mod sharing;

use std::{
    future::pending,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use keystay_proto::git::{Command, RepoPath, Repository};
use tempfile::TempDir;
use tokio::time::sleep;

use self::{
    host::{Act, Host, Plan},
    keys::{agent_keys, key},
};
use super::{Broker, Errand, FetchError, Outcome};
use crate::{key::Key, known_hosts::KnownHosts, ssh_config::SshConfig};

/// Everything that a fetch gave.
struct Fetched {
    outcome: Outcome,
    output: Vec<u8>,
    error: String,
}

impl Fetched {
    fn text(&self) -> &str {
        str::from_utf8(&self.output).unwrap()
    }

    fn status(&self) -> u8 {
        *self
            .outcome
            .end
            .as_ref()
            .unwrap_or_else(|error| panic!("{error}"))
    }

    fn failure(&self) -> &FetchError {
        self.outcome.end.as_ref().unwrap_err()
    }
}

fn broker(known: &str, keys: &[&Arc<Key>]) -> Broker {
    let known = Arc::new(KnownHosts::parse(known, Path::new("/home/me/known_hosts")));
    let keys = keys.iter().map(|key| Arc::clone(key)).collect();
    Broker::new(known, Arc::new(SshConfig::none()), keys, Vec::new())
}

fn errand(host: &Host, line: &str) -> Errand {
    errand_at(host.port, Command::parse(line.as_bytes()).unwrap())
}

fn errand_at(port: u16, command: Command) -> Errand {
    let repository = Repository {
        host: "127.0.0.1".to_owned(),
        port,
        path: command.path.clone(),
    };
    Errand {
        repository,
        command,
        git_protocol: String::new(),
        user: "git".to_owned(),
        user_named: true,
    }
}

fn upload_pack(host: &Host, path: &str) -> Errand {
    errand(host, &format!("git-upload-pack '{path}'"))
}

async fn fetch(broker: &Broker, errand: Errand) -> Fetched {
    fetch_with(broker, errand, b"").await
}

async fn fetch_with(broker: &Broker, errand: Errand, input: &[u8]) -> Fetched {
    let (mut output, mut error) = (Vec::new(), Vec::new());
    let fetch = broker.fetch(errand, input, &mut output, &mut error, pending::<()>());
    Fetched {
        outcome: fetch.await.0,
        output,
        error: String::from_utf8(error).unwrap(),
    }
}

/// Waits until something holds.
async fn until(holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(20), "it never held");
        sleep(Duration::from_millis(5)).await;
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn path(text: &str) -> RepoPath {
    RepoPath::parse(text.as_bytes()).unwrap()
}
