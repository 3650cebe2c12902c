//! The records of a grant: what it hands over to the audit log.

use std::time::SystemTime;

use keystay_proto::control::{Event, Fault, Reason, Record};

use super::{Grant, ledger::Ledger};
use crate::audit::{AuditError, Written};

impl Grant {
    /// Records a request that is refused whatever the policy says.
    pub(crate) async fn refuse(&self, reason: Reason, detail: Option<&str>) {
        let written = self.refuse_with(&mut self.ledger(), reason, detail);
        // Nothing was signed: an unwritable log is a fault, which is noted.
        let _ = self.recorded(written).await;
    }

    /// Records that a connection was closed for want of room. In fetch mode it is no offence: the
    /// shim comes back, and the first time is all there is to know.
    pub(crate) async fn refuse_connection(&self) {
        if self.fetches.is_some() && std::mem::replace(&mut self.ledger().crowded, true) {
            return;
        }
        self.refuse(Reason::TooManyConnections, None).await;
    }

    /// Hands over the record that opens or closes the grant.
    pub(crate) fn mark(&self, event: Event) -> Written {
        self.submit(&self.record(event))
    }

    /// Returns when a record is written; one that cannot be is a fault of the grant.
    pub(crate) async fn recorded(&self, written: Written) -> Result<(), AuditError> {
        let outcome = written.done().await;
        if let Err(error) = &outcome {
            (self.ledger()).fault(Fault::AuditUnwritable(error.to_string()));
        }
        outcome
    }

    pub(super) fn refuse_with(
        &self,
        ledger: &mut Ledger,
        reason: Reason,
        detail: Option<&str>,
    ) -> Written {
        let mut record = self.record(Event::Refused);
        record.reason = Some(reason);
        record.detail = detail.map(ToOwned::to_owned);
        let written = self.submit(&record);
        self.count_refusal(ledger, reason, record.detail);
        written
    }

    /// Counts a refusal; one too many ends the grant, so that a build cannot fill the disk with
    /// records.
    pub(super) fn count_refusal(
        &self,
        ledger: &mut Ledger,
        reason: Reason,
        detail: Option<String>,
    ) {
        ledger.refuse(reason, detail);
        if ledger.refused() == MAX_REFUSALS {
            let mut record = self.record(Event::Refused);
            record.reason = Some(Reason::RefusalsSpent);
            drop(self.submit(&record));
            ledger.refuse(Reason::RefusalsSpent, None);
            self.close();
        }
    }

    pub(super) fn submit(&self, record: &Record) -> Written {
        self.shared.audit.submit(record)
    }

    pub(super) fn record(&self, event: Event) -> Record {
        Record {
            time: humantime::format_rfc3339_millis(SystemTime::now()).to_string(),
            grant: self.id.clone(),
            build: self.spec.build.clone(),
            mode: self.spec.mode,
            event,
            intent: None,
            key: None,
            user: None,
            host: None,
            repository: None,
            commits: Vec::new(),
            reason: None,
            detail: None,
        }
    }
}

/// How many refusals a build may cause before its grant is closed.
const MAX_REFUSALS: u32 = 10_000;
