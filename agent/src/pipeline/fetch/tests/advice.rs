//! What a step is told of a fetch that is refused.

use keystay_proto::control::Hosts;

use super::*;

#[tokio::test]
async fn a_refused_fetch_tells_the_step_what_to_do_and_is_recorded() {
    let fixture = Fixture::new().await;
    let grant = grant(&fixture);
    for (command, told, reason) in [
        (
            &b"git-upload-pack '/acme/lib-b.git'"[..],
            "github.com/acme/lib-b is not granted; allow it: `keystay --repo \
             github.com/acme/lib-b build …`, or in keystay.toml",
            Reason::RepositoryNotGranted,
        ),
        // A person may type what is told.
        (
            b"git-upload-pack 'acme/lib b'",
            "github.com/acme/lib b is not granted; allow it: `keystay --repo HOST/PATH build …`, or in \
             keystay.toml",
            Reason::RepositoryNotGranted,
        ),
        (
            b"git-upload-pack 'acme/**'",
            "a repository's path is plain text without quotes and shell characters",
            Reason::NoRepository,
        ),
        (
            b"git-receive-pack 'acme/lib-a'",
            "`git-receive-pack` does not read a repository; a build may read repositories only",
            Reason::NotAFetch,
        ),
        (
            b"git-upload-pack '../lib-a'",
            "a repository's path has no empty parts, `.` or `..`",
            Reason::NoRepository,
        ),
    ] {
        let blob = ask(&grant, ID, &Request::Open(open(command))).await;
        assert_eq!(message(&blob), told);
        let record = fixture.records().pop().unwrap();
        assert_eq!(
            (record.event, record.reason),
            (Event::Refused, Some(reason))
        );
    }
}

#[tokio::test]
async fn a_host_without_a_known_key_is_told_with_the_command_that_shows_it() {
    let fixture = Fixture::new().await;
    let grant = fixture.grant(GrantSpec {
        mode: Mode::Fetch,
        ..Fixture::spec()
    });
    let request = Open {
        host: b"git.acme",
        port: 2222,
        ..open(b"git-upload-pack 'acme/lib-a'")
    };
    let told = message(&ask(&grant, ID, &Request::Open(request)).await);
    assert!(
        told.contains("no host key of git.acme:2222 is known"),
        "{told}"
    );
    assert!(told.contains("`ssh -p 2222 git.acme`"), "{told}");
    assert!(told.ends_with(ALIAS), "{told}");
}

#[tokio::test]
async fn a_name_of_the_steps_own_ssh_config_is_told_to_be_none() {
    let fixture = Fixture::new().await;
    let request = Open {
        host: b"github.com-lib-a",
        ..open(b"git-upload-pack 'acme/lib-a'")
    };
    let limited = fixture.grant(GrantSpec {
        mode: Mode::Fetch,
        hosts: Hosts::Only(vec!["github.com".into()]),
        ..Fixture::spec()
    });
    for (grant, allows) in [
        (
            grant(&fixture),
            "`keystay --repo github.com-lib-a/acme/lib-a build …`",
        ),
        (
            limited,
            "`keystay --host github.com-lib-a build …`, and in config.toml where `[limit] hosts` leaves it out",
        ),
    ] {
        let told = message(&ask(&grant, ID, &Request::Open(request)).await);
        assert!(told.contains(allows), "{told}");
        assert!(told.ends_with(ALIAS), "{told}");
    }
}

const ALIAS: &str = "; a name of the step's own ssh_config is not read: write the real host, or put the \
                     name into ~/.ssh/config where keystay runs";
