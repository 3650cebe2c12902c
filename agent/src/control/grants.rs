//! Opening, showing and ending grants.

use std::sync::Arc;

use keystay_proto::{
    control::{Grant, GrantReport, GrantSpec, Problem, ProblemCode},
    printable,
};

use super::{Control, infos};
use crate::{
    grant::{OpenError, Opened},
    key::Key,
    scan,
};

/// Opens a grant of the keys that are asked for, or of every key.
pub(super) async fn open(control: &Control, mut spec: GrantSpec) -> Result<Grant, Problem> {
    let keys = choose(&control.keys.grantable(), &spec)?;
    spec.build = printable(&spec.build);
    if spec.user.is_empty() || spec.signatures == 0 || spec.ttl == 0 {
        let message = "a grant needs a user, at least one signature and a life of a second or more";
        return Err(Problem::new(ProblemCode::Usage, message));
    }
    let known_hosts = control
        .grants
        .known_hosts_for(&spec.hosts)
        .map_err(|error| problem(&error))?;
    let (infos, mode) = (infos(&keys), spec.mode);
    let Opened { grant, socket } = control
        .grants
        .open(spec, keys)
        .await
        .map_err(|error| problem(&error))?;
    Ok(Grant {
        id: grant.id().clone(),
        socket,
        keys: infos,
        known_hosts,
        notes: control.grants.notes(mode),
        search: scan::search(),
    })
}

/// What a grant was used for so far.
pub(super) fn report(control: &Control, id: &str) -> Result<GrantReport, Problem> {
    control
        .grants
        .find(id)
        .map(|grant| grant.report())
        .ok_or_else(|| no_grant(id))
}

/// Ends a grant; the client that it was opened for does this.
pub(super) async fn end(control: &Control, id: &str) -> Result<GrantReport, Problem> {
    if let Some(grant) = control.grants.find(id) {
        control.engines.forget(grant.id());
    }
    let report = control.grants.end(id).await;
    report.ok_or_else(|| no_grant(id))
}

/// Takes a grant from its build. It stays in the list until its client has asked what it was used
/// for.
pub(super) async fn revoke(control: &Control, id: &str) -> Result<GrantReport, Problem> {
    let grant = control.grants.find(id).ok_or_else(|| no_grant(id))?;
    grant.revoke().await;
    Ok(grant.report())
}

/// The problem of a name that no live grant has.
pub(super) fn no_grant(id: &str) -> Problem {
    Problem::new(
        ProblemCode::Usage,
        format!("there is no grant {}", printable(id)),
    )
}

fn choose(held: &[Arc<Key>], spec: &GrantSpec) -> Result<Vec<Arc<Key>>, Problem> {
    let chosen: Vec<_> = (held.iter())
        .filter(|key| spec.keys.is_empty() || spec.keys.contains(&key.info.fingerprint))
        .cloned()
        .collect();
    if let Some(missing) = spec
        .keys
        .iter()
        .find(|wanted| held.iter().all(|key| key.info.fingerprint != **wanted))
    {
        return Err(Problem::new(
            ProblemCode::KeySource,
            format!("the agent holds no key {missing}"),
        ));
    }
    if chosen.len() > MAX_KEYS {
        return Err(too_many(&chosen));
    }
    Ok(chosen)
}

/// Each key that a server is offered costs one of its few tries, and the right one may come last.
fn too_many(keys: &[Arc<Key>]) -> Problem {
    let message = format!(
        "{} keys are too many: servers end a login after {MAX_KEYS} tries",
        keys.len()
    );
    let problem = Problem::new(ProblemCode::KeySource, message)
        .hint("name the one that opens the repositories:");
    keys.iter().take(MAX_NAMED).fold(problem, |problem, key| {
        let info = &key.info;
        let comment = printable(&info.comment);
        problem.hint(format!(
            "--key agent:{}  {} {comment}",
            info.fingerprint, info.algorithm
        ))
    })
}

fn problem(error: &OpenError) -> Problem {
    let code = match error {
        OpenError::TooMany => ProblemCode::Refused,
        OpenError::Random(_) => ProblemCode::Internal,
        OpenError::Socket { .. } | OpenError::Audit(_) => ProblemCode::Unavailable,
    };
    let problem = Problem::new(code, error.to_string());
    match error {
        OpenError::Audit(_) => problem
            .hint("nothing is signed without a record: free space there, or set XDG_STATE_HOME"),
        _ => problem,
    }
}

/// OpenSSH's `MaxAuthTries` (`sshd_config(5)`).
const MAX_KEYS: usize = 6;
/// Keys that an error names.
const MAX_NAMED: usize = 20;
