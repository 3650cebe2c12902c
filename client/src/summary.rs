//! What a build used, in a few lines.

mod advice;
mod fetches;
mod image;
mod others;
mod size;
mod uses;

pub(crate) use image::{End, Image, Searched, short};
pub(crate) use others::{end_of_others, tell_others};
pub(crate) use uses::with_port;

use keystay_proto::control::{GrantReport, KeyInfo};

/// What there is to tell of a build.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told<'a> {
    /// The keys of its grants.
    pub(crate) keys: &'a [KeyInfo],
    /// What the grants were used for.
    pub(crate) report: &'a GrantReport,
    /// What was found in its image.
    pub(crate) image: &'a Image,
    /// What the build wrote that is searched nowhere.
    pub(crate) unseen: Option<&'a str>,
    /// Whether the engine was content.
    pub(crate) was_built: bool,
    /// Whether it was in fetch mode.
    pub(crate) is_fetching: bool,
    /// Where steps have the ssh that fetches, if they do.
    pub(crate) shim: Option<&'a str>,
    /// Why it was in sign mode, where the user left the choice.
    pub(crate) why_sign: Option<&'a str>,
    /// Whether its repositories were listed.
    pub(crate) is_listed: bool,
}

/// The summary of a build: what its grants were used for, and what was found in its image.
pub(crate) fn lines(told: &Told<'_>) -> Vec<String> {
    let Told { report, .. } = told;
    let mut lines: Vec<String> = used(told).into_iter().flatten().collect();
    if lines.is_empty() && report.faults.is_empty() {
        lines.push(unused(told));
    }
    if let Some(why) = told.why_sign {
        lines.insert(0, format!("sign mode: {why}"));
    }
    lines.extend(row("image", told.image.line()));
    let unseen = told.unseen.filter(|_| told.was_built);
    lines.extend(row("unseen", unseen.map(str::to_owned)));
    if told.is_fetching && !told.is_listed {
        lines.extend(fetches::offer(&report.fetches));
    }
    lines
}

fn used(told: &Told<'_>) -> [Option<String>; 4] {
    let report = told.report;
    let keys = row("keys", uses::keys(told.keys, &report.keys));
    let refused = row("refused", uses::refusals(&report.refusals));
    if !told.is_fetching {
        return [
            keys,
            row("hosts", uses::hosts(&report.hosts)),
            refused,
            None,
        ];
    }
    let failures = fetches::failures(&report.faults);
    [
        row("fetched", fetches::fetched(&report.fetches)),
        keys.filter(|_| report.signatures > 0),
        refused,
        row("failed", failures.filter(|_| told.was_built)),
    ]
}

fn unused(told: &Told<'_>) -> String {
    let text = match (told.is_fetching, told.was_built) {
        (false, true) => UNUSED,
        (false, false) => UNUSED_AND_FAILED,
        (true, true) => NOTHING_FETCHED,
        (true, false) => NOTHING_FETCHED_AND_FAILED,
    };
    match told.shim.filter(|_| !told.was_built) {
        Some(shim) => {
            format!(
                "{text}; if git failed over ssh and no line of keystay's says why, it ran another than {shim}: {LOOK}"
            )
        }
        None => text.to_owned(),
    }
}

/// The line about an image that was not built just now.
pub(crate) fn verdict(image: &Image) -> String {
    row("image", image.line()).unwrap_or_default()
}

fn row(name: &str, text: Option<String>) -> Option<String> {
    text.map(|text| format!("{name:<9} {text}"))
}

const UNUSED_AND_FAILED: &str = "the build asked for no signature";
const NOTHING_FETCHED: &str = "the build fetched nothing (cached, or it has no such step)";
const NOTHING_FETCHED_AND_FAILED: &str = "the build fetched nothing";
const LOOK: &str = "look for PATH, GIT_SSH, GIT_SSH_COMMAND and core.sshCommand";
const UNUSED: &str = "the build asked for no signature (cached, or it has no ssh step)";

#[cfg(test)]
mod tests {
    use keystay_proto::{
        Fingerprint,
        control::{Encoding, Fault, FetchUse, GrantId, HostUse, KeyUse, Reason, Refusal},
    };

    use super::*;
    use crate::verify::{Finding, Place};

    const SHIM: &str = "/bin/ssh";

    fn key(name: &str, source: &str, searchable: bool) -> KeyInfo {
        KeyInfo {
            fingerprint: Fingerprint::of(name.as_bytes()),
            algorithm: "ssh-ed25519".into(),
            comment: name.into(),
            source: source.into(),
            searchable,
        }
    }

    fn lines(
        keys: &[KeyInfo],
        report: &GrantReport,
        image: &Image,
        was_built: bool,
    ) -> Vec<String> {
        super::lines(&Told {
            keys,
            report,
            image,
            unseen: None,
            was_built,
            is_fetching: false,
            shim: None,
            why_sign: None,
            is_listed: false,
        })
    }

    fn fetching(report: &GrantReport, is_listed: bool) -> Vec<String> {
        super::lines(&Told {
            keys: &[],
            report,
            image: &Image::NotAsked,
            unseen: None,
            was_built: true,
            is_fetching: true,
            shim: Some(SHIM),
            why_sign: None,
            is_listed,
        })
    }

    fn fetched() -> FetchUse {
        FetchUse {
            repository: "h/acme/lib".into(),
            key: None,
            count: 1,
            commits: vec!["1a2b3c4d".into()],
            refs: vec![],
            other_wants: 0,
            bytes: 1,
        }
    }

    #[test]
    fn fetches_are_told_and_a_list_is_offered() {
        let refusals = vec![Refusal {
            reason: Reason::RepositoryNotGranted,
            count: 2,
            detail: Some("h/acme/x".into()),
        }];
        let report = GrantReport {
            fetches: vec![fetched()],
            refusals,
            ..report()
        };
        let used = [
            "fetched   acme/lib@1a2b3c4 from h",
            "refused   2 × repository not granted (h/acme/x); allow it: `--repo h/acme/x`",
        ];
        assert_eq!(fetching(&report, true), used);
        let offered =
            "list them in keystay.toml, and nothing else can be fetched: repos = [\"h/acme/lib\"]";
        assert_eq!(
            fetching(&report, false),
            [used.as_slice(), &[offered]].concat()
        );
    }

    #[test]
    fn a_failed_build_that_never_asked_is_told_of_another_ssh() {
        let told = |shim| {
            super::lines(&Told {
                keys: &[],
                report: &report(),
                image: &Image::NotAsked,
                unseen: None,
                was_built: false,
                is_fetching: true,
                shim,
                why_sign: None,
                is_listed: false,
            })
        };
        assert_eq!(
            told(Some(SHIM)),
            [
                "the build fetched nothing; if git failed over ssh and no line of keystay's says why, it ran another than /bin/ssh: \
                 look for PATH, GIT_SSH, GIT_SSH_COMMAND and core.sshCommand"
            ]
        );
        assert_eq!(told(None), [NOTHING_FETCHED_AND_FAILED]);
    }

    #[test]
    fn a_build_that_fetched_nothing_says_so() {
        let told = "the build fetched nothing (cached, or it has no such step)";
        assert_eq!(fetching(&report(), false), [told]);
        let faults = vec![Fault::HostKeyChanged {
            host: "h".into(),
            known: "~/.ssh/known_hosts:3".into(),
        }];
        assert_eq!(
            fetching(&GrantReport { faults, ..report() }, false),
            ["failed    h showed another key than ~/.ssh/known_hosts:3 knows"]
        );
    }

    #[test]
    fn sign_mode_that_nobody_asked_for_is_explained() {
        let lines = super::lines(&Told {
            keys: &[],
            report: &report(),
            image: &Image::NotAsked,
            unseen: None,
            was_built: true,
            is_fetching: false,
            shim: None,
            why_sign: Some("docker 20.10 cannot run the shim from a secret (Docker 26 can)"),
            is_listed: false,
        });
        assert_eq!(
            lines,
            [
                "sign mode: docker 20.10 cannot run the shim from a secret (Docker 26 can)",
                UNUSED
            ]
        );
    }

    fn report() -> GrantReport {
        GrantReport {
            id: GrantId::from_random([0; 8]),
            signatures: 0,
            keys: vec![],
            hosts: vec![],
            refusals: vec![],
            fetches: vec![],
            faults: vec![],
        }
    }

    fn searched(keys: usize, unsearchable: usize) -> Searched {
        let image = format!("sha256:{}", "0123456789abcdef".repeat(4));
        Searched {
            image,
            keys,
            unsearchable,
            layers: 12,
            known_layers: 0,
            bytes: 345_400_000,
        }
    }

    #[test]
    fn a_build_that_failed_is_not_called_cached() {
        let keys = [key("a", "agent", false)];
        assert_eq!(
            lines(&keys, &report(), &Image::NotAsked, false),
            ["the build asked for no signature"]
        );
    }

    #[test]
    fn what_is_searched_nowhere_is_told_of_a_build_that_went_well() {
        let report = report();
        let told = |was_built| {
            super::lines(&Told {
                keys: &[],
                report: &report,
                image: &Image::NotAsked,
                unseen: Some("the cache"),
                was_built,
                is_fetching: false,
                shim: None,
                why_sign: None,
                is_listed: false,
            })
        };
        assert_eq!(told(true), [UNUSED, "unseen    the cache"]);
        assert_eq!(told(false), [UNUSED_AND_FAILED]);
    }

    #[test]
    fn a_build_is_told_in_four_lines() {
        let keys = [
            key("a", "agent", false),
            key("b", "file:~/.ssh/deploy", true),
        ];
        let [a, b] = [&keys[0], &keys[1]].map(|key| key.fingerprint);
        let report = GrantReport {
            signatures: 3,
            keys: vec![
                KeyUse {
                    fingerprint: a,
                    count: 2,
                },
                KeyUse {
                    fingerprint: b,
                    count: 1,
                },
            ],
            hosts: vec![
                HostUse {
                    host: Some("[127.0.0.1]:2222".into()),
                    count: 2,
                },
                HostUse {
                    host: None,
                    count: 1,
                },
            ],
            refusals: vec![
                Refusal {
                    reason: Reason::NotALogin,
                    count: 3,
                    detail: Some("sshsig git".into()),
                },
                Refusal {
                    reason: Reason::Stalled,
                    count: 1,
                    detail: None,
                },
            ],
            ..report()
        };
        assert_eq!(
            lines(&keys, &report, &Image::Clean(searched(1, 1)), true),
            [
                format!("keys      {a} (ed25519, agent) 2 signatures; {b} (ed25519, file:~/.ssh/deploy) 1 signature"),
                "hosts     127.0.0.1:2222 verified 2; not shown by the login 1".into(),
                "refused   3 × not a login (sshsig git); 1 × stalled connection".into(),
                "image     CLEAN sha256:0123456789ab searched for 1 key in 12 layers (345 MB); 1 key is in your agent, searched for locked copies only".into(),
            ]
        );
    }

    #[test]
    fn a_build_that_used_nothing_is_told_in_one_line() {
        assert_eq!(
            lines(
                &[key("a", "agent", false)],
                &report(),
                &Image::NotAsked,
                true
            ),
            ["the build asked for no signature (cached, or it has no ssh step)"]
        );
    }

    #[test]
    fn a_build_that_got_nothing_is_not_said_to_have_asked_for_nothing() {
        let faults = vec![Fault::UpstreamAgent("gone".into())];
        let report = GrantReport { faults, ..report() };
        let none: [String; 0] = [];
        assert_eq!(lines(&[], &report, &Image::NotAsked, true), none);
    }

    #[test]
    fn many_keys_hosts_and_refusals_stay_one_line_each() {
        let hosts = (1..=5)
            .map(|n| HostUse {
                host: Some(format!("h{n}")),
                count: n,
            })
            .collect();
        let report = GrantReport { hosts, ..report() };
        assert_eq!(
            lines(&[], &report, &Image::NotAsked, true),
            ["hosts     h1 verified 1; h2 verified 2; h3 verified 3; and 2 more"]
        );
    }

    #[test]
    fn keys_of_the_agent_are_not_claimed_to_be_searched_for() {
        let line = |image: Image| lines(&[], &report(), &image, true).pop().unwrap();
        assert_eq!(
            line(Image::NoKeyHere { keys: 1 }),
            "image     searched for locked copies only: the key is in your agent, its private half is not here"
        );
        assert_eq!(
            line(Image::NoKeyHere { keys: 2 }),
            "image     searched for locked copies only: the 2 keys are in your agent, their private halves are not here"
        );
    }

    #[test]
    fn layers_that_were_not_searched_again_are_told() {
        let told = |known_layers| {
            let searched = Searched {
                known_layers,
                ..searched(1, 0)
            };
            searched.to_string()
        };
        let before = "searched for 1 key in 12 layers (345 MB";
        assert_eq!(told(0), format!("{before})"));
        assert_eq!(told(1), format!("{before}; 1 layer was clean before)"));
        assert_eq!(told(11), format!("{before}; 11 layers were clean before)"));
    }

    #[test]
    fn other_verdicts_are_named() {
        let line = |image: Image| lines(&[], &report(), &image, true).pop().unwrap();
        let findings = vec![Finding {
            layer: Some(3),
            digest: None,
            path: Some("root/.ssh/id_ed25519".into()),
            place: Place::File,
            offset: None,
            instruction: None,
            key: Fingerprint::of(b"a"),
            encoding: Encoding::Base64,
        }];
        let leak = |missing| Image::Leak {
            searched: searched(2, 0),
            findings: findings.clone(),
            missing,
        };
        let told = "image     LEAK sha256:0123456789ab 1 finding, searched for 2 keys in 12 layers (345 MB)";
        assert_eq!(line(leak(Vec::new())), told);
        let missing = leak(vec!["a layer in zstd".to_owned()]);
        let end = missing.end_of_search();
        assert_eq!(
            line(missing),
            format!("{told}; not searched whole: there may be more")
        );
        assert_eq!(end.0, crate::exit_code::ExitCode::Leak);
        let image = format!("sha256:{}", "0123456789abcdef".repeat(4));
        assert_eq!(
            line(Image::CleanBefore { image }),
            "image     CLEAN sha256:0123456789ab searched before for the same keys"
        );
        let missing = vec!["a layer in zstd".to_owned(), "another".to_owned()];
        assert_eq!(
            line(Image::Incomplete { missing }),
            "image     INCOMPLETE a layer in zstd; and 1 more"
        );
    }
}
