use std::time::Duration;

use super::*;

fn terms(repos: Repos) -> Terms {
    Terms {
        keys: vec![],
        user: "git".to_owned(),
        hosts: Hosts::Known,
        repos,
        strict: false,
        signatures: 0,
        expires: Moment::now() + Duration::from_mins(1),
    }
}

fn only(pattern: &str) -> Repos {
    Repos::Only(vec![pattern.parse().unwrap()])
}

const STANDING: Standing = Standing {
    recorded_all: false,
    revoked: false,
    locked: false,
    signed: 0,
};

const OPEN: Open<'_> = Open {
    user: b"git",
    host: b"Git.Acme.Internal",
    port: 0,
    command: b"git-upload-pack '/acme/lib-a.git'",
    git_protocol: b"",
};

fn verdict(terms: &Terms, open: &Open<'_>) -> Result<(), Reason> {
    let demand = FetchDemand::identify(open);
    let is_known = |repository: &Repository| repository.host.ends_with(".acme.internal");
    judge_fetch(terms, STANDING, &demand, is_known, Moment::now())
}

#[test]
fn a_fetch_of_a_granted_repository_is_allowed() {
    for repos in [
        Repos::Any,
        only("git.acme.internal/acme/lib-a"),
        only("git.acme.internal/acme/*"),
    ] {
        assert_eq!(verdict(&terms(repos), &OPEN), Ok(()));
    }
    let nameless = Open { user: b"", ..OPEN };
    assert_eq!(verdict(&terms(Repos::Any), &nameless), Ok(()));
}

#[test]
fn another_repository_host_or_port_is_not_granted() {
    let terms = terms(only("git.acme.internal/acme/lib-a"));
    for open in [
        Open {
            command: b"git-upload-pack 'acme/lib-b'",
            ..OPEN
        },
        Open {
            command: b"git-upload-pack 'acme/lib-a/x'",
            ..OPEN
        },
        Open {
            host: b"other.acme.internal",
            ..OPEN
        },
        Open { port: 2222, ..OPEN },
    ] {
        assert_eq!(verdict(&terms, &open), Err(Reason::RepositoryNotGranted));
    }
}

#[test]
fn a_token_for_large_files_is_told_of() {
    let detail = |command| FetchDemand::identify(&Open { command, ..OPEN }).detail();
    let told = detail(b"git-lfs-authenticate 'acme/lib-a' download");
    assert_eq!(told.as_deref(), Some(TOKEN));
    assert_eq!(detail(b"git-upload-pack 'acme/lib-a'"), None);
}

#[test]
fn a_host_that_is_no_name_or_address_has_no_repository() {
    let listed = Hosts::Only(vec!["[127.0.0.1]:20022".into()]);
    for host in [
        &b"[127.0.0.1]:20022"[..],
        b"git.acme/x",
        b"a b",
        b"a\xff",
        b"",
    ] {
        let terms = Terms {
            hosts: listed.clone(),
            ..terms(Repos::Any)
        };
        let open = Open { host, ..OPEN };
        let demand = FetchDemand::identify(&open);
        let verdict = judge_fetch(&terms, STANDING, &demand, |_| true, Moment::now());
        assert_eq!(verdict, Err(Reason::NoRepository));
        let detail = demand.detail().unwrap();
        assert_eq!(detail, "the host is not a name or an address");
    }
}

#[test]
fn what_does_not_read_a_repository_is_no_fetch() {
    for command in [
        &b"git-receive-pack 'acme/lib-a'"[..],
        b"git-shell -c help",
        b"git-upload-pack 'acme/lib-a'; id",
        b"",
        b"sh",
    ] {
        let open = Open { command, ..OPEN };
        let verdict = verdict(&terms(Repos::Any), &open);
        assert_eq!(
            verdict,
            Err(Reason::NotAFetch),
            "{}",
            command.escape_ascii()
        );
    }
    for command in [
        &b"git-upload-pack '../x'"[..],
        b"git-upload-pack 'a/../../b'",
        b"git-upload-pack --upload-pack=id 'acme/lib-a'",
    ] {
        let open = Open { command, ..OPEN };
        assert_eq!(
            verdict(&terms(Repos::Any), &open),
            Err(Reason::NoRepository)
        );
    }
}

#[test]
fn a_host_outside_of_the_list_is_not_granted() {
    let mut terms = terms(Repos::Any);
    terms.hosts = Hosts::Only(vec![
        "git.acme.internal".into(),
        "[h.acme.internal]:2222".into(),
    ]);
    assert_eq!(verdict(&terms, &OPEN), Ok(()));
    let other = |host, port| Open { host, port, ..OPEN };
    assert_eq!(verdict(&terms, &other(b"h.acme.internal", 2222)), Ok(()));
    for open in [
        other(b"h.acme.internal", 22),
        other(b"git.acme.internal", 2222),
    ] {
        assert_eq!(verdict(&terms, &open), Err(Reason::HostNotGranted));
    }
}

#[test]
fn a_host_without_a_known_key_is_refused() {
    let open = Open {
        host: b"evil.example",
        ..OPEN
    };
    assert_eq!(
        verdict(&terms(Repos::Any), &open),
        Err(Reason::HostNotKnown)
    );
}

#[test]
fn reasons_are_looked_for_in_a_fixed_order() {
    let mut terms = terms(only("git.acme.internal/acme/lib-b"));
    terms.hosts = Hosts::Only(vec!["other".into()]);
    let spoilt = Open {
        user: b"root",
        host: b"evil.example",
        command: b"git-receive-pack 'acme/lib-a'",
        ..OPEN
    };
    let judge = |terms: &Terms, (recorded_all, revoked, locked), open: &Open<'_>| {
        let demand = FetchDemand::identify(open);
        let standing = Standing {
            recorded_all,
            revoked,
            locked,
            ..STANDING
        };
        judge_fetch(terms, standing, &demand, |_| false, Moment::now()).unwrap_err()
    };
    let mut seen = vec![];
    terms.expires = Moment::now();
    seen.push(judge(&terms, (true, true, true), &spoilt));
    terms.expires = terms.expires + Duration::from_mins(1);
    seen.push(judge(&terms, (true, true, true), &spoilt));
    seen.push(judge(&terms, (false, true, true), &spoilt));
    seen.push(judge(&terms, (false, false, true), &spoilt));
    seen.push(judge(&terms, (false, false, false), &spoilt));
    let fetch = Open {
        command: OPEN.command,
        ..spoilt
    };
    seen.push(judge(&terms, (false, false, false), &fetch));
    let fetch = Open {
        user: b"git",
        ..fetch
    };
    seen.push(judge(&terms, (false, false, false), &fetch));
    terms.hosts = Hosts::Known;
    seen.push(judge(&terms, (false, false, false), &fetch));
    terms.repos = Repos::Any;
    seen.push(judge(&terms, (false, false, false), &fetch));
    assert_eq!(
        seen,
        [
            Reason::Expired,
            Reason::RecordsSpent,
            Reason::Revoked,
            Reason::Locked,
            Reason::NotAFetch,
            Reason::WrongUser,
            Reason::HostNotGranted,
            Reason::RepositoryNotGranted,
            Reason::HostNotKnown,
        ]
    );
}
