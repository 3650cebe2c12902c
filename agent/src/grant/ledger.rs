//! What a grant was used for, counted.

use std::collections::BTreeMap;

use keystay_proto::{
    Fingerprint,
    control::{Fault, FetchUse, GrantId, GrantReport, HostUse, KeyUse, Reason, Refusal},
    git::Wanted,
    limits::{MAX_WANTED, MAX_WANTED_REFS},
};

use crate::broker::Outcome;

/// The counts of one grant.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Whether the keys were listed before.
    pub(super) listed: bool,
    /// Whether a connection was closed for want of room before.
    pub(super) crowded: bool,
    allowed: u32,
    failed: u32,
    refused: u32,
    /// Bytes of records that count against the build's share of the log.
    recorded: usize,
    keys: BTreeMap<Fingerprint, u32>,
    hosts: BTreeMap<Option<String>, u32>,
    fetches: BTreeMap<String, FetchUse>,
    refusals: BTreeMap<Reason, (u32, Option<String>)>,
    faults: Vec<Fault>,
}

impl Ledger {
    /// Signatures taken from the budget so far, those that could not be made among them.
    pub(super) const fn signed(&self) -> u32 {
        self.allowed
    }

    /// Requests refused so far.
    pub(super) const fn refused(&self) -> u32 {
        self.refused
    }

    /// Takes a record from the build's share of the log.
    pub(super) const fn record(&mut self, bytes: usize) {
        self.recorded = self.recorded.saturating_add(bytes);
    }

    /// Whether the build's share of the log, or the report of it, is full.
    pub(super) fn is_full(&self) -> bool {
        self.recorded >= MAX_RECORDED || self.fetches.len() > MAX_REPOSITORIES
    }

    /// Why the grant ends with what it was used for.
    pub(super) fn spent(&self) -> Option<Reason> {
        if self.is_full() {
            Some(Reason::RecordsSpent)
        } else if self.refused >= MAX_REFUSALS {
            Some(Reason::RefusalsSpent)
        } else {
            None
        }
    }

    /// Takes one signature from the budget.
    pub(super) fn sign(&mut self, key: Fingerprint, host: Option<&str>) {
        self.allowed = self.allowed.saturating_add(1);
        add_one(self.keys.entry(key).or_default());
        add_one(self.hosts.entry(host.map(ToOwned::to_owned)).or_default());
    }

    /// Notes that an allowed signature was not made; it stays taken from the budget.
    pub(super) fn unsign(&mut self, key: Fingerprint, host: Option<&str>) {
        self.failed = self.failed.saturating_add(1);
        let host = self.hosts.get_mut(&host.map(ToOwned::to_owned));
        for count in [self.keys.get_mut(&key), host].into_iter().flatten() {
            *count = count.saturating_sub(1);
        }
    }

    /// Adds what a fetch brought to what was fetched from its repository.
    pub(super) fn fetch(&mut self, repository: &str, outcome: &Outcome) {
        if outcome.end.is_err() && outcome.bytes == 0 {
            return;
        }
        let fetch = (self.fetches.entry(repository.to_owned())).or_insert_with(|| FetchUse {
            repository: repository.to_owned(),
            key: None,
            count: 0,
            commits: Vec::new(),
            refs: Vec::new(),
            other_wants: 0,
            bytes: 0,
        });
        fetch.key = outcome.key.or(fetch.key);
        fetch.bytes = fetch.bytes.saturating_add(outcome.bytes);
        add_one(&mut fetch.count);
        let Wanted {
            objects,
            refs,
            others,
        } = &outcome.wanted;
        let left_out = [
            keep(&mut fetch.commits, objects, MAX_WANTED),
            keep(&mut fetch.refs, refs, MAX_WANTED_REFS),
            *others,
        ];
        let all = left_out.into_iter();
        fetch.other_wants = all.fold(fetch.other_wants, u64::saturating_add);
    }

    /// Counts a refusal; the detail of the first one of its reason is kept.
    pub(super) fn refuse(&mut self, reason: Reason, detail: Option<String>) {
        add_one(&mut self.refused);
        add_one(&mut self.refusals.entry(reason).or_insert((0, detail)).0);
    }

    /// Keeps a fault, once.
    pub(super) fn fault(&mut self, fault: Fault) {
        if self.faults.len() < MAX_FAULTS && !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    /// The counts as the control API gives them.
    pub(super) fn report(&self, id: GrantId) -> GrantReport {
        let refusal = |(reason, (count, detail)): (&Reason, &(u32, Option<String>))| Refusal {
            reason: *reason,
            count: *count,
            detail: detail.clone(),
        };
        GrantReport {
            id,
            signatures: self.allowed.saturating_sub(self.failed),
            keys: (self.keys.iter())
                .filter(|(_, count)| **count > 0)
                .map(|(key, count)| KeyUse {
                    fingerprint: *key,
                    count: *count,
                })
                .collect(),
            hosts: (self.hosts.iter())
                .filter(|(_, count)| **count > 0)
                .map(|(host, count)| HostUse {
                    host: host.clone(),
                    count: *count,
                })
                .collect(),
            fetches: self.fetches.values().cloned().collect(),
            refusals: self.refusals.iter().map(refusal).collect(),
            faults: self.faults.clone(),
        }
    }
}

/// Keeps what is new while there is room; how many found none.
fn keep(kept: &mut Vec<String>, wanted: &[String], most: usize) -> u64 {
    let mut left_out = 0;
    for wanted in wanted {
        if kept.contains(wanted) {
            continue;
        }
        if kept.len() < most {
            kept.push(wanted.clone());
        } else {
            left_out += 1;
        }
    }
    left_out
}

fn add_one(count: &mut u32) {
    *count = count.saturating_add(1);
}

/// How many refusals a build may cause before its grant is closed.
const MAX_REFUSALS: u32 = 10_000;
/// How many bytes of refusals and fetches a build may put into the log before its grant is closed: a sixteenth
/// of what the log holds in all, and several thousand fetches.
const MAX_RECORDED: usize = 4 << 20;
/// How many repositories a build may read before its grant is closed: its report names each, beside those that
/// were under way then.
const MAX_REPOSITORIES: usize = 1_000;
/// Different faults kept for the report.
const MAX_FAULTS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wants_of_a_repository_that_are_not_kept_are_counted() {
        let mut ledger = Ledger::default();
        let names = |from: usize, count: usize| {
            let names = (from..from + count).map(|number| number.to_string());
            names.collect::<Vec<_>>()
        };
        for (from, others) in [(0, 3), (0, 3), (40, 0)] {
            let wanted = Wanted {
                objects: names(from, 40),
                refs: names(from, 10),
                others,
            };
            let outcome = Outcome {
                end: Ok(0),
                key: None,
                user: None,
                wanted,
                bytes: 1,
            };
            ledger.fetch("h/a", &outcome);
        }
        let report = ledger.report(GrantId::from_random([0; 8]));
        let [fetch] = &report.fetches[..] else {
            panic!("{:?}", report.fetches)
        };
        assert_eq!((&fetch.commits, fetch.refs.len()), (&names(0, 64), 16));
        assert_eq!(fetch.other_wants, 2 * 3 + (80 - 64) + (20 - 16));
    }

    #[test]
    fn every_repository_is_reported_and_too_many_are_the_last() {
        let mut ledger = Ledger::default();
        let outcome = Outcome {
            end: Ok(0),
            key: None,
            user: None,
            wanted: Wanted::default(),
            bytes: 1,
        };
        for number in 0..1_001 {
            assert_eq!(ledger.spent(), None, "{number}");
            ledger.fetch(&format!("h/{number}"), &outcome);
        }
        assert_eq!(ledger.spent(), Some(Reason::RecordsSpent));
        let report = ledger.report(GrantId::from_random([0; 8]));
        assert_eq!(report.fetches.len(), 1_001);
    }

    #[test]
    fn a_signature_that_was_not_made_counts_for_no_key_and_no_host() {
        let (key, host) = (Fingerprint::of(b"key"), Some("git.acme.internal"));
        let mut ledger = Ledger::default();
        ledger.sign(key, host);
        ledger.sign(key, None);
        ledger.unsign(key, host);
        let report = ledger.report(GrantId::from_random([0; 8]));
        assert_eq!(report.signatures, 1);
        assert_eq!(
            report.keys,
            [KeyUse {
                fingerprint: key,
                count: 1
            }]
        );
        assert_eq!(
            report.hosts,
            [HostUse {
                host: None,
                count: 1
            }]
        );
        assert_eq!(ledger.signed(), 2, "it stays taken from the budget");
    }
}
