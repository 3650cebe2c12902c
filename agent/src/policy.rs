//! The policy: may this grant have this signature, or this fetch, now?

mod bound;
mod fetch;
mod intent;

use keystay_proto::{
    agent::SignFlags,
    control::{Hosts, Reason, Repos},
    userauth::Userauth,
};

pub(crate) use bound::{BindError, Bound};
pub(crate) use fetch::{FetchDemand, judge_fetch};
pub(crate) use intent::{Demand, Purpose};

use crate::{clock::Moment, known_hosts::KnownHosts};

/// What a grant allows. It does not change while the grant lives.
#[derive(Debug)]
pub(crate) struct Terms {
    /// The public key blobs that may sign.
    pub(crate) keys: Vec<Vec<u8>>,
    /// The only login name.
    pub(crate) user: String,
    /// The hosts that may be logged in to.
    pub(crate) hosts: Hosts,
    /// The repositories that may be read.
    pub(crate) repos: Repos,
    /// Whether a login whose host cannot be verified is denied.
    pub(crate) strict: bool,
    /// How many signatures there are in all.
    pub(crate) signatures: u32,
    /// When the grant ends by itself.
    pub(crate) expires: Moment,
}

/// Where a grant stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    /// Whether the build's share of the audit log is full.
    pub(crate) recorded_all: bool,
    /// Whether it was revoked, or a key of it removed from the agent.
    pub(crate) revoked: bool,
    /// Whether the agent is locked.
    pub(crate) locked: bool,
    /// How many signatures were allowed so far.
    pub(crate) signed: u32,
}

/// The policy's answer.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Verdict {
    /// Sign, once.
    Allow {
        /// Which of the grant's keys signs.
        key: usize,
        /// The verified host, or nothing where the login does not show it.
        host: Option<String>,
    },
    /// Do not sign.
    Deny(Reason),
}

/// Judges one request. It is pure: what it needs to know comes in, and unknown means deny.
pub(crate) fn judge(
    terms: &Terms,
    standing: Standing,
    known_hosts: &KnownHosts,
    demand: &Demand<'_>,
    flags: SignFlags,
    now: Moment,
) -> Verdict {
    let decide = || {
        deny_if(now >= terms.expires, Reason::Expired)?;
        deny_if(standing.recorded_all, Reason::RecordsSpent)?;
        deny_if(standing.revoked, Reason::Revoked)?;
        deny_if(standing.locked, Reason::Locked)?;
        deny_if(standing.signed >= terms.signatures, Reason::BudgetSpent)?;
        let key = (terms.keys.iter().position(|key| key == demand.key_blob))
            .ok_or(Reason::KeyNotGranted)?;
        let Purpose::Login(login) = &demand.purpose else {
            return Err(Reason::NotALogin);
        };
        deny_if(login.user != terms.user.as_bytes(), Reason::WrongUser)?;
        deny_if(login.service != SERVICE, Reason::WrongService)?;
        let host = host(terms, known_hosts, demand)?;
        deny_if(
            !algorithm_is_allowed(login, flags),
            Reason::AlgorithmNotAllowed,
        )?;
        Ok(Verdict::Allow { key, host })
    };
    decide().unwrap_or_else(Verdict::Deny)
}

/// The host of a login, if the login shows one: its key must belong to a host of the grant.
fn host(
    terms: &Terms,
    known_hosts: &KnownHosts,
    demand: &Demand<'_>,
) -> Result<Option<String>, Reason> {
    match &demand.host_key {
        Ok(Some(host_key)) => known_hosts
            .host_of(host_key, &terms.hosts)
            .map(Some)
            .ok_or(Reason::HostNotGranted),
        Ok(None) if terms.strict => Err(Reason::HostNotVerified),
        Ok(None) => Ok(None),
        Err(_) => Err(Reason::HostNotVerified),
    }
}

/// Whether the algorithm that the login names is the one that key and flags give, and a safe one.
fn algorithm_is_allowed(login: &Userauth<'_>, flags: SignFlags) -> bool {
    let expected = match keystay_proto::algorithm(login.key_blob) {
        Some(RSA) if flags.contains(SignFlags::RSA_SHA2_256) => "rsa-sha2-256",
        Some(RSA) if flags.contains(SignFlags::RSA_SHA2_512) => "rsa-sha2-512",
        Some(RSA | DSS) | None => return false,
        Some(other) if other.starts_with(RSA_CERT) || other.starts_with(DSS_CERT) => return false,
        Some(other) => other,
    };
    login.algorithm == expected
}

fn deny_if(condition: bool, reason: Reason) -> Result<(), Reason> {
    if condition { Err(reason) } else { Ok(()) }
}

/// The only service a login is for (RFC 4252 §5, RFC 4254).
const SERVICE: &str = "ssh-connection";
const RSA: &str = "ssh-rsa";
const DSS: &str = "ssh-dss";
/// Certificates of RSA keys name their SHA-2 algorithms differently; they are not served yet.
const RSA_CERT: &str = "ssh-rsa-cert-";
const DSS_CERT: &str = "ssh-dss-cert-";

#[cfg(test)]
mod tests;
