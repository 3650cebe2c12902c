//! What a host shows as its key: the key, or a certificate of it (OpenSSH PROTOCOL.certkeys).

use std::time::{SystemTime, UNIX_EPOCH};

use keystay_proto::{Certificate, limits::MAX_HOST};

use super::is_match;
use crate::sign::is_signed_plain;

/// A key as a host shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShownKey {
    /// What was shown, byte for byte.
    blob: Vec<u8>,
    /// The key itself, where that was a certificate.
    inner: Option<Vec<u8>>,
    /// Who says that it is a host's key, and of which.
    voucher: Option<Voucher>,
}

/// An authority that certified the key, and the hosts that it did so for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Voucher {
    /// Its public key blob.
    pub(super) authority: Vec<u8>,
    principals: Vec<String>,
    /// Whether the certificate is one that counts: a host's, valid, without options, and signed.
    counts: bool,
}

impl ShownKey {
    /// The key that `blob` is, or is a certificate of; the certificate counts if it is valid `now`
    /// and its authority signed it.
    pub(crate) fn new(blob: &[u8], now: SystemTime) -> Self {
        let certificate = Certificate::decode(blob).ok();
        Self {
            blob: blob.to_vec(),
            voucher: certificate.as_ref().map(|it| Voucher::of(it, now)),
            inner: certificate.map(|certificate| certificate.key_blob),
        }
    }

    /// The key without a certificate.
    pub(super) fn plain(&self) -> &[u8] {
        self.inner.as_deref().unwrap_or(&self.blob)
    }

    /// The authority of a certificate, whether that counts or not.
    pub(super) fn authority(&self) -> Option<&[u8]> {
        Some(self.voucher.as_ref()?.authority.as_slice())
    }

    /// The certificate, if it counts.
    pub(super) fn voucher(&self) -> Option<&Voucher> {
        self.voucher.as_ref().filter(|voucher| voucher.counts)
    }
}

impl Voucher {
    fn of(certificate: &Certificate<'_>, now: SystemTime) -> Self {
        let principals = certificate.principals.iter();
        Self {
            authority: certificate.authority.to_vec(),
            principals: principals
                .filter_map(|name| str::from_utf8(name).ok())
                .filter(|name| is_name(name))
                .map(str::to_owned)
                .collect(),
            counts: is_valid_host(certificate, now)
                && is_signed_plain(
                    certificate.authority,
                    certificate.signed,
                    certificate.signature,
                ),
        }
    }

    /// Whether the certificate names this host, which `known_hosts` may write with a port.
    pub(super) fn names(&self, host: &str) -> bool {
        let bracketed = host
            .strip_prefix('[')
            .and_then(|rest| rest.split_once("]:"));
        let name = bracketed.map_or(host, |(name, _)| name);
        // As ssh, which compares the name in lower case, and knows no patterns here.
        let name = name.to_ascii_lowercase();
        self.principals.contains(&name)
    }

    /// The hosts that it names.
    pub(super) fn principals(&self) -> impl Iterator<Item = &str> {
        self.principals.iter().map(String::as_str)
    }
}

/// Names and addresses, which are told to people; a pattern is none.
fn is_name(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
    !text.is_empty() && text.len() <= MAX_HOST && text.bytes().all(is_part)
}

/// Whether `blob` is a certificate that `authority` signed for the host of this name, valid now; here
/// its principals may be patterns. Its signature has been verified before.
pub(crate) fn certifies(blob: &[u8], authority: &[u8], host: &[u8]) -> bool {
    Certificate::decode(blob).is_ok_and(|certificate| {
        certificate.authority == authority
            && is_valid_host(&certificate, SystemTime::now())
            && (certificate.principals.iter()).any(|principal| is_match(principal, host))
    })
}

fn is_valid_host(certificate: &Certificate<'_>, now: SystemTime) -> bool {
    let (from, until) = certificate.valid;
    let is_valid =
        (now.duration_since(UNIX_EPOCH)).is_ok_and(|now| (from..until).contains(&now.as_secs()));
    certificate.is_host && certificate.critical_options.is_empty() && is_valid
}
