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
        let written = self.submit_counted(ledger, &record);
        self.count_refusal(ledger, reason, record.detail);
        written
    }

    /// Counts a refusal that is handed over; one too many, or one that fills the build's share of the log, ends
    /// the grant.
    pub(super) fn count_refusal(
        &self,
        ledger: &mut Ledger,
        reason: Reason,
        detail: Option<String>,
    ) {
        ledger.refuse(reason, detail);
        let Some(spent) = ledger.spent().filter(|_| !self.is_closed()) else {
            return;
        };
        if reason != spent {
            let mut record = self.record(Event::Refused);
            record.reason = Some(spent);
            drop(self.submit(&record));
            ledger.refuse(spent, None);
        }
        self.close();
    }

    /// Hands over a record that takes from the build's share of the log: of all but signatures, of which there
    /// are as many as a person allowed.
    pub(super) fn submit_counted(&self, ledger: &mut Ledger, record: &Record) -> Written {
        let written = self.submit(record);
        ledger.record(written.bytes());
        written
    }

    pub(super) fn submit(&self, record: &Record) -> Written {
        self.shared.audit.submit(record)
    }

    pub(super) fn record(&self, event: Event) -> Record {
        Record::new(
            humantime::format_rfc3339_millis(SystemTime::now()).to_string(),
            self.id.clone(),
            self.spec.build.clone(),
            self.spec.mode,
            event,
        )
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::Arc};

    use keystay_proto::{
        control::{GrantSpec, Mode},
        tunnel::Open,
    };

    use super::*;
    use crate::{clock::Moment, policy::FetchDemand, testing::Fixture};

    fn ends(grant: &Grant) -> Vec<(Reason, u32)> {
        assert!(grant.is_closed());
        let refusals = grant.report().refusals;
        (refusals.iter())
            .map(|refusal| (refusal.reason, refusal.count))
            .collect()
    }

    fn assert_share_is_kept(fixture: &Fixture) {
        let length = fs::metadata(fixture.path("audit.jsonl")).unwrap().len();
        assert!((4 << 20..(4 << 20) + 2_000).contains(&length), "{length}");
    }

    #[tokio::test]
    async fn fetches_end_a_grant_before_they_push_the_records_of_others_out_of_the_log() {
        let fixture = Fixture::new().await;
        let grant: Arc<Grant> = fixture.grant(GrantSpec {
            mode: Mode::Fetch,
            ..Fixture::spec()
        });
        let command = format!("git-upload-pack '{}'", "\u{200b}".repeat(1_000));
        let demand = FetchDemand::identify(&Open {
            user: b"",
            host: b"github.com",
            port: 0,
            command: command.as_bytes(),
            git_protocol: b"",
        });
        let fetches = grant.fetches().unwrap();
        let mut verdicts = Vec::new();
        while !grant.is_closed() && verdicts.len() < 20_000 {
            let judged = grant.judge_fetch_and_record(fetches, &demand, Moment::now());
            verdicts.push(judged.await.unwrap());
        }
        assert_eq!(verdicts.pop(), Some(Err(Reason::RecordsSpent)));
        assert!(verdicts.iter().all(Result::is_ok));
        assert!(verdicts.len() > 5_000, "{}", verdicts.len());
        assert_eq!(ends(&grant), [(Reason::RecordsSpent, 1)]);
        assert_share_is_kept(&fixture);
    }

    #[tokio::test]
    async fn refusals_with_much_text_end_a_grant_before_there_are_too_many() {
        let fixture = Fixture::new().await;
        let grant = fixture.grant(Fixture::spec());
        let detail = "\\".repeat(256);
        let mut count = 0;
        while !grant.is_closed() && count < 9_999 {
            grant.refuse(Reason::Malformed, Some(&detail)).await;
            count += 1;
        }
        assert_eq!(
            ends(&grant),
            [(Reason::RecordsSpent, 1), (Reason::Malformed, count)]
        );
        assert_share_is_kept(&fixture);
    }
}
