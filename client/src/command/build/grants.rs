//! The grants of one build: the one of its mode, and in fetch mode one that signs where the engine's own
//! git needs it.

use std::path::Path;

use keystay_proto::control::{FetchSpec, Grant, GrantReport, GrantSpec, Mode};

use super::{plan::Plan, report};
use crate::{
    agent_link::{Control, Held, LinkError},
    cli::Options,
    config::Settings,
    wiring::Which,
};

/// The grants of one build.
#[derive(Debug)]
pub(super) struct Grants {
    /// The one of its mode. Its keys are those of the other one, too.
    pub(super) main: Grant,
    /// The one that signs for the engine, in fetch mode.
    second: Option<Grant>,
    /// What they live by.
    _held: Vec<Held>,
}

impl Grants {
    /// Opens what a build needs.
    pub(super) async fn open(
        control: &Control,
        name: &str,
        options: &Options,
        settings: &Settings,
        plan: &Plan,
    ) -> Result<Self, LinkError> {
        let mut spec = spec(name, options, settings);
        let Some(fetching) = plan.fetching() else {
            let (main, held) = control.open_grant(&spec).await?;
            return Ok(Self {
                main,
                second: None,
                _held: vec![held],
            });
        };
        let mut all_held = Vec::new();
        let signs = plan.ssh.iter().any(|(_, which)| *which == Which::Sign);
        let second = if signs {
            let (grant, held) = control.open_grant(&spec).await?;
            all_held.push(held);
            Some(grant)
        } else {
            None
        };
        spec.mode = Mode::Fetch;
        spec.fetch = FetchSpec {
            repos: settings.repos.clone(),
            routes: settings.routes.clone(),
            transport: fetching.transport,
            configured_user: options.user.is_none(),
        };
        let (main, held) = control.open_grant(&spec).await?;
        all_held.push(held);
        Ok(Self {
            main,
            second,
            _held: all_held,
        })
    }

    /// The socket of one of them.
    pub(super) fn socket(&self, which: Which) -> &Path {
        match (which, &self.second) {
            (Which::Sign, Some(second)) => &second.socket,
            _ => &self.main.socket,
        }
    }

    /// Ends them and tells what they were used for.
    pub(super) async fn end(&self, control: &Control) -> Result<GrantReport, LinkError> {
        let main = control.end_grant(&self.main.id).await?;
        match &self.second {
            Some(second) => Ok(report::merged(main, control.end_grant(&second.id).await?)),
            None => Ok(main),
        }
    }
}

fn spec(name: &str, options: &Options, settings: &Settings) -> GrantSpec {
    GrantSpec {
        build: name.to_owned(),
        mode: Mode::Sign,
        keys: Vec::new(),
        user: options.user().to_owned(),
        hosts: settings.hosts.clone(),
        signatures: options.signatures,
        ttl: settings.ttl.seconds(),
        strict: options.strict,
        fetch: FetchSpec::default(),
    }
}
