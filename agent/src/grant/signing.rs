//! Signatures: judged, recorded, counted.

use keystay_proto::{
    Fingerprint,
    agent::SignFlags,
    control::{Event, Fault, Intent, Reason, Record},
};

use super::Grant;
use crate::{
    audit::{AuditError, Written},
    clock::Moment,
    policy::{Demand, Verdict, judge},
};

impl Grant {
    /// Returns when the record of a verdict is written. Where it cannot be there is no verdict, and so no
    /// signature.
    pub(crate) async fn recorded_verdict(
        &self,
        demand: &Demand<'_>,
        verdict: &Verdict,
        written: Written,
    ) -> Result<(), AuditError> {
        let recorded = self.recorded(written).await;
        if let (Err(_), Verdict::Allow { host, .. }) = (&recorded, verdict) {
            let key = Fingerprint::of(demand.key_blob);
            self.ledger().unsign(key, host.as_deref());
        }
        recorded
    }

    /// Judges a request to sign and hands the record over. One lock spans verdict and budget, so that parallel
    /// connections cannot spend one signature twice.
    pub(crate) fn judge(
        &self,
        demand: &Demand<'_>,
        flags: SignFlags,
        now: Moment,
    ) -> (Verdict, Written) {
        let mut ledger = self.ledger();
        let standing = self.standing(&ledger);
        let verdict = judge(
            &self.terms,
            standing,
            &self.shared.known_hosts,
            demand,
            flags,
            now,
        );
        let key = Fingerprint::of(demand.key_blob);
        let mut record = self.record(event(&verdict));
        record.intent = Some(demand.intent());
        record.key = Some(key);
        record.user = demand.user();
        record.detail = demand.detail();
        match &verdict {
            Verdict::Allow { host, .. } => record.host.clone_from(host),
            Verdict::Deny(reason) => record.reason = Some(*reason),
        }
        let written = match &verdict {
            Verdict::Allow { host, .. } => {
                ledger.sign(key, host.as_deref());
                self.submit(&record)
            }
            Verdict::Deny(reason) => {
                let written = self.submit_counted(&mut ledger, &record);
                self.count_refusal(&mut ledger, *reason, refused(&record));
                written
            }
        };
        (verdict, written)
    }

    /// Whether the keys may be listed now. The first listing is recorded, and each one after the
    /// grant's end is refused: clients that see no key do not ask for a signature.
    pub(crate) async fn list_and_record(&self, now: Moment) -> bool {
        if let Some(reason) = self.over(now) {
            self.refuse(reason, None).await;
            return false;
        }
        let was_listed = self.ledger().listed;
        if !was_listed {
            let written = self.mark(Event::Listed);
            self.ledger().listed = self.recorded(written).await.is_ok();
        }
        self.ledger().listed
    }

    /// Records an allowed signature that could not be made.
    pub(crate) async fn failed(&self, demand: &Demand<'_>, host: Option<&str>, fault: Fault) {
        let mut record = self.record(Event::Failed);
        record.intent = Some(Intent::Login);
        record.key = Some(Fingerprint::of(demand.key_blob));
        record.detail = Some(fault.to_string());
        let written = {
            let mut ledger = self.ledger();
            ledger.unsign(Fingerprint::of(demand.key_blob), host);
            ledger.fault(fault);
            self.submit(&record)
        };
        let _ = self.recorded(written).await;
    }

    /// Why nothing is listed now; nothing while the grant lives.
    fn over(&self, now: Moment) -> Option<Reason> {
        if self.expired_for(now).is_some() {
            return Some(Reason::Expired);
        }
        if self.is_revoked() {
            return Some(Reason::Revoked);
        }
        self.is_locked().then_some(Reason::Locked)
    }
}

fn event(verdict: &Verdict) -> Event {
    match verdict {
        Verdict::Allow { .. } => Event::Allowed,
        Verdict::Deny(_) => Event::Refused,
    }
}

/// What the summary says of a refused login: for whom it was.
fn refused(record: &Record) -> Option<String> {
    record
        .detail
        .clone()
        .or_else(|| record.user.as_ref().map(|user| format!("user {user}")))
}
