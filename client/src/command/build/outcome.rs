//! How a build ends: docker's status, unless Keystay has something to add.

use keystay_proto::{
    control::{Fault, GrantReport, Reason, Refusal, Repos},
    git::RepoPattern,
    is_plain_word,
};

use crate::{
    cli::HostName,
    engine::Run,
    exit_code::ExitCode,
    summary::{End, Image, with_port},
};

/// The end of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    /// The exit status.
    pub(super) code: ExitCode,
    /// The error to tell, where there is one: a line, then hints.
    pub(super) complaint: Option<(String, Vec<String>)>,
}

impl Outcome {
    /// The same, but this end where all is well.
    pub(super) fn or(self, other: Option<End>) -> Self {
        match other {
            Some((code, told)) if self == plain(ExitCode::Success) => Self {
                code,
                complaint: told.map(|(message, hints)| (message.to_owned(), hints)),
            },
            _ => self,
        }
    }
}

/// What decides how a build's end is told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms<'a> {
    /// Whether an image that was not searched whole is an error.
    pub(super) strict: bool,
    /// Whether the build was in fetch mode.
    pub(super) is_fetching: bool,
    /// Whether the user's file, and nothing else, limits the hosts.
    pub(super) is_limited: bool,
    /// The repositories that may be read.
    pub(super) repos: &'a Repos,
}

/// What a build comes to, from docker's end, the grant's report and the image's verdict.
pub(super) fn outcome(run: Run, report: &GrantReport, image: &Image, terms: Terms<'_>) -> Outcome {
    if run.caught.is_some() {
        return plain(run.exit_code());
    }
    if run.ended.is_success() {
        return of_image(image, terms.strict);
    }
    let reasons = report
        .refusals
        .iter()
        .find(|refusal| hint(refusal.reason).is_some());
    let changed = |fault: &&Fault| matches!(fault, Fault::HostKeyChanged { .. });
    let failed = |fault: &&Fault| matches!(fault, Fault::Fetch { .. });
    let mut faults = report.faults.iter();
    let grave = (faults.clone().find(changed)).or_else(|| faults.clone().find(|f| !failed(f)));
    match (grave, reasons, faults.find(failed)) {
        (Some(fault), ..) | (None, None, Some(fault)) => of_fault(fault, run.exit_code()),
        (None, Some(refusal), _) => of_refusal(refusal, terms),
        (None, None, None) => plain(run.exit_code()),
    }
}

fn plain(code: ExitCode) -> Outcome {
    Outcome {
        code,
        complaint: None,
    }
}

fn complaint(code: ExitCode, message: String, hint: &str) -> Outcome {
    Outcome {
        code,
        complaint: Some((message, vec![hint.to_owned()])),
    }
}

fn of_image(image: &Image, strict: bool) -> Outcome {
    let (code, told) = image.end(strict);
    let complaint = told.map(|(message, hints)| (message.to_owned(), hints));
    Outcome { code, complaint }
}

/// A fault's end; a fetch that a host did not serve leaves the engine its status.
fn of_fault(fault: &Fault, own: ExitCode) -> Outcome {
    match fault {
        Fault::UpstreamAgent(what) => complaint(
            ExitCode::Unreadable,
            format!("your ssh agent did not sign: {what}"),
            "see whether it is there and unlocked: `ssh-add -l`",
        ),
        Fault::AuditUnwritable(what) => complaint(
            ExitCode::Unavailable,
            format!("nothing is signed without a record: {what}"),
            "make room on its disk, or make its folder writable",
        ),
        Fault::HostKeyChanged { host, known } => complaint(
            ExitCode::HostKey,
            format!("{host} showed another host key than the known one"),
            &format!(
                "if its key was really changed, put the new one in {known}; else somebody stands \
                 between you and the host"
            ),
        ),
        Fault::Fetch { repository, why } => complaint(
            own,
            format!("{repository} was not fetched: {why}"),
            &format!(
                "see whether it works without a build: `git ls-remote {}`",
                url(repository)
            ),
        ),
    }
}

/// A URL of the repository for git, as far as it may be typed.
fn url(repository: &str) -> String {
    if is_plain_word(repository) {
        format!("ssh://git@{repository}")
    } else {
        "URL".to_owned()
    }
}

fn of_refusal(refusal: &Refusal, terms: Terms<'_>) -> Outcome {
    let Refusal { reason, detail, .. } = refusal;
    let shown = detail
        .as_ref()
        .map(|detail| format!(" ({detail})"))
        .unwrap_or_default();
    let what = if terms.is_fetching {
        "fetch"
    } else {
        "signature"
    };
    let message = format!("the build was refused a {what}: {reason}{shown}");
    let exact = detail
        .as_deref()
        .filter(|_| terms.is_fetching)
        .and_then(|detail| exact_hint(*reason, detail));
    let hint = match reason {
        Reason::HostNotGranted if terms.is_limited => LIMITED.to_owned(),
        _ => exact.unwrap_or_else(|| hint(*reason).unwrap_or_default().to_owned()),
    };
    let mut hints = vec![hint];
    if terms.is_fetching && is_of_no_listed_host(*reason, detail.as_deref(), terms.repos) {
        hints.push(ALIAS.to_owned());
    }
    Outcome {
        code: ExitCode::Refused,
        complaint: Some((message, hints)),
    }
}

/// Whether a fetch was refused from a host that nothing names here.
fn is_of_no_listed_host(reason: Reason, detail: Option<&str>, repos: &Repos) -> bool {
    match (reason, repos) {
        (Reason::HostNotGranted | Reason::HostNotKnown, _) => true,
        (Reason::RepositoryNotGranted, Repos::Only(patterns)) => {
            let refused = detail.and_then(|detail| detail.parse::<RepoPattern>().ok());
            let place = |pattern: &RepoPattern| (pattern.host().to_owned(), pattern.port());
            refused.is_some_and(|it| !patterns.iter().any(|known| place(known) == place(&it)))
        }
        _ => false,
    }
}

/// What to do about a refused fetch of this repository, or from this host.
fn exact_hint(reason: Reason, detail: &str) -> Option<String> {
    let host = || detail.split('/').next()?.parse::<HostName>().ok();
    match reason {
        Reason::RepositoryNotGranted if is_plain_word(detail) => Some(format!(
            "allow the repository: `keystay --repo {detail} build …`, or list it in keystay.toml"
        )),
        Reason::HostNotKnown => Some(format!(
            "make its key known, once and with care: `{}`, and compare the fingerprint",
            host()?.ssh_command()
        )),
        Reason::HostNotGranted => Some(format!(
            "allow the host: `keystay --host {} build …`; its key must be in ~/.ssh/known_hosts",
            with_port(host()?.as_str())
        )),
        _ => None,
    }
}

/// What to do about a refused signature; nothing for refusals of other requests, which do not make
/// a build fail.
fn hint(reason: Reason) -> Option<&'static str> {
    Some(match reason {
        Reason::Expired => "give the build more time: `keystay --ttl 2h build …`",
        Reason::Revoked => "the grant was taken back while the build ran; build again",
        Reason::Locked => "unlock the agent, `ssh-add -X`, and build again",
        Reason::BudgetSpent => "allow more signatures: `keystay --signatures 1000 build …`",
        Reason::KeyNotGranted => {
            "name the key that the build needs: `keystay --key SOURCE build …`"
        }
        Reason::NotALogin => {
            "a build may log in, and nothing else: look for commit signing in the failed step"
        }
        Reason::WrongUser => "allow the login name: `keystay --user NAME build …`",
        Reason::WrongService => "a build may use ssh for `ssh-connection` only",
        Reason::HostNotGranted => {
            "allow the host: `keystay --host NAME build …`; its key must be in ~/.ssh/known_hosts"
        }
        Reason::HostNotVerified => {
            "the login does not show its host (GitHub's and GitLab.com's never do): leave out `--strict`"
        }
        Reason::AlgorithmNotAllowed => {
            "RSA with SHA-1 and DSA are not signed with: use an ed25519 key, or update the server"
        }
        Reason::RefusalsSpent => {
            "a step asks its agent for what no build gets, over and over: the audit log tells what"
        }
        Reason::RecordsSpent => {
            "a step fetches or is refused thousands of times: the audit log tells what; where that is meant, make two builds of it"
        }
        Reason::NotAFetch => "a build may read repositories, and nothing else: look for a push",
        Reason::RepositoryNotGranted => "allow the repository: `keystay --repo HOST/PATH build …`",
        Reason::HostNotKnown => {
            "make its key known, once and with care: `ssh HOST`, and compare the fingerprint"
        }
        Reason::NoRepository => "a repository is HOST/PATH: look at the URL in the failed step",
        Reason::HostKeyChanged
        | Reason::NoStream
        | Reason::TooManyStreams
        | Reason::TooMuchInput
        | Reason::MessageNotServed
        | Reason::Malformed
        | Reason::TooLong
        | Reason::TooManyConnections
        | Reason::Stalled => return None,
    })
}

const LIMITED: &str = "`hosts` under `[limit]` in your config.toml leaves the host out: add it there; its key must \
                       be in ~/.ssh/known_hosts";
const ALIAS: &str = "a name of the step's own ssh_config is not read: write the real host in the URL, or put the \
                     name into ~/.ssh/config here";

#[cfg(test)]
mod tests {
    use keystay_proto::control::GrantId;

    use super::*;
    use crate::{engine::Ended, summary::Searched};

    const FAILED: Run = Run {
        ended: Ended::Exited(1),
        caught: None,
    };
    const DONE: Run = Run {
        ended: Ended::Exited(0),
        caught: None,
    };

    const SIGN: Terms<'static> = Terms {
        strict: false,
        is_fetching: false,
        is_limited: false,
        repos: &Repos::Any,
    };
    const STRICT: Terms<'static> = Terms {
        strict: true,
        is_fetching: false,
        is_limited: false,
        repos: &Repos::Any,
    };
    const FETCH: Terms<'static> = Terms {
        strict: false,
        is_fetching: true,
        is_limited: false,
        repos: &Repos::Any,
    };

    #[test]
    fn a_refused_fetch_explains_a_failed_build() {
        let mut report = report(vec![], &[Reason::NoStream, Reason::RepositoryNotGranted]);
        report.refusals[1].detail = Some("h:2222/acme/x".into());
        assert_eq!(
            told(outcome(FAILED, &report, &Image::NotAsked, FETCH)),
            (
                77,
                "the build was refused a fetch: repository not granted (h:2222/acme/x)".into(),
                "allow the repository: `keystay --repo h:2222/acme/x build …`, or list it in keystay.toml"
                    .into()
            )
        );
    }

    #[test]
    fn a_host_with_a_port_is_told_as_ssh_takes_it() {
        for (detail, command) in [
            ("h:2222/acme/x", "`ssh -p 2222 h`"),
            ("[h]:2222", "`ssh -p 2222 h`"),
            ("h", "`ssh h`"),
            ("x;id;/acme/x", "`ssh HOST`"),
        ] {
            let mut report = report(vec![], &[Reason::HostNotKnown]);
            report.refusals[0].detail = Some(detail.into());
            let (_, _, hint) = told(outcome(FAILED, &report, &Image::NotAsked, FETCH));
            assert!(hint.contains(command), "{hint}");
        }
    }

    #[test]
    fn a_repository_of_a_host_that_is_listed_nowhere_may_be_named_by_the_step() {
        let repos = Repos::Only(vec!["github.com/acme/lib".parse().unwrap()]);
        for (repository, hints) in [("github.com/acme/x", 1), ("github.com-lib/acme/lib", 2)] {
            let mut report = report(vec![], &[Reason::RepositoryNotGranted]);
            report.refusals[0].detail = Some(repository.into());
            let terms = Terms {
                repos: &repos,
                ..FETCH
            };
            let outcome = outcome(FAILED, &report, &Image::NotAsked, terms);
            let told = outcome.complaint.unwrap().1;
            assert_eq!(told.len(), hints, "{told:?}");
        }
    }

    #[test]
    fn a_host_that_the_limit_of_the_file_leaves_out_is_allowed_there() {
        let mut report = report(vec![], &[Reason::HostNotGranted]);
        report.refusals[0].detail = Some("h:2222/acme/x".into());
        let hints = |is_limited| {
            let terms = Terms {
                is_limited,
                ..FETCH
            };
            let outcome = outcome(FAILED, &report, &Image::NotAsked, terms);
            outcome.complaint.unwrap().1
        };
        assert_eq!(hints(true), [LIMITED, ALIAS]);
        let named = "allow the host: `keystay --host h:2222 build …`; its key must be in ~/.ssh/known_hosts";
        assert_eq!(hints(false), [named, ALIAS]);
    }

    #[test]
    fn a_hint_repeats_no_words_that_a_shell_acts_on() {
        let mut report = report(vec![], &[Reason::RepositoryNotGranted]);
        report.refusals[0].detail = Some("x;id;/acme/x".into());
        let (status, _, hint) = told(outcome(FAILED, &report, &Image::NotAsked, FETCH));
        assert_eq!(status, 77);
        assert_eq!(
            hint,
            "allow the repository: `keystay --repo HOST/PATH build …`"
        );
    }

    #[test]
    fn a_failed_fetch_is_told_with_the_command_that_tries_it() {
        for (repository, command) in [
            ("h:2222/acme/x", "`git ls-remote ssh://git@h:2222/acme/x`"),
            ("x;id;/acme/x", "`git ls-remote URL`"),
        ] {
            let fault = Fault::Fetch {
                repository: repository.into(),
                why: "not found".into(),
            };
            let report = report(vec![fault], &[]);
            let (status, _, hint) = told(outcome(FAILED, &report, &Image::NotAsked, FETCH));
            assert_eq!(status, 1);
            assert!(hint.ends_with(command), "{hint}");
        }
    }

    #[test]
    fn a_changed_host_key_comes_before_everything() {
        let fetch = Fault::Fetch {
            repository: "h/a".into(),
            why: "gone".into(),
        };
        let changed = Fault::HostKeyChanged {
            host: "h".into(),
            known: "/root/.ssh/known_hosts:3".into(),
        };
        let report = report(vec![fetch, changed], &[Reason::HostKeyChanged]);
        let (status, message, hint) = told(outcome(FAILED, &report, &Image::NotAsked, FETCH));
        assert_eq!(
            (status, message.as_str()),
            (76, "h showed another host key than the known one")
        );
        assert!(hint.contains("/root/.ssh/known_hosts:3"), "{hint}");
    }

    fn report(faults: Vec<Fault>, reasons: &[Reason]) -> GrantReport {
        let refusal = |&reason| Refusal {
            reason,
            count: 1,
            detail: Some("root".into()),
        };
        GrantReport {
            id: GrantId::from_random([0; 8]),
            signatures: 0,
            keys: vec![],
            hosts: vec![],
            fetches: vec![],
            refusals: reasons.iter().map(refusal).collect(),
            faults,
        }
    }

    fn leak() -> Image {
        let searched = Searched {
            image: "app".into(),
            keys: 1,
            unsearchable: 0,
            layers: 1,
            known_layers: 0,
            bytes: 1,
        };
        Image::Leak {
            searched,
            findings: Vec::new(),
            missing: Vec::new(),
        }
    }

    fn status(outcome: &Outcome) -> u8 {
        outcome.code.number()
    }

    fn told(outcome: Outcome) -> (u8, String, String) {
        let (message, mut hints) = outcome.complaint.unwrap();
        (outcome.code.number(), message, hints.remove(0))
    }

    #[test]
    fn a_failed_build_keeps_dockers_status() {
        let outcome = outcome(FAILED, &report(vec![], &[]), &Image::NotAsked, STRICT);
        assert_eq!(outcome, plain(ExitCode::Engine(1)));
    }

    #[test]
    fn a_refused_signature_explains_a_failed_build() {
        let reasons = [Reason::Stalled, Reason::WrongUser, Reason::NotALogin];
        assert_eq!(
            told(outcome(
                FAILED,
                &report(vec![], &reasons),
                &Image::NotAsked,
                SIGN
            )),
            (
                77,
                "the build was refused a signature: login as another user (root)".into(),
                "allow the login name: `keystay --user NAME build …`".into()
            )
        );
    }

    #[test]
    fn refusals_of_other_requests_leave_dockers_status() {
        let reasons = [Reason::MessageNotServed, Reason::Malformed, Reason::Stalled];
        let outcome = outcome(FAILED, &report(vec![], &reasons), &Image::NotAsked, SIGN);
        assert_eq!(status(&outcome), 1);
    }

    #[test]
    fn a_grant_that_refusals_have_closed_explains_a_failed_build() {
        let mut report = report(vec![], &[Reason::MessageNotServed, Reason::RefusalsSpent]);
        report.refusals[1].detail = None;
        let (status, message, _) = told(outcome(FAILED, &report, &Image::NotAsked, SIGN));
        assert_eq!(
            (status, message.as_str()),
            (
                77,
                "the build was refused a signature: too many refusals, the grant is closed"
            )
        );
    }

    #[test]
    fn a_grant_that_records_have_closed_is_not_told_as_taken_back() {
        let mut report = report(vec![], &[Reason::RecordsSpent, Reason::Revoked]);
        report.refusals[0].detail = None;
        let (status, message, _) = told(outcome(FAILED, &report, &Image::NotAsked, FETCH));
        let closed = "the build was refused a fetch: too many records, the grant is closed";
        assert_eq!((status, message.as_str()), (77, closed));
    }

    #[test]
    fn a_fault_of_this_side_comes_first() {
        let upstream = report(
            vec![Fault::UpstreamAgent("gone".into())],
            &[Reason::WrongUser],
        );
        assert_eq!(
            told(outcome(FAILED, &upstream, &Image::NotAsked, SIGN)),
            (
                66,
                "your ssh agent did not sign: gone".into(),
                "see whether it is there and unlocked: `ssh-add -l`".into()
            )
        );
        let audit = report(
            vec![Fault::AuditUnwritable("no space left on device".into())],
            &[],
        );
        let (status, message, _) = told(outcome(FAILED, &audit, &Image::NotAsked, SIGN));
        assert_eq!(status, 69);
        assert_eq!(
            message,
            "nothing is signed without a record: no space left on device"
        );
    }

    #[test]
    fn a_build_that_went_well_is_not_failed_by_refusals() {
        let report = report(
            vec![Fault::UpstreamAgent("gone".into())],
            &[Reason::WrongUser],
        );
        assert_eq!(
            outcome(DONE, &report, &Image::NotAsked, STRICT),
            plain(ExitCode::Success)
        );
    }

    #[test]
    fn a_leak_fails_a_build_that_went_well() {
        let (status, message, _) = told(outcome(DONE, &report(vec![], &[]), &leak(), SIGN));
        assert_eq!(
            (status, message.as_str()),
            (65, "key material found in the image")
        );
    }

    #[test]
    fn an_image_not_searched_whole_fails_strict_builds_only() {
        let image = Image::Incomplete {
            missing: vec!["x".into()],
        };
        assert_eq!(
            status(&outcome(DONE, &report(vec![], &[]), &image, SIGN)),
            0
        );
        assert_eq!(
            status(&outcome(DONE, &report(vec![], &[]), &image, STRICT)),
            75
        );
    }

    #[test]
    fn killed_engines_are_told_as_shells_do() {
        let run = Run {
            ended: Ended::Killed(9),
            caught: None,
        };
        assert_eq!(
            status(&outcome(run, &report(vec![], &[]), &Image::NotAsked, SIGN)),
            137
        );
    }
}
