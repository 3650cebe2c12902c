//! What a grant in fetch mode has besides: its streams, and the broker that serves them.

use std::{sync::Arc, time::Duration};

use keystay_proto::{
    control::{Event, Fault, Intent, Reason, Record},
    git::Repository,
    printable,
    tunnel::StreamId,
};
use tokio::{select, sync::Semaphore, time::timeout};

use super::Grant;
use crate::{
    audit::{AuditError, Written},
    broker::{Broker, Errand, FetchError, Outcome},
    clock::{Moment, sleep_until},
    policy::{FetchDemand, judge_fetch},
    tunnel::{Abandoned, Errors, Input, Output, Stream, Streams},
};

/// The streams of a grant, and what serves them.
#[derive(Debug)]
pub(crate) struct Fetches {
    /// The streams.
    pub(crate) streams: Streams,
    broker: Broker,
    turns: Semaphore,
}

impl Fetches {
    /// No stream yet.
    pub(super) fn new(streams: Streams, broker: Broker) -> Self {
        let turns = Semaphore::new(MAX_AT_ONCE);
        Self {
            streams,
            broker,
            turns,
        }
    }
}

impl Grant {
    /// Judges a request to fetch and records the verdict. Where the record cannot be written there
    /// is no verdict, and so no fetch.
    pub(crate) async fn judge_fetch_and_record(
        &self,
        fetches: &Fetches,
        demand: &FetchDemand<'_>,
        now: Moment,
    ) -> Result<Result<(), Reason>, AuditError> {
        let (verdict, written) = self.judge_fetch(fetches, demand, now);
        self.recorded(written).await.map(|()| verdict)
    }

    fn judge_fetch(
        &self,
        fetches: &Fetches,
        demand: &FetchDemand<'_>,
        now: Moment,
    ) -> (Result<(), Reason>, Written) {
        let mut ledger = self.ledger();
        let standing = self.standing(&ledger);
        let is_known = |repository: &Repository| {
            let Repository { host, port, .. } = repository;
            fetches.broker.known(host, *port).is_some()
        };
        let verdict = judge_fetch(&self.terms, standing, demand, is_known, now);
        let event = verdict.map_or(Event::Refused, |()| Event::Allowed);
        let record = Record {
            intent: Some(Intent::Fetch),
            user: demand.user(),
            repository: demand.repository(),
            reason: verdict.err(),
            detail: demand.detail(),
            ..self.record(event)
        };
        let written = self.submit_counted(&mut ledger, &record);
        if let Err(reason) = verdict {
            let about = record.repository.or(record.detail);
            self.count_refusal(&mut ledger, reason, about);
        }
        (verdict, written)
    }

    /// Serves one stream from its turn to its end.
    pub(crate) async fn serve_stream(
        self: Arc<Self>,
        id: StreamId,
        stream: Arc<Stream>,
        errand: Errand,
    ) {
        let Some(fetches) = self.fetches() else {
            return;
        };
        let name = printable(errand.repository.to_string());
        if let Some((outcome, abandoned)) = self.run(fetches, &stream, errand).await {
            let told = tell(outcome.as_ref(), abandoned);
            if let Some(written) = self.fetched(&name, outcome, abandoned) {
                // The bytes have left already; an unwritable log is a fault, which is noted.
                let _ = self.recorded(written).await;
            }
            match told {
                Some(Ok(exit)) => stream.finish(exit),
                Some(Err(message)) => stream.fail(&message),
                None => {}
            }
            if stream.is_finished() {
                // What was said last is still to be delivered.
                stream.until_abandoned().await;
            }
        }
        fetches.streams.remove(id);
    }

    /// Returns when what its streams fetched is recorded, once it is closed: the disk is waited for no
    /// longer than for one more record.
    pub(super) async fn until_fetched(&self) {
        if let Some(fetches) = self.fetches() {
            let _ = timeout(GRACE, fetches.streams.until_none()).await;
        }
    }

    /// Returns when a stream is given up: by its shim, for a limit, or with the grant's time.
    async fn until_over(&self, stream: &Stream) -> Abandoned {
        select! {
            why = stream.until_abandoned() => why,
            () = sleep_until(self.terms.expires) => Abandoned::Expired,
        }
    }

    /// Waits for a turn and fetches.
    async fn run(
        &self,
        fetches: &Fetches,
        stream: &Arc<Stream>,
        errand: Errand,
    ) -> Option<(Option<Outcome>, Option<Abandoned>)> {
        let _turn = select! {
            // A stream that is over takes no turn, though one be free.
            biased;
            why = self.until_over(stream) => return Some((None, Some(why))),
            turn = fetches.turns.acquire() => turn.ok()?,
        };
        stream.start();
        let (input, output) = (Input(Arc::clone(stream)), Output(Arc::clone(stream)));
        let errors = Errors(Arc::clone(stream));
        let over = self.until_over(stream);
        let fetch = fetches.broker.fetch(errand, input, output, errors, over);
        let (outcome, why) = fetch.await;
        Some((Some(outcome), why))
    }

    /// Records how a fetch ended.
    fn fetched(
        &self,
        repository: &str,
        outcome: Option<Outcome>,
        abandoned: Option<Abandoned>,
    ) -> Option<Written> {
        let refusal = refusal(repository, outcome.as_ref(), abandoned);
        if outcome.is_none() && refusal.is_none() {
            // It was over before anything was fetched.
            return None;
        }
        let mut ledger = self.ledger();
        let mut record = Record {
            intent: Some(Intent::Fetch),
            repository: Some(repository.to_owned()),
            ..self.record(Event::Fetched)
        };
        if let Some(outcome) = &outcome {
            record.key = outcome.key;
            record.user.clone_from(&outcome.user);
            record.commits.clone_from(&outcome.wanted.objects);
            record.refs.clone_from(&outcome.wanted.refs);
            record.other_wants = outcome.wanted.others;
            ledger.fetch(repository, outcome);
        }
        let failure = match (abandoned, outcome.map(|outcome| outcome.end)) {
            (None, Some(Err(error))) => Some(error),
            (None, Some(Ok(_)) | None) | (Some(_), _) => None,
        };
        if let Some(error) = &failure {
            record.event = Event::Failed;
            record.detail = Some(printable(error.to_string()));
        }
        if let Some((reason, _)) = &refusal {
            record.event = Event::Refused;
            record.reason = Some(*reason);
        }
        let written = self.submit_counted(&mut ledger, &record);
        match (refusal, failure) {
            (Some((reason, about)), _) => self.count_refusal(&mut ledger, reason, Some(about)),
            (None, Some(error)) => ledger.fault(fault(repository, &error)),
            (None, None) => {}
        }
        Some(written)
    }
}

/// What the shim is told of the end: an exit status or a message; nothing if nobody listens.
fn tell(outcome: Option<&Outcome>, abandoned: Option<Abandoned>) -> Option<Result<u8, String>> {
    match (abandoned.map(reason), outcome.map(|outcome| &outcome.end)) {
        (Some(reason), _) => reason.map(|reason| Err(reason.to_string())),
        (None, Some(Ok(exit))) => Some(Ok(*exit)),
        (None, Some(Err(error))) => Some(Err(error.to_step())),
        (None, None) => None,
    }
}

/// Why a stream that was given up counts as a refusal; nothing if its step just ended.
fn reason(abandoned: Abandoned) -> Option<Reason> {
    match abandoned {
        Abandoned::Closed | Abandoned::Silent => None,
        Abandoned::Idle => Some(Reason::Stalled),
        Abandoned::TooMuchInput => Some(Reason::TooMuchInput),
        Abandoned::Expired => Some(Reason::Expired),
    }
}

/// Why a fetch that ended counts as a refusal, and of what. A host on the way of which no key is
/// known is met here: the policy looks at the last one only.
fn refusal(
    repository: &str,
    outcome: Option<&Outcome>,
    abandoned: Option<Abandoned>,
) -> Option<(Reason, String)> {
    match (abandoned, outcome.map(|outcome| &outcome.end)) {
        (Some(why), _) => reason(why).map(|reason| (reason, repository.to_owned())),
        (None, Some(Err(FetchError::HostKeyUnknown { host }))) => {
            Some((Reason::HostNotKnown, printable(host)))
        }
        (None, _) => None,
    }
}

fn fault(repository: &str, error: &FetchError) -> Fault {
    match error {
        FetchError::HostKeyChanged { host, known } => Fault::HostKeyChanged {
            host: printable(host),
            known: printable(known),
        },
        error => Fault::Fetch {
            repository: repository.to_owned(),
            why: printable(error.to_string()),
        },
    }
}

/// Fetches of one grant that run at once; others wait for their turn, which needs no connection.
const MAX_AT_ONCE: usize = 64;
/// How long the records of a closed grant's streams may take.
const GRACE: Duration = Duration::from_secs(5);
