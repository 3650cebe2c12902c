//! What is looked for in images to find the keys of a grant.

use super::Grant;
use crate::{
    scan::{Blind, Budget, Needles},
    secret::scrub_stack,
    sign::Core,
};

impl Grant {
    /// What to look for in images to find its private keys; it has been shown to find them.
    pub(crate) fn needles(&self) -> Result<&Needles, Blind> {
        let needles = self.needles.get_or_init(|| {
            let secrets = self.keys.iter().flat_map(|key| {
                let secrets = key.cores().iter().flat_map(Core::secrets);
                secrets.map(|secret| (key.info.fingerprint, secret))
            });
            let needles = Needles::new(secrets)?;
            scrub_stack();
            needles.self_check().map(|()| needles)
        });
        needles.as_ref().map_err(|blind| *blind)
    }

    /// Makes every search for its keys fail.
    #[cfg(test)]
    pub(crate) fn make_blind(&self) {
        assert!(self.needles.set(Err(Blind::NoRandomBytes)).is_ok());
    }

    /// How much may be searched for its keys yet.
    pub(crate) const fn budget(&self) -> &Budget {
        &self.budget
    }
}
