//! What two grants of one build were used for, together.

use keystay_proto::control::GrantReport;

/// The report of the first with the uses of the second.
pub(super) fn merged(mut first: GrantReport, second: GrantReport) -> GrantReport {
    first.signatures = first.signatures.saturating_add(second.signatures);
    for used in second.keys {
        match (first.keys.iter_mut()).find(|known| known.fingerprint == used.fingerprint) {
            Some(known) => known.count = known.count.saturating_add(used.count),
            None => first.keys.push(used),
        }
    }
    for used in second.hosts {
        match first.hosts.iter_mut().find(|known| known.host == used.host) {
            Some(known) => known.count = known.count.saturating_add(used.count),
            None => first.hosts.push(used),
        }
    }
    for refusal in second.refusals {
        let mut known = first.refusals.iter_mut();
        match known.find(|known| known.reason == refusal.reason) {
            Some(known) => known.count = known.count.saturating_add(refusal.count),
            None => first.refusals.push(refusal),
        }
    }
    first.fetches.extend(second.fetches);
    first.faults.extend(second.faults);
    first
}

#[cfg(test)]
mod tests {
    use keystay_proto::control::{GrantId, HostUse, Reason, Refusal};

    use super::*;

    #[test]
    fn uses_of_the_same_are_added_up() {
        let report = |host: &str, count| GrantReport {
            id: GrantId::from_random([0; 8]),
            signatures: count,
            keys: vec![],
            hosts: vec![HostUse {
                host: Some(host.to_owned()),
                count,
            }],
            fetches: vec![],
            refusals: vec![Refusal {
                reason: Reason::NotAFetch,
                count,
                detail: None,
            }],
            faults: vec![],
        };
        let both = merged(report("a", 1), report("a", 2));
        assert_eq!((both.signatures, both.hosts.len()), (3, 1));
        assert_eq!((both.hosts[0].count, both.refusals[0].count), (3, 3));
        assert_eq!(merged(report("a", 1), report("b", 2)).hosts.len(), 2);
    }
}
