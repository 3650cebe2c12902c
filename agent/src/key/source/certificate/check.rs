//! Whether a certificate is the one that was asked for.

use std::time::{Duration, UNIX_EPOCH};

use keystay_proto::Certificate;

/// What is wrong with a certificate, as what follows "gave a certificate that".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateFault {
    /// It cannot be decoded.
    #[error("is damaged")]
    Damaged,
    /// It certifies another key than the one that was made for this build.
    #[error("is for another key")]
    OtherKey,
    /// It is a host's.
    #[error("is a host's, not a user's")]
    Host,
    /// It names no principal, and so would be good for every user of a host.
    #[error("names no principals, so it is for every user")]
    NoPrincipals,
    /// Its time has not come.
    #[error("is not valid before {}", time(*.0))]
    NotYet(u64),
    /// Its time is over.
    #[error("has been invalid since {}", time(*.0))]
    Expired(u64),
    /// It is valid for longer than it may be.
    #[error("is valid {}; at most {} are taken", how_long(*.left), humantime::format_duration(*.longest))]
    Long {
        /// For how long from now on, in seconds; nothing means for ever.
        left: Option<u64>,
        /// The limit.
        longest: Duration,
    },
}

/// Checks that `blob` certifies the key of `public` for some users, now and for no longer than
/// `longest`. Its signature is for the hosts to judge: they know which authority they trust.
pub(super) fn check(
    blob: &[u8],
    public: &[u8],
    now: u64,
    longest: Duration,
) -> Result<(), CertificateFault> {
    let certificate = Certificate::decode(blob).map_err(|_| CertificateFault::Damaged)?;
    let (from, until) = certificate.valid;
    if certificate.key_blob != public {
        Err(CertificateFault::OtherKey)
    } else if certificate.is_host {
        Err(CertificateFault::Host)
    } else if certificate.principals.is_empty() {
        Err(CertificateFault::NoPrincipals)
    } else if until <= now {
        Err(CertificateFault::Expired(until))
    } else if from > now.saturating_add(CLOCKS) {
        Err(CertificateFault::NotYet(from))
    } else if until.saturating_sub(now) > longest.as_secs().saturating_add(CLOCKS) {
        let left = (until != FOR_EVER).then(|| until.saturating_sub(now));
        Err(CertificateFault::Long { left, longest })
    } else {
        Ok(())
    }
}

fn time(seconds: u64) -> String {
    // Later than any time that can be written is as good as the last one.
    let time = UNIX_EPOCH + Duration::from_secs(seconds.min(LAST_TIME));
    humantime::format_rfc3339_seconds(time).to_string()
}

fn how_long(left: Option<u64>) -> String {
    left.map_or_else(
        || "for ever".to_owned(),
        |left| {
            format!(
                "for {}",
                humantime::format_duration(Duration::from_secs(left))
            )
        },
    )
}

/// How far the authority's clock may be off, in seconds.
const CLOCKS: u64 = 60;
/// A certificate without an end (OpenSSH PROTOCOL.certkeys).
const FOR_EVER: u64 = u64::MAX;
/// The end of the year 9999.
const LAST_TIME: u64 = 253_402_300_799;
