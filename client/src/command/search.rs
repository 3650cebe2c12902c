//! The search of one image for the keys of a grant, remembered where it found nothing.

use std::{error::Error, mem, sync::Arc};

use keystay_proto::{
    Fingerprint,
    control::{Grant, KeyInfo},
};

use crate::{
    agent_link::Control,
    progress,
    summary::{Image, Searched},
    verify::{
        self, Cache, CleanLayers, ControlMatcher, Gap, Given, ImageSource, Sought, SourceError,
        Subject, Verdict, Verified, VerifyError, Warning, WithCopies, search_given, verify,
        verify_unknown_layers,
    },
};

/// Who searches, and for what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Search<'a> {
    /// Where the agent is.
    pub(super) control: &'a Control,
    /// Whose keys are looked for.
    pub(super) grant: &'a Grant,
    /// Whether what was found clean before is taken for clean.
    pub(super) is_remembering: bool,
    /// Whether the image is read in any case, since its details are told.
    pub(super) is_detailed: bool,
    /// Whether nothing is shown while it lasts.
    pub(super) is_quiet: bool,
}

/// What a search came to.
#[derive(Debug)]
pub(super) struct Found {
    /// For a person.
    pub(super) image: Image,
    /// In detail, where the image was read.
    pub(super) verified: Option<Verified>,
    /// Secrets in it that are none of the build's.
    pub(super) warnings: Vec<Warning>,
}

impl Search<'_> {
    /// Searches an image, named by its id or otherwise, for those keys of the grant whose private
    /// halves are here, and for locked copies of all of them.
    pub(super) async fn run(&self, source: ImageSource, name: &str) -> Found {
        let keys = self.fingerprints();
        let here = self.keys().filter(|key| key.searchable).count();
        let elsewhere = keys.len() - here;
        let cache = Cache::of_user("verdicts").filter(|_| self.is_remembering);
        let sought = Sought::new(self.grant);
        let layers = Cache::of_user("layers").filter(|_| self.is_remembering && !self.is_detailed);
        let clean = layers.zip(sought.clone());
        let remembered = cache.zip(sought.and_then(|sought| Subject::new(name, &sought)));
        if remembered
            .as_ref()
            .is_some_and(|(cache, subject)| !self.is_detailed && cache.is_clean(subject))
        {
            let image = name.to_owned();
            return match here {
                0 => Image::NoKeyHere { keys: elsewhere },
                _ => Image::CleanBefore { image },
            }
            .into();
        }
        let meter = Arc::default();
        let (matcher, read) = (Arc::new(self.matcher()), Arc::clone(&meter));
        let search = async move {
            match clean {
                Some((cache, keys)) => {
                    verify_unknown_layers(source, matcher, read, CleanLayers::of(cache, keys)).await
                }
                None => verify(source, matcher, read).await,
            }
        };
        let mut verified = match progress::shown(name, self.is_quiet, &meter, search).await {
            Ok(verified) => verified,
            Err(error) => return unread(&error, name).into(),
        };
        // Secrets are told each time, so what has some is read each time.
        let remembered = remembered.filter(|_| !has_secrets(&verified));
        if let (Verdict::Clean, Some((cache, subject))) = (&verified.verdict, remembered) {
            // A verdict that is not remembered is found again.
            drop(cache.remember_clean(&subject));
        }
        let image = match verified.verdict {
            Verdict::Clean if here == 0 => Image::NoKeyHere { keys: elsewhere },
            _ => told(&verified, name, here, elsewhere),
        };
        Found {
            image,
            warnings: mem::take(&mut verified.warnings),
            verified: Some(verified),
        }
    }

    /// Searches what a build is given, likewise.
    pub(super) async fn given(&self, given: Vec<Given>) -> Result<verify::Searched, VerifyError> {
        let meter = Arc::default();
        let search = search_given(given, Arc::new(self.matcher()), Arc::clone(&meter));
        progress::shown("what the build is given", self.is_quiet, &meter, search).await
    }

    /// The keys of the grant.
    pub(super) fn fingerprints(&self) -> Vec<Fingerprint> {
        self.keys().map(|key| key.fingerprint).collect()
    }

    fn matcher(&self) -> WithCopies<ControlMatcher> {
        let matcher = ControlMatcher::new(self.control.socket().to_owned(), self.grant.id.clone());
        WithCopies::new(matcher, self.fingerprints())
    }

    fn keys(&self) -> impl Iterator<Item = &KeyInfo> {
        self.grant.keys.iter()
    }
}

fn has_secrets(verified: &Verified) -> bool {
    let mut warnings = verified.warnings.iter();
    warnings.any(|warning| warning.kind.is_secret())
}

impl From<Image> for Found {
    fn from(image: Image) -> Self {
        Self {
            image,
            verified: None,
            warnings: Vec::new(),
        }
    }
}

/// What is known of an image that was not searched.
pub(super) fn incomplete(why: &str) -> Image {
    Image::Incomplete {
        missing: vec![why.to_owned()],
    }
}

fn unread(error: &VerifyError, name: &str) -> Image {
    match error {
        VerifyError::Source(SourceError::Refused { status, message })
            if *status == NOT_FOUND || message.starts_with(NO_NAME) =>
        {
            Image::Absent {
                image: name.to_owned(),
            }
        }
        error => incomplete(&with_causes(error)),
    }
}

fn told(verified: &Verified, image: &str, keys: usize, unsearchable: usize) -> Image {
    let searched = Searched {
        image: image.to_owned(),
        keys,
        unsearchable,
        layers: verified.layers.len(),
        known_layers: verified.known_layers,
        bytes: verified.bytes - verified.passed_over.min(verified.bytes),
    };
    match &verified.verdict {
        Verdict::Clean => Image::Clean(searched),
        Verdict::Leak(findings) => Image::Leak {
            searched,
            findings: findings.clone(),
            missing: verified.gaps.iter().map(Gap::to_string).collect(),
        },
        Verdict::Incomplete(gaps) => Image::Incomplete {
            missing: gaps.iter().map(Gap::to_string).collect(),
        },
    }
}

/// An error and what is below it, in one line.
pub(super) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let said = inner.to_string();
        if !text.ends_with(&said) {
            text = format!("{text}: {said}");
        }
        cause = inner.source();
    }
    text
}

/// How the engine's API answers for an image it does not hold.
const NOT_FOUND: u16 = 404;
/// What docker says, with the status of a defect, to what is no name of an image.
const NO_NAME: &str = "invalid reference format";
