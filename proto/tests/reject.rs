//! Every bad vector is refused with exactly the error that its fault deserves.

use keystay_proto::{
    DecodeError::{self, Truncated},
    agent::{Request, Response},
    sshsig::SignedData,
    userauth::Userauth,
};

use crate::support::vectors;

#[cfg(test)]
#[path = "support/vectors.rs"]
mod support;

/// Compares a folder with what is expected of it: the same names, each with its error.
#[track_caller]
fn assert_refused(
    folder: &str,
    decode: fn(&[u8]) -> Result<(), DecodeError>,
    expected: &[(&str, DecodeError)],
) {
    let vectors = vectors(folder);
    let found = vectors
        .iter()
        .map(|(name, bytes)| (name.as_str(), decode(bytes)));
    let expected = expected.iter().map(|(name, error)| (*name, Err(*error)));
    assert_eq!(found.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
}

#[test]
fn bad_requests_are_refused() {
    assert_refused(
        "reject/request",
        |bytes| Request::decode(bytes).map(drop),
        &[
            ("empty", Truncated),
            ("extension-name-cut", Truncated),
            ("extension-without-name", Truncated),
            ("list-and-one-byte-more", trailing(1)),
            ("sign-and-one-byte-more", trailing(1)),
            ("sign-blob-of-32769-bytes", too_long("key blob", 32_768)),
            ("sign-blob-of-4-gib", Truncated),
            ("sign-number-only", Truncated),
            ("sign-one-byte-short", Truncated),
            ("sign-without-flags", Truncated),
        ],
    );
}

#[test]
fn bad_responses_are_refused() {
    assert_refused(
        "reject/response",
        |bytes| Response::decode(bytes).map(drop),
        &[
            ("empty", Truncated),
            ("extension-failure-and-one-byte-more", trailing(1)),
            ("extension-response-without-name", Truncated),
            ("failure-and-one-byte-more", trailing(1)),
            (
                "identities-2049",
                DecodeError::TooMany {
                    what: "identities",
                    limit: 2048,
                },
            ),
            (
                "identities-blob-of-32769-bytes",
                too_long("key blob", 32_768),
            ),
            ("identities-one-missing", Truncated),
            ("identities-one-too-many", trailing(LAST_IDENTITY)),
            ("identities-without-count", Truncated),
            ("signature-and-one-byte-more", trailing(1)),
            ("signature-of-32769-bytes", too_long("signature", 32_768)),
            ("signature-one-byte-short", Truncated),
            ("success-and-one-byte-more", trailing(1)),
        ],
    );
}

#[test]
fn what_is_not_exactly_a_login_is_refused() {
    assert_refused(
        "reject/userauth",
        |bytes| Userauth::decode(bytes).map(drop),
        &[
            ("algorithm-not-ascii", not_a_name("algorithm")),
            ("algorithm-with-newline", not_a_name("algorithm")),
            ("bound-and-one-byte-more", trailing(1)),
            ("bound-without-host-key", Truncated),
            ("captured-certificate-ecdsa", length("session id", 40)),
            ("captured-certificate-ed25519", number("message number", 0)),
            ("captured-exchange-hash", Truncated),
            ("captured-host-keys-proof", length("session id", 29)),
            ("captured-sshsig", Truncated),
            ("empty", Truncated),
            ("ends-after-user", Truncated),
            ("flag-2", number("boolean", 2)),
            ("host-key-of-32769-bytes", too_long("host key", 32_768)),
            ("key-blob-of-32769-bytes", too_long("key blob", 32_768)),
            ("length-of-4-gib", Truncated),
            ("message-51", number("message number", 51)),
            ("method-hostbased", text("method")),
            ("method-password", text("method")),
            ("method-upper-case", text("method")),
            ("one-byte-more", trailing(1)),
            ("one-byte-short", Truncated),
            ("plain-with-host-key", trailing(HOST_KEY)),
            ("service-empty", not_a_name("service")),
            ("service-of-65-bytes", not_a_name("service")),
            ("service-with-comma", not_a_name("service")),
            ("session-id-empty", length("session id", 0)),
            ("session-id-of-129-bytes", too_long("session id", 128)),
            ("session-id-of-31-bytes", length("session id", 31)),
            ("user-of-257-bytes", too_long("user", 256)),
            ("without-signature", number("signature flag", 0)),
        ],
    );
}

#[test]
fn what_is_not_exactly_an_sshsig_payload_is_refused() {
    assert_refused(
        "reject/sshsig",
        |bytes| SignedData::decode(bytes).map(drop),
        &[
            ("captured-login", text("preamble")),
            ("empty", Truncated),
            ("hash-algorithm-empty", not_a_name("hash algorithm")),
            ("namespace-empty", length("namespace", 0)),
            ("one-byte-more", trailing(1)),
            ("one-byte-short", Truncated),
            ("preamble-lower-case", text("preamble")),
            ("preamble-only", Truncated),
            ("signature-file-blob", Truncated),
        ],
    );
}

/// The third identity of `identities-three`: an ecdsa key on P-521 and its comment.
const LAST_IDENTITY: usize = 4 + 172 + 4 + 11;
/// An ed25519 host key as a string.
const HOST_KEY: usize = 4 + 51;

const fn trailing(count: usize) -> DecodeError {
    DecodeError::TrailingBytes { count }
}

const fn too_long(what: &'static str, limit: usize) -> DecodeError {
    DecodeError::TooLong { what, limit }
}

const fn length(what: &'static str, length: usize) -> DecodeError {
    DecodeError::UnexpectedLength { what, length }
}

const fn number(what: &'static str, number: u8) -> DecodeError {
    DecodeError::UnexpectedNumber { what, number }
}

const fn text(what: &'static str) -> DecodeError {
    DecodeError::UnexpectedText { what }
}

const fn not_a_name(what: &'static str) -> DecodeError {
    DecodeError::NotAName { what }
}
