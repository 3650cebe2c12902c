//! The search of the image that a build made, or of one that is there already.

use std::{error::Error, fs, sync::Arc};

use keystay_proto::{
    Fingerprint,
    control::{Grant, KeyInfo},
};

use super::{asked::Asked, wired::Wired};
use crate::{
    agent_link::Control,
    engine::Tool,
    summary::{Image, Searched},
    verify::{
        Cache, ControlMatcher, Gap, ImageSource, SourceError, Subject, Verdict, Verified,
        VerifyError, verify,
    },
};

/// Searches the image of a build for the keys of its grant.
pub(super) async fn search(
    tool: &Tool,
    control: &Control,
    grant: &Grant,
    asked: &Asked,
    wired: &Wired,
) -> Image {
    if let Some(why) = asked.leaves_no_image() {
        return incomplete(why);
    }
    match fs::read_to_string(&wired.iidfile) {
        Ok(id) => tokio::select! {
            image = search_image(tool.image(id.trim()), control, grant, id.trim()) => image,
            error = control.until_silent(&grant.id) => incomplete(&error.to_string()),
        },
        Err(_) => incomplete("the engine told no image id"),
    }
}

/// Searches an image of the engine, named by its id or otherwise, for the keys of a grant whose
/// private halves are here.
pub(crate) async fn search_image(
    source: ImageSource,
    control: &Control,
    grant: &Grant,
    image: &str,
) -> Image {
    let (here, elsewhere): (Vec<&KeyInfo>, Vec<&KeyInfo>) =
        grant.keys.iter().partition(|key| key.searchable);
    if here.is_empty() {
        return Image::NoKeyHere {
            keys: elsewhere.len(),
        };
    }
    let keys: Vec<Fingerprint> = here.iter().map(|key| key.fingerprint).collect();
    let remembered = Cache::of_user().zip(Subject::new(image, &keys));
    if remembered
        .as_ref()
        .is_some_and(|(cache, subject)| cache.is_clean(subject))
    {
        return Image::CleanBefore {
            image: image.to_owned(),
        };
    }
    let matcher = ControlMatcher::new(control.socket().to_owned(), grant.id.clone());
    let verified = match verify(source, Arc::new(matcher)).await {
        Ok(verified) => verified,
        Err(VerifyError::Source(SourceError::Refused {
            status: NOT_FOUND, ..
        })) => {
            let image = image.to_owned();
            return Image::Absent { image };
        }
        Err(error) => return incomplete(&with_causes(&error)),
    };
    if let (Verdict::Clean, Some((cache, subject))) = (&verified.verdict, remembered) {
        // A verdict that is not remembered is found again.
        drop(cache.remember_clean(&subject));
    }
    told(verified, image, here.len(), elsewhere.len())
}

fn told(verified: Verified, image: &str, keys: usize, unsearchable: usize) -> Image {
    let searched = Searched {
        image: image.to_owned(),
        keys,
        unsearchable,
        layers: verified.layers.len(),
        bytes: verified.bytes,
    };
    match verified.verdict {
        Verdict::Clean => Image::Clean(searched),
        Verdict::Leak(findings) => Image::Leak {
            searched,
            findings: findings.iter().map(ToString::to_string).collect(),
        },
        Verdict::Incomplete(gaps) => Image::Incomplete {
            missing: gaps.iter().map(Gap::to_string).collect(),
        },
    }
}

/// An error and what is below it, in one line.
fn with_causes(error: &dyn Error) -> String {
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

fn incomplete(why: &str) -> Image {
    Image::Incomplete {
        missing: vec![why.to_owned()],
    }
}

/// How the engine's API answers for an image it does not hold.
const NOT_FOUND: u16 = 404;
