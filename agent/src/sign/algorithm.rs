//! Which signature algorithm a key and a request's flags mean.

/// The algorithm name that a login with this key carries when it is signed with these `flags` of
/// the agent protocol (RFC 9987 §3.6.1): `rsa-sha2-256` or `rsa-sha2-512` for RSA, the key type's
/// own name for every other. Certificates keep their certificate form.
///
/// With both flags set it is `rsa-sha2-256`, as in OpenSSH. `None` where the algorithm is never
/// used: RSA with SHA-1, DSA, and blobs that are no key.
#[must_use]
pub fn algorithm_for(blob: &[u8], flags: u32) -> Option<&str> {
    match key_type(blob)? {
        "ssh-rsa" => rsa(flags, "rsa-sha2-256", "rsa-sha2-512"),
        "ssh-rsa-cert-v01@openssh.com" => rsa(
            flags,
            "rsa-sha2-256-cert-v01@openssh.com",
            "rsa-sha2-512-cert-v01@openssh.com",
        ),
        "ssh-dss" | "ssh-dss-cert-v01@openssh.com" => None,
        other => Some(other),
    }
}

/// The key type that a public key blob begins with.
pub(crate) fn key_type(blob: &[u8]) -> Option<&str> {
    let (len, rest) = blob.split_first_chunk()?;
    let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
    let name = str::from_utf8(rest.get(..len)?).ok()?;
    (!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic())).then_some(name)
}

fn rsa(flags: u32, sha256: &'static str, sha512: &'static str) -> Option<&'static str> {
    if flags & RSA_SHA2_256 != 0 {
        Some(sha256)
    } else if flags & RSA_SHA2_512 != 0 {
        Some(sha512)
    } else {
        None
    }
}

const RSA_SHA2_256: u32 = 2;
const RSA_SHA2_512: u32 = 4;

#[cfg(test)]
mod tests {
    use super::{super::encode::put_string, algorithm_for};

    fn blob(key_type: &str) -> Vec<u8> {
        let mut blob = Vec::new();
        put_string(&mut blob, key_type.as_bytes());
        blob.extend_from_slice(b"the rest");
        blob
    }

    #[test]
    fn rsa_follows_the_flags_and_never_sha1() {
        let key = blob("ssh-rsa");
        assert_eq!(algorithm_for(&key, 0), None);
        assert_eq!(algorithm_for(&key, 1), None);
        assert_eq!(algorithm_for(&key, 2), Some("rsa-sha2-256"));
        assert_eq!(algorithm_for(&key, 4), Some("rsa-sha2-512"));
        assert_eq!(algorithm_for(&key, 6), Some("rsa-sha2-256"));
        let certificate = blob("ssh-rsa-cert-v01@openssh.com");
        assert_eq!(
            algorithm_for(&certificate, 4),
            Some("rsa-sha2-512-cert-v01@openssh.com")
        );
        assert_eq!(algorithm_for(&certificate, 0), None);
    }

    #[test]
    fn other_key_types_sign_under_their_own_name() {
        for name in [
            "ssh-ed25519",
            "ecdsa-sha2-nistp521",
            "sk-ssh-ed25519@openssh.com",
            "new@x",
        ] {
            assert_eq!(algorithm_for(&blob(name), 0), Some(name));
        }
    }

    #[test]
    fn dsa_and_damaged_blobs_have_no_algorithm() {
        assert_eq!(algorithm_for(&blob("ssh-dss"), 0), None);
        for damaged in [
            &b""[..],
            b"\0\0\0",
            b"\0\0\0\x05abc",
            b"\xff\xff\xff\xffssh",
            b"\0\0\0\0",
        ] {
            assert_eq!(algorithm_for(damaged, 0), None);
        }
        assert_eq!(algorithm_for(&blob("ssh\n"), 0), None);
    }
}
