//! The proof that a search finds what it looks for.

use base64::{Engine as _, engine::general_purpose};
use keystay_proto::control::Encoding;
use zeroize::Zeroizing;

use super::{Needles, Scanner, encode::Secret};

/// The search does not find a key that was put before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the search for keys does not find {encoding:?} key material that was put before it")]
pub struct Blind {
    /// How the key was written.
    pub encoding: Encoding,
}

impl Needles {
    /// Puts every number before a search, written in every encoding by other code than that which
    /// made the needles, and says whether each was found. Takes a millisecond or less for a key.
    pub fn self_check(&self) -> Result<(), Blind> {
        let mut last = None;
        for pattern in &self.patterns {
            // The first pattern of a piece is the number itself.
            if last.replace(pattern.piece) != Some(pattern.piece) {
                self.check_one(&pattern.text)?;
            }
        }
        Ok(())
    }

    fn check_one(&self, core: &[u8]) -> Result<(), Blind> {
        let mut scanner = Scanner::new(self);
        let mut planted = Vec::new();
        let mut at = 0;
        for (encoding, text) in forms(core) {
            scanner.push(&FILLER);
            scanner.push(&text);
            let start = at + FILLER.len();
            at = start + text.len();
            planted.push((encoding, start..at));
        }
        let found = scanner.finish().hits;
        let is_found = |encoding, place: &std::ops::Range<usize>| {
            found.iter().any(|hit| {
                hit.encoding == encoding
                    && usize::try_from(hit.offset).is_ok_and(|offset| place.contains(&offset))
            })
        };
        match planted
            .into_iter()
            .find(|(encoding, place)| !is_found(*encoding, place))
        {
            Some((encoding, _)) => Err(Blind { encoding }),
            None => Ok(()),
        }
    }
}

/// The number in every encoding, between bytes that are not its own.
fn forms(core: &[u8]) -> Vec<(Encoding, Secret)> {
    let mut forms = vec![
        (Encoding::Raw, Zeroizing::new(core.to_vec())),
        (
            Encoding::Raw,
            Zeroizing::new(core.iter().rev().copied().collect()),
        ),
        (Encoding::Hex, hex(core, |byte| format!("{byte:02x}"))),
        (Encoding::Hex, hex(core, |byte| format!("{byte:02X}"))),
    ];
    for before in 0..3 {
        let whole = around(core, before);
        for engine in [
            &general_purpose::STANDARD,
            &general_purpose::URL_SAFE_NO_PAD,
        ] {
            let inner = Zeroizing::new(engine.encode(&whole).into_bytes());
            forms.extend((0..3).map(|before| {
                let outer = general_purpose::STANDARD.encode(around(&inner, before));
                (Encoding::DoubleBase64, Zeroizing::new(outer.into_bytes()))
            }));
            forms.push((Encoding::Base64, inner));
        }
    }
    forms
}

fn hex(core: &[u8], digits: impl Fn(&u8) -> String) -> Secret {
    Zeroizing::new(
        core.iter()
            .flat_map(|byte| digits(byte).into_bytes())
            .collect(),
    )
}

fn around(core: &[u8], before: usize) -> Secret {
    let before = FILLER.iter().take(before);
    Zeroizing::new(
        before
            .chain(core)
            .chain(FILLER.iter().take(4))
            .copied()
            .collect(),
    )
}

/// Longer than what one place of several parts may bridge.
const FILLER: [u8; 400] = [b'~'; 400];
