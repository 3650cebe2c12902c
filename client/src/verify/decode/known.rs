//! Files that are broken on purpose, as everybody has them.

use sha2::{Digest as _, Sha256};

use crate::verify::manifest::Digest;

/// Whether a file is one whose streams are known to break off, byte for byte: test data that a
/// distribution's packages install. What decodes of it was searched all the same.
pub(super) fn is_known(file: &[u8]) -> bool {
    let digest = Digest::from(Sha256::new_with_prefix(file)).to_string();
    let digest = digest.trim_start_matches("sha256:");
    KNOWN.iter().any(|(known, _)| *known == digest)
}

/// The SHA-256 digest of a file, and what it is.
const KNOWN: [(&str, &str); 3] = [
    (
        "6b048d4b9cc7555a2c63f70d3268aafe33ecc0bbe6fcfa0eadade1633e0ae6cd",
        "Go, src/compress/gzip/testdata/issue6550.gz.base64",
    ),
    (
        "47d004f4f03ffb6739337429dc9ccac83a7b9827adc208b5a07bf8121709d571",
        "Go, src/image/png/testdata/invalid-noend.png",
    ),
    (
        "d0f4dbc17ddd100c45e6aa6707e9c12baa97a269b945e91ad787fb41ee621579",
        "Go, src/image/png/testdata/invalid-zlib.png",
    ),
];
