//! `keystay keys`, `keystay grants`, `keystay revoke`: what the running agent holds, seen and managed.

use keystay_proto::control::{GrantInfo, KeyInfo, Mode, ProblemCode};

use crate::{
    agent_link::{LinkError, running},
    cli::{Listing, RevokeArgs},
    engine::Variables,
    error::Error,
    exit_code::ExitCode,
    output::{Output, print, print_json},
};

/// Lists the keys that the running agent holds.
pub(crate) async fn keys(output: Output, listing: Listing) -> Result<ExitCode, Error> {
    let keys = running(&Variables::of_process())?.keys().await?;
    if listing.json {
        print_json(&keys)?;
    } else if keys.is_empty() {
        output.note("the agent holds no key");
    } else {
        print(&lines(&keys, key))?;
    }
    Ok(ExitCode::Success)
}

/// Lists the grants of the running agent.
pub(crate) async fn grants(output: Output, listing: Listing) -> Result<ExitCode, Error> {
    let grants = running(&Variables::of_process())?.grants().await?;
    if listing.json {
        print_json(&grants)?;
    } else if grants.is_empty() {
        output.note("no build has a grant");
    } else {
        print(&lines(&grants, grant))?;
    }
    Ok(ExitCode::Success)
}

/// Takes a grant from its build.
pub(crate) async fn revoke(output: Output, asked: &RevokeArgs) -> Result<ExitCode, Error> {
    let control = running(&Variables::of_process())?;
    let revoked = control.revoke(&asked.id).await;
    let report = revoked.map_err(|error| match error {
        LinkError::Problem(problem) if problem.code == ProblemCode::Usage => {
            LinkError::Problem(problem.hint("`keystay grants` lists them"))
        }
        error => error,
    })?;
    if asked.listing.json {
        print_json(&report)?;
    } else {
        output.line(&format!(
            "revoked {}, after {} signatures and {} repositories fetched",
            report.id,
            report.signatures,
            report.fetches.len()
        ));
    }
    Ok(ExitCode::Success)
}

fn lines<T>(all: &[T], line: impl Fn(&T) -> String) -> String {
    all.iter().map(|one| line(one) + "\n").collect()
}

fn key(key: &KeyInfo) -> String {
    let KeyInfo {
        fingerprint,
        algorithm,
        source,
        comment,
        ..
    } = key;
    let line = format!("{fingerprint}  {algorithm}  {source}  {comment}");
    line.trim_end().to_owned()
}

fn grant(grant: &GrantInfo) -> String {
    let mode = match grant.mode {
        Mode::Sign => "sign",
        Mode::Fetch => "fetch",
    };
    let left = humantime::format_duration(std::time::Duration::from_secs(grant.expires_in));
    format!(
        "{}  {:7}  {mode:5}  {}/{} signatures  {} refused  {left} left  {}",
        grant.id, grant.state, grant.signed, grant.signatures, grant.refused, grant.build
    )
}

#[cfg(test)]
mod tests {
    use keystay_proto::{
        Fingerprint,
        control::{GrantId, GrantState, Hosts, Repos},
    };

    use super::*;

    #[test]
    fn a_key_and_a_grant_are_a_line_each() {
        let fingerprint = Fingerprint::of(b"key");
        let info = KeyInfo {
            fingerprint,
            algorithm: "ssh-ed25519".to_owned(),
            comment: String::new(),
            source: "file:~/.ssh/id".to_owned(),
            searchable: true,
        };
        let line = format!("{fingerprint}  ssh-ed25519  file:~/.ssh/id");
        assert_eq!(key(&info), line);
        let info = GrantInfo {
            id: GrantId::from_random([1; 8]),
            build: "app".to_owned(),
            mode: Mode::Sign,
            state: GrantState::Live,
            keys: vec![fingerprint],
            hosts: Hosts::Known,
            repos: Repos::Any,
            signatures: 200,
            signed: 3,
            refused: 1,
            expires_in: 1_790,
        };
        assert_eq!(
            grant(&info),
            "0101010101010101  live     sign   3/200 signatures  1 refused  29m 50s left  app"
        );
    }
}
