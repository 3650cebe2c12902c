//! A key in what a build was to be given.

use super::inputs::Kind;
use crate::{
    output,
    verify::{Mark, Sighting},
};

/// A key in what a build was to be given, so that it was not started.
#[derive(Debug, thiserror::Error)]
#[error("key material found before the build: {}", told(.places))]
pub(crate) struct KeyGiven {
    places: Vec<String>,
    hints: Vec<String>,
}

/// What something that was searched is.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) kind: Kind,
    /// What stands for it when it is found clean.
    pub(super) mark: Option<Mark>,
    /// The line that leaves it out, and the ignore file to put it into.
    pub(super) ignored: Option<(String, String)>,
}

impl Origin {
    pub(super) fn new(kind: Kind, mark: Option<Mark>) -> Self {
        Self {
            kind,
            mark,
            ignored: None,
        }
    }
}

impl KeyGiven {
    /// Of these sightings in what had these origins and names.
    pub(super) fn new(sightings: &[Sighting], origins: &[Origin], names: &[String]) -> Self {
        let mut hints: Vec<String> = Vec::new();
        for sighting in sightings {
            let number = sighting.number;
            let name = names.get(number).map(String::as_str).unwrap_or_default();
            let hint = origins
                .get(number)
                .map(|origin| hint(origin, name, sighting));
            if let Some(hint) = hint
                && !hints.contains(&hint)
                && hints.len() < MOST_PLACES
            {
                hints.push(hint);
            }
        }
        hints.extend([LEND, ALL_THE_SAME].map(str::to_owned));
        Self {
            places: sightings.iter().map(shown).collect(),
            hints,
        }
    }

    /// Writes each place, where there is more than one.
    pub(super) fn tell(&self) {
        if self.places.len() > 1 {
            let places = self.places.iter().take(DETAILS);
            places.for_each(|place| output::finding(place));
        }
    }

    /// What to do about it.
    pub(crate) fn hints(&self) -> Vec<String> {
        self.hints.clone()
    }
}

fn told(places: &[String]) -> String {
    let first = places.first().map_or("", String::as_str);
    match places.len() {
        0 | 1 => first.to_owned(),
        2 => format!("{first}; and in another place"),
        all => format!("{first}; and in {} other places", all - 1),
    }
}

fn shown(sighting: &Sighting) -> String {
    let Sighting {
        place,
        key,
        encoding,
        ..
    } = sighting;
    match sighting.line {
        Some(line) => format!("{place}, line {line}: private key {key} as {encoding}"),
        None => format!("{place}: private key {key} as {encoding}"),
    }
}

/// How the key is kept out of this place. Its name is told only where it was found to hold no key.
fn hint(origin: &Origin, name: &str, sighting: &Sighting) -> String {
    match (origin.kind, &origin.ignored) {
        (Kind::File, Some((entry, ignore))) if sighting.place.starts_with(name) => {
            format!("keep it out of the context: write `{entry}` into {ignore}")
        }
        (Kind::File, _) => "keep it out of the context: name the file in .dockerignore".to_owned(),
        (Kind::Argument, _) => ARGUMENT.to_owned(),
        (Kind::Dockerfile, _) => DOCKERFILE.to_owned(),
        (Kind::Archive, _) => "leave it out of the archive".to_owned(),
    }
}

const ARGUMENT: &str = "leave it out of the command line: the image's history and the engine's \
                        records keep build arguments";
const DOCKERFILE: &str = "take it out of the Dockerfile: layers, history and provenance keep it";
const LEND: &str =
    "give steps that need a key `RUN --mount=type=ssh`: it is lent to them, and never in a layer";
const ALL_THE_SAME: &str =
    "the engine got nothing; `keystay --no-verify build …` builds without any search";
/// As many places as hints name, and as many as are told.
const MOST_PLACES: usize = 3;
const DETAILS: usize = 20;

#[cfg(test)]
mod tests {
    use keystay_proto::{Fingerprint, control::Encoding};

    use super::*;

    fn sighting(number: usize, place: &str, line: Option<usize>) -> Sighting {
        Sighting {
            number,
            place: place.to_owned(),
            line,
            key: Fingerprint::of(b"a"),
            encoding: Encoding::Base64,
        }
    }

    #[test]
    fn the_first_place_is_named_and_each_gets_its_hint() {
        let file = Origin {
            ignored: Some(("keys/id".to_owned(), "app.dockerignore".to_owned())),
            ..Origin::new(Kind::File, None)
        };
        let origins = [Origin::new(Kind::Argument, None), file];
        let names = ["--build-arg KEY".to_owned(), "keys/id".to_owned()];
        let sightings = [
            sighting(0, "--build-arg KEY", Some(4)),
            sighting(1, "keys/id!gzip", None),
        ];
        let found = KeyGiven::new(&sightings, &origins, &names);
        let key = Fingerprint::of(b"a");
        assert_eq!(
            found.to_string(),
            format!(
                "key material found before the build: --build-arg KEY, line 4: private key {key} \
                 as base64; and in another place"
            )
        );
        let ignore = "keep it out of the context: write `keys/id` into app.dockerignore";
        assert_eq!(found.hints(), [ARGUMENT, ignore, LEND, ALL_THE_SAME]);
    }

    #[test]
    fn a_name_that_is_withheld_is_in_no_hint() {
        let file = Origin {
            ignored: Some(("secret".to_owned(), ".dockerignore".to_owned())),
            ..Origin::new(Kind::File, None)
        };
        let sightings = [sighting(0, "[withheld, it holds the key]", None)];
        let found = KeyGiven::new(&sightings, &[file], &["secret".to_owned()]);
        assert!(!found.hints().concat().contains("secret"));
    }
}
