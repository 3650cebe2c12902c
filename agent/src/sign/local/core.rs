//! What to look for when looking for a private key.

use aws_lc_rs::digest::{SHA512, digest};

use crate::secret::Secret;

/// A byte string that only the private key holds.
#[derive(Debug)]
pub struct Core {
    /// Which of the key's parts it is: `seed` (Ed25519), `scalar` (ECDSA), `p`, `q`, `d`, `dP`,
    /// `dQ` or `qInv` (RSA).
    pub name: &'static str,
    /// Its bytes, big-endian where it is a number; RSA's have no leading zeros, ECDSA's scalar
    /// has the curve's full length.
    pub bytes: Secret,
}

impl Core {
    /// The bytes that give the key away wherever they stand.
    ///
    /// Of a seed also both halves of what it expands to (RFC 8032 §5.1.5), which sign as well: of the
    /// scalar without its first and last byte, in which bits are set and cleared. Of `d` the lower
    /// half alone: the upper one follows from the public key, but for as many bits as the public
    /// exponent has.
    #[must_use]
    pub fn secrets(&self) -> Vec<Secret> {
        let bytes = self.bytes.bytes();
        match self.name {
            "seed" => {
                let expanded = digest(&SHA512, bytes);
                let halves = [1..31, 32..64].map(|half| expanded.as_ref().get(half));
                let halves = halves.into_iter().flatten();
                std::iter::once(bytes)
                    .chain(halves)
                    .map(Secret::copy_of)
                    .collect()
            }
            "d" => (bytes.get(bytes.len() / 2..).into_iter())
                .map(Secret::copy_of)
                .collect(),
            _ => vec![Secret::copy_of(bytes)],
        }
    }
}

pub(super) fn core(name: &'static str, bytes: Secret) -> Core {
    Core { name, bytes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_what_it_expands_to() {
        // RFC 8032 §7.1, test 1.
        let seed = [
            0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec,
            0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03,
            0x1c, 0xae, 0x7f, 0x60,
        ];
        let secrets = core("seed", Secret::copy_of(&seed)).secrets();
        let [whole, scalar, prefix] = &secrets[..] else {
            panic!("{}", secrets.len());
        };
        assert_eq!(whole.bytes(), seed);
        assert_eq!(scalar.bytes().len(), 30);
        assert_eq!(scalar.bytes()[..4], [0x7c, 0x83, 0x86, 0x4f]);
        assert_eq!(prefix.bytes()[..4], [0x9b, 0x4f, 0x0a, 0xfe]);
        assert_eq!(prefix.bytes().len(), 32);
    }

    #[test]
    fn of_an_exponent_the_lower_half_is_secret() {
        let secrets = core("d", Secret::from(vec![1, 2, 3, 4])).secrets();
        assert_eq!(secrets.len(), 1);
        assert_eq!(secrets[0].bytes(), [3, 4]);
        let secrets = core("p", Secret::from(vec![1, 2, 3, 4])).secrets();
        assert_eq!(secrets[0].bytes(), [1, 2, 3, 4]);
    }
}
