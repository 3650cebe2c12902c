//! Names of algorithms, methods and services.

use crate::{DecodeError, limits::MAX_ALGORITHM_NAME};

/// `bytes` as a name: printable US-ASCII without comma, at most one at-sign, 1 to 64 characters
/// (RFC 4251 §6).
pub(crate) fn parse<'a>(bytes: &'a [u8], what: &'static str) -> Result<&'a str, DecodeError> {
    let valid = (1..=MAX_ALGORITHM_NAME).contains(&bytes.len())
        && bytes.split(|byte| *byte == b'@').count() <= 2
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_graphic() && *byte != b',');
    let text = str::from_utf8(bytes).ok().filter(|_| valid);
    text.ok_or(DecodeError::NotAName { what })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_real_algorithms_are_names() {
        for name in [
            "ssh-ed25519",
            "rsa-sha2-512",
            "sk-ssh-ed25519-cert-v01@openssh.com",
        ] {
            assert_eq!(parse(name.as_bytes(), "algorithm"), Ok(name));
        }
    }

    #[test]
    fn what_rfc_4251_forbids_in_a_name_is_refused() {
        let long = "x".repeat(65);
        for bad in ["", "a,b", "a b", "a\n", "a\x7f", "a\0", "a@b@c", "é", &long] {
            let refused = Err(DecodeError::NotAName { what: "algorithm" });
            assert_eq!(parse(bad.as_bytes(), "algorithm"), refused, "{bad:?}");
        }
    }
}
