//! What the agent's command line says of keys that are added.

use std::{fmt, time::Duration};

use clap::ValueEnum;
use keystay_proto::Fingerprint;
use md5::{Digest as _, Md5};

/// What keys have that are added without saying it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Defaults {
    /// How long they are held; nothing for ever.
    pub(crate) lifetime: Option<Duration>,
    /// How their fingerprints are shown to a person.
    pub(crate) hash: FingerprintHash,
}

/// The hash of a fingerprint, as `ssh-agent -E` names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum FingerprintHash {
    #[default]
    Sha256,
    Md5,
}

impl FingerprintHash {
    /// The fingerprint of a public key blob, as OpenSSH writes it.
    pub(super) fn fingerprint(self, blob: &[u8]) -> String {
        match self {
            Self::Sha256 => Fingerprint::of(blob).to_string(),
            Self::Md5 => {
                let digest: [u8; 16] = Md5::digest(blob).into();
                let pairs = digest.map(|byte| format!("{byte:02x}"));
                format!("MD5:{}", pairs.join(":"))
            }
        }
    }
}

impl fmt::Display for FingerprintHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sha256 => "sha256",
            Self::Md5 => "md5",
        })
    }
}
