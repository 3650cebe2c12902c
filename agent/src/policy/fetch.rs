//! What a request to fetch is for, and whether it may be done.

use keystay_proto::{
    control::{Hosts, Reason, Repos},
    git::{Command, CommandError, Repository, Service, host_name, ssh_command},
    printable,
    tunnel::Open,
};

use super::{Standing, Terms, deny_if};
use crate::clock::Moment;

/// A request to fetch, identified.
#[derive(Debug)]
pub(crate) struct FetchDemand<'a> {
    user: &'a [u8],
    /// What the host is asked to run, and on which repository; or what is wrong with that.
    pub(crate) what: Result<(Command, Repository), CommandError>,
}

impl<'a> FetchDemand<'a> {
    /// Identifies a request by the words that the step gave to `ssh`.
    pub(crate) fn identify(open: &Open<'a>) -> Self {
        Self {
            user: open.user,
            what: Command::parse(open.command).and_then(|command| {
                let repository = Repository {
                    host: host_name(open.host).ok_or(CommandError::Host)?,
                    port: if open.port == 0 { SSH_PORT } else { open.port },
                    path: command.path.clone(),
                };
                Ok((command, repository))
            }),
        }
    }

    /// The repository, made printable.
    pub(crate) fn repository(&self) -> Option<String> {
        let (_, repository) = self.what.as_ref().ok()?;
        Some(printable(repository.to_string()))
    }

    /// Whether any of the repositories is on the same host.
    pub(crate) fn is_of_listed_host(&self, repos: &Repos) -> bool {
        match (repos, &self.what) {
            (Repos::Only(patterns), Ok((_, Repository { host, port, .. }))) => patterns
                .iter()
                .any(|pattern| pattern.host() == host && pattern.port() == *port),
            _ => true,
        }
    }

    /// The command with which a person looks at the key of the host.
    pub(crate) fn ssh_command(&self) -> Option<String> {
        let (_, Repository { host, port, .. }) = self.what.as_ref().ok()?;
        Some(ssh_command(host, *port))
    }

    /// The login name, made printable, unless it is the one that everybody uses.
    pub(crate) fn user(&self) -> Option<String> {
        (!self.user.is_empty()).then(|| printable(self.user))
    }

    /// What is wrong with the host or the command, or what it gives away beside the repository.
    pub(crate) fn detail(&self) -> Option<String> {
        match &self.what {
            Err(error) => Some(printable(error.to_string())),
            Ok((command, _)) if command.service == Service::LfsAuthenticate => {
                Some(TOKEN.to_owned())
            }
            Ok(_) => None,
        }
    }
}

/// Judges a request to fetch. It is pure: `is_known` says whether a key of a host is known on this
/// machine, and unknown means deny.
pub(crate) fn judge_fetch(
    terms: &Terms,
    standing: Standing,
    demand: &FetchDemand<'_>,
    is_known: impl FnOnce(&Repository) -> bool,
    now: Moment,
) -> Result<(), Reason> {
    deny_if(now >= terms.expires, Reason::Expired)?;
    deny_if(standing.recorded_all, Reason::RecordsSpent)?;
    deny_if(standing.revoked, Reason::Revoked)?;
    deny_if(standing.locked, Reason::Locked)?;
    let (_, repository) = demand.what.as_ref().map_err(|error| match error {
        CommandError::Host | CommandError::Path(_) => Reason::NoRepository,
        _ => Reason::NotAFetch,
    })?;
    let is_user = demand.user.is_empty() || demand.user == terms.user.as_bytes();
    deny_if(!is_user, Reason::WrongUser)?;
    deny_if(
        !host_is_granted(&terms.hosts, repository),
        Reason::HostNotGranted,
    )?;
    let is_granted = match &terms.repos {
        Repos::Any => true,
        Repos::Only(patterns) => patterns.iter().any(|pattern| pattern.matches(repository)),
    };
    deny_if(!is_granted, Reason::RepositoryNotGranted)?;
    deny_if(!is_known(repository), Reason::HostNotKnown)
}

/// Whether the host stands in the list, in which it is written as in `known_hosts`.
fn host_is_granted(hosts: &Hosts, repository: &Repository) -> bool {
    let Repository { host, port, .. } = repository;
    match hosts {
        Hosts::Known => true,
        Hosts::Only(names) => names.iter().any(|name| {
            let name = name.to_ascii_lowercase();
            name == format!("[{host}]:{port}") || (*port == SSH_PORT && name == *host)
        }),
    }
}

const SSH_PORT: u16 = 22;
/// The host decides how long it is good for, and for what.
const TOKEN: &str = "the host gives the step a token for large files";

#[cfg(test)]
mod tests;
