//! Keys as text (RFC 7468, and RFC 1421 for those that are locked in the old way), also where the
//! text is quoted or its line feeds are escaped.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

use super::{Kind, der, known, openssh};

/// The key that begins with a text, which begins with [`BEGIN`]: where it ends, and what it is.
pub(super) fn key(text: &[u8]) -> Option<(usize, Kind)> {
    let label = text.get(BEGIN.len()..)?;
    let form = FORMS.iter().find(|form| label.starts_with(form.label))?;
    let begin = BEGIN.len() + form.label.len();
    let body = text.get(begin..)?;
    // No key has this within it, so a text of nothing but beginnings is read once.
    let end = body.windows(DASHES.len()).position(|part| part == DASHES)?;
    body.get(end..)?.starts_with(END).then_some(())?;
    let Body { bytes, is_locked } = read(body.get(..end)?)?;
    let is_locked = match (is_locked, form.parse) {
        // Blocks of a cipher say nothing of what is in them.
        (true, _) if form.is_legacy => bytes.len() >= SHORTEST_LOCKED && bytes.len() % 8 == 0,
        (true, _) => return None,
        (false, parse) => parse(&bytes)?,
    };
    let kind = Kind::Key {
        form: form.name,
        is_locked,
        published: known::publisher(&Sha256::digest(&bytes).into()),
    };
    Some((begin + end, kind))
}

struct Form {
    label: &'static [u8],
    name: &'static str,
    /// Whether a header may say that it is locked.
    is_legacy: bool,
    /// Whether the key is locked, if it is one.
    parse: fn(&[u8]) -> Option<bool>,
}

struct Body {
    bytes: Vec<u8>,
    is_locked: bool,
}

fn read(body: &[u8]) -> Option<Body> {
    let text = unquoted(body);
    let mut base64 = Vec::with_capacity(text.len());
    let (mut is_locked, mut has_cipher) = (false, false);
    for line in text.split(|byte| *byte == b'\n') {
        let line = line.trim_ascii();
        if line.contains(&b':') {
            is_locked |= line.starts_with(b"Proc-Type:") && line.ends_with(b"ENCRYPTED");
            has_cipher |= line.starts_with(b"DEK-Info:");
        } else {
            base64.extend(line.iter().filter(|byte| **byte != b' '));
        }
    }
    let bytes = STANDARD.decode(base64).ok()?;
    (is_locked == has_cipher && !bytes.is_empty()).then_some(Body { bytes, is_locked })
}

/// The text without quotes, and with line feeds for escaped ones.
fn unquoted(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'\\' => match rest.as_slice().first() {
                Some(b'n' | b'r' | b't') => {
                    rest.next();
                    plain.push(b'\n');
                }
                Some(b'/' | b'\\' | b'\n') => {}
                _ => plain.push(b'\n'),
            },
            b'\r' => plain.push(b'\n'),
            b'"' | b'\'' | b'`' | b',' => {}
            other => plain.push(*other),
        }
    }
    plain
}

const FORMS: [Form; 6] = [
    Form {
        label: b"OPENSSH PRIVATE KEY-----",
        name: "OpenSSH",
        is_legacy: false,
        parse: openssh::is_locked,
    },
    Form {
        label: b"RSA PRIVATE KEY-----",
        name: "RSA, PKCS #1",
        is_legacy: true,
        parse: |bytes| der::is_rsa(bytes).then_some(false),
    },
    Form {
        label: b"EC PRIVATE KEY-----",
        name: "EC, SEC 1",
        is_legacy: true,
        parse: |bytes| der::is_ec(bytes).then_some(false),
    },
    Form {
        label: b"DSA PRIVATE KEY-----",
        name: "DSA",
        is_legacy: true,
        parse: |bytes| der::is_dsa(bytes).then_some(false),
    },
    Form {
        label: b"PRIVATE KEY-----",
        name: "PKCS #8",
        is_legacy: false,
        parse: |bytes| der::is_pkcs8(bytes).then_some(false),
    },
    Form {
        label: b"ENCRYPTED PRIVATE KEY-----",
        name: "PKCS #8",
        is_legacy: false,
        parse: |bytes| der::is_locked_pkcs8(bytes).then_some(true),
    },
];

/// How a key begins.
pub(super) const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
/// A locked key of 160 bits is longer.
const SHORTEST_LOCKED: usize = 48;
