//! Signatures under load: a grant of the private agent against the machine's `ssh-agent`.

use std::{path::Path, process::Command, time::Duration};

use keystay_proto::control::{FetchSpec, GrantSpec, Hosts, Mode, Problem};

use super::{load, pairs::Row, sheet::Sheet};
use crate::{
    env::PrivateAgent,
    lab::{Lab, LabError, UpstreamAgent},
};

/// Three rows for each kind of key and number of connections: the time per signature, and what
/// the half and 99 hundredths of the requests took.
pub(super) fn measure(sheet: &mut Sheet, lab: &Lab, client: &Path) -> Result<(), LabError> {
    for (key, name, targets, p99) in KEYS {
        for (connections, target) in CONNECTIONS.into_iter().zip(targets) {
            let case = Case {
                lab,
                client,
                key,
                connections,
            };
            case.measure(
                sheet,
                &format!("agent, {name} × {connections}"),
                target,
                p99,
            )?;
        }
    }
    Ok(())
}

struct Case<'a> {
    lab: &'a Lab,
    client: &'a Path,
    key: &'a str,
    connections: usize,
}

impl Case<'_> {
    fn measure(
        &self,
        sheet: &mut Sheet,
        name: &str,
        each: &'static str,
        p99: &'static str,
    ) -> Result<(), LabError> {
        let row = |what: &str, target| Row {
            name: format!("{name}: {what}"),
            unit: "µs",
            target,
        };
        let rows = [row("each", each), row("p50", ""), row("p99", p99)];
        if !rows.iter().any(|row| sheet.wants(&row.name)) {
            return Ok(());
        }
        let theirs = UpstreamAgent::with(&[self.lab.key(self.key)])?;
        let home =
            tempfile::tempdir().map_err(LabError::file("create a folder in", Path::new("/tmp")))?;
        let mut program = Command::new(self.client);
        program
            .env("HOME", home.path())
            .env_remove("XDG_STATE_HOME");
        let key = format!("file:{}", self.lab.key(self.key).display());
        let ours =
            PrivateAgent::start(program, &["--key", &key]).map_err(|problem| refused(&problem))?;
        let on_grant = || {
            // Each run has a budget of its own.
            let grant = ours.grant_as(&spec());
            self.load(&grant.socket)
        };
        sheet.group(rows, RUNS, on_grant, || self.load(theirs.socket()))
    }

    fn load(&self, socket: &Path) -> Result<[f64; 3], LabError> {
        let served = load::run(socket, self.connections, TIME)
            .map_err(LabError::file("ask for signatures at", socket))?;
        Ok([served.each, served.median, served.p99])
    }
}

pub(super) fn spec() -> GrantSpec {
    GrantSpec {
        build: "bench".to_owned(),
        mode: Mode::Sign,
        keys: Vec::new(),
        user: "git".to_owned(),
        hosts: Hosts::Known,
        signatures: 100_000,
        ttl: 600,
        strict: false,
        fetch: FetchSpec::default(),
    }
}

pub(super) fn refused(problem: &Problem) -> LabError {
    LabError::Command {
        command: "keystay agent --private".to_owned(),
        status: "a problem".to_owned(),
        output: problem.to_string(),
    }
}

/// A key of the lab, its kind, the target for each number of connections, and the one for the slowest
/// hundredth: an RSA signature takes long in both, so it has none.
pub(super) const KEYS: [(&str, &str, [&str; 3], &str); 3] = [
    ("dev", "ed25519", ["≤ 1/12", "≤ 1/20", "≤ 1/20"], "≤ 1/8"),
    (
        "dev-ecdsa",
        "ecdsa-p256",
        ["≤ 1/8", "≤ 1/12", "≤ 1/12"],
        "≤ 1/8",
    ),
    ("dev-rsa", "rsa-3072", ["≤ 1/1.3", "≤ 1/1.9", "≤ 1/1.9"], ""),
];
pub(super) const CONNECTIONS: [usize; 3] = [1, 8, 64];
pub(super) const TIME: Duration = Duration::from_secs(1);
pub(super) const RUNS: usize = 3;
