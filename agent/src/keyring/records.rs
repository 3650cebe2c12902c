//! The records of the agent's own socket, and the limit on those of refusals.

use std::{
    mem,
    time::{Duration, Instant, SystemTime},
};

use keystay_proto::{
    Fingerprint,
    agent::SignRequest,
    control::{Event, GrantId, Intent, Mode, Record},
    printable,
    sshsig::SignedData,
    userauth::Userauth,
};

/// The refusals that are recorded one by one: [`MAX_RECORDED`] in a minute. The others are counted, so that who may
/// only ask cannot push what was signed out of the log.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    since: Option<Instant>,
    recorded: u32,
    others: u32,
}

impl Refusals {
    /// Whether a refusal is recorded; it is counted where it is not.
    pub(super) fn admit(&mut self, now: Instant) -> bool {
        let age = self.since.map(|since| now.duration_since(since));
        if age.is_none_or(|age| age >= MINUTE) {
            (self.since, self.recorded) = (Some(now), 0);
        }
        let is_admitted = self.recorded < MAX_RECORDED;
        let count = if is_admitted {
            &mut self.recorded
        } else {
            &mut self.others
        };
        *count = count.saturating_add(1);
        is_admitted
    }

    /// The record of those that were only counted since the last one.
    pub(super) fn take_others(&mut self) -> Option<Record> {
        let others = mem::take(&mut self.others);
        (others > 0).then(|| Record {
            detail: Some(format!("{others} more requests, not recorded one by one")),
            ..blank(Event::Refused)
        })
    }
}

/// The record of a request to sign.
pub(super) fn record(request: &SignRequest<'_>, event: Event) -> Record {
    let login = Userauth::decode(request.data).ok();
    let intent = match login {
        Some(_) => Intent::Login,
        None if SignedData::decode(request.data).is_ok() => Intent::SshSig,
        None => Intent::Unknown,
    };
    Record {
        intent: Some(intent),
        key: Some(Fingerprint::of(request.key_blob)),
        user: login.map(|login| printable(login.user)),
        ..blank(event)
    }
}

fn blank(event: Event) -> Record {
    Record::new(
        humantime::format_rfc3339_millis(SystemTime::now()).to_string(),
        GrantId::from_random([0; 8]),
        BUILD.to_owned(),
        Mode::Sign,
        event,
    )
}

/// Stands for a build's name in records of the agent's own socket, whose grant is all zeros.
const BUILD: &str = "(agent socket)";
/// In a minute: a day of them, and of the records of the others, is a fifth of the log.
const MAX_RECORDED: u32 = 10;
const MINUTE: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use keystay_proto::agent::{Request, SignFlags};

    use super::*;
    use crate::{
        asker::Asker,
        keyring::{Keyring, answer::answer, binds::Binds},
        testing::Fixture,
    };

    fn sign(key_blob: &[u8]) -> Vec<u8> {
        let mut body = Vec::new();
        Request::SignRequest(SignRequest {
            key_blob,
            data: b"data",
            flags: SignFlags(0),
        })
        .encode(&mut body);
        body
    }

    #[tokio::test]
    async fn refused_requests_do_not_push_signatures_out_of_the_log() {
        let fixture = Fixture::new().await;
        let keys = [Arc::clone(&fixture.key)];
        let keyring = Keyring::new(&keys, Arc::clone(&fixture.audit), Asker::nobody());
        let mut binds = Binds::default();
        for _ in 0..1_000 {
            assert_eq!(answer(&keyring, &mut binds, &sign(b"no key")).await, [5]);
        }
        keyring.tell_refused().unwrap().done().await.unwrap();
        let signed = answer(&keyring, &mut binds, &sign(&fixture.key.blob)).await;
        assert_eq!(signed[0], 14);
        let records = fixture.records();
        let [refused @ .., others, allowed] = &records[..] else {
            panic!("{records:?}");
        };
        assert_eq!(refused.len(), 10);
        let told = others.detail.as_deref();
        assert_eq!(told, Some("990 more requests, not recorded one by one"));
        assert_eq!(allowed.event, Event::Allowed);
    }

    #[test]
    fn refusals_beyond_ten_a_minute_are_counted_in_one_record() {
        let mut refusals = Refusals::default();
        let now = Instant::now();
        let recorded = (0..70_000).filter(|_| refusals.admit(now)).count();
        assert_eq!(recorded, 10);
        let others = refusals.take_others().unwrap();
        assert_eq!(
            (others.event, others.detail.as_deref()),
            (
                Event::Refused,
                Some("69990 more requests, not recorded one by one")
            )
        );
        assert_eq!(refusals.take_others(), None);
        assert!(!refusals.admit(now + Duration::from_secs(59)));
        assert!(refusals.admit(now + MINUTE));
        assert!(refusals.take_others().is_some());
    }
}
