//! A random key that is planted around every stream.

use keystay_proto::control::Encoding;
use zeroize::Zeroizing;

use super::{
    Blind, Needles,
    encode::Secret,
    forms::{FILLER, forms},
};

/// The canary as it stands beside one stream.
pub(super) struct Planted {
    pub(super) encoding: Encoding,
    /// With as much around it as keeps it apart from other bytes.
    pub(super) text: Secret,
}

/// Random bytes for a key that nothing outside of one set of needles knows.
pub(super) fn hatch() -> Result<Secret, Blind> {
    let mut canary = Zeroizing::new(vec![0; LENGTH]);
    getrandom::fill(&mut canary).map_err(|_| Blind::NoRandomBytes)?;
    Ok(canary)
}

impl Needles {
    /// The canary twice, in encodings drawn anew for each stream, by other code than that which made
    /// the needles.
    pub(super) fn planted(&self) -> Result<[Planted; 2], Blind> {
        let forms = forms(&self.canary);
        Ok([draw(&forms)?, draw(&forms)?])
    }
}

fn draw(forms: &[(Encoding, Secret)]) -> Result<Planted, Blind> {
    let random = getrandom::u64().map_err(|_| Blind::NoRandomBytes)?;
    let count = u64::try_from(forms.len()).unwrap_or(u64::MAX).max(1);
    let chosen = usize::try_from(random % count)
        .ok()
        .and_then(|chosen| forms.get(chosen));
    let (encoding, text) = chosen.ok_or(Blind::NoRandomBytes)?;
    let mut planted = Zeroizing::new(vec![FILLER; PLANTED]);
    let place = planted.get_mut(APART..APART + text.len());
    let place = place.ok_or(Blind::Canary(*encoding))?;
    place.copy_from_slice(text);
    Ok(Planted {
        encoding: *encoding,
        text: planted,
    })
}

/// As long as an Ed25519 seed.
const LENGTH: usize = 32;
/// Longer than what one place of several parts may bridge.
const APART: usize = 384;
/// Always the same, so that which bytes begin a window does not depend on what was drawn.
const PLANTED: usize = 1_024;
