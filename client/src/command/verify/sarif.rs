//! What `--sarif` prints: a log of one run, and nothing else on standard output.

use super::json::gaps;
use crate::{
    command::search::Found,
    sarif::{self, Finding, Level, Place, Rule},
    summary::Image,
    verify::{Kind, Offset, Spot, Warning, Whole},
};

/// Findings are errors, other secrets warnings, published keys and gaps notes.
pub(super) fn log(name: &str, found: &Found) -> String {
    let leaks = match &found.image {
        Image::Leak { findings, .. } => findings.as_slice(),
        _ => &[],
    };
    let result = |rule: &Rule<'static>, message: String, place: Place| Finding {
        rule: rule.id,
        level: rule.level,
        message,
        place,
    };
    let leaks = leaks.iter().map(|finding| {
        let place = within(name, &finding.spot());
        result(&KEY, finding.to_string(), place)
    });
    let others = found.warnings.iter().map(|warning| {
        let place = within(name, &warning.spot);
        result(rule(warning), warning.to_string(), place)
    });
    let gaps = gaps(&found.image, found.verified.as_ref()).into_iter();
    let gaps = gaps.map(|gap| result(&GAP, gap, Place::Logical(name.to_owned())));
    let results: Vec<_> = leaks.chain(others).chain(gaps).collect();
    sarif::log(&[KEY, OTHER, TOKEN, PUBLISHED, GAP], &results)
}

fn rule(warning: &Warning) -> &'static Rule<'static> {
    match warning.kind {
        Kind::Token => &TOKEN,
        Kind::Key {
            published: Some(_), ..
        } => &PUBLISHED,
        Kind::Key { .. } => &OTHER,
    }
}

/// The place in the image, without the instruction that made it.
fn within(image: &str, spot: &Spot) -> Place {
    let named = Spot {
        instruction: None,
        ..spot.without_offset()
    };
    let name = format!("{image}: {named}");
    match (&spot.path, spot.offset) {
        (
            Some(path),
            Some(Offset {
                of: Whole::File,
                at,
            }),
        ) => Place::Inside {
            path: path.clone(),
            offset: at,
            name,
        },
        _ => Place::Logical(name),
    }
}

const KEY: Rule<'_> = Rule {
    id: "key",
    summary: "A private key of the user is in the image",
    help: "Do not push the image, and replace the key: whoever gets the image has it",
    level: Level::Error,
};
const OTHER: Rule<'_> = Rule {
    id: "other-key",
    summary: "A private key that is none of the user's is in the image",
    help: "Leave it out of the image if it is not meant for everybody who gets it",
    level: Level::Warning,
};
const TOKEN: Rule<'_> = Rule {
    id: "token",
    summary: "A token is in a URL of git's configuration or its like",
    help: "Replace the token, and fetch without one in the URL",
    level: Level::Warning,
};
const PUBLISHED: Rule<'_> = Rule {
    id: "published-key",
    summary: "A published test key is in the image",
    help: "Trust nothing that shows this key: everybody has it",
    level: Level::Note,
};
const GAP: Rule<'_> = Rule {
    id: "not-searched",
    summary: "A part of the image was not searched",
    help: "Verify it in a form in which it can be read whole",
    level: Level::Note,
};

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn others_are_warnings_and_what_was_not_searched_a_note() {
        let spot = Spot {
            layer: Some(2),
            digest: None,
            path: Some("app/.npmrc".to_owned()),
            place: crate::verify::Place::File,
            offset: Some(Whole::File.at(7)),
            instruction: Some("COPY . /app".to_owned()),
        };
        let warning = |kind| Warning {
            spot: spot.clone(),
            kind,
        };
        let key = |published| Kind::Key {
            form: "OpenSSH",
            is_locked: false,
            published,
        };
        let levels =
            [Kind::Token, key(None), key(Some("Go"))].map(|kind| rule(&warning(kind)).level);
        assert_eq!(levels, [Level::Warning, Level::Warning, Level::Note]);
        let name = "app: layer 2, app/.npmrc".to_owned();
        let of_layer = Spot {
            offset: Some(Whole::Layer.at(7)),
            ..spot.clone()
        };
        assert_eq!(within("app", &of_layer), Place::Logical(name.clone()));
        let path = "app/.npmrc".to_owned();
        let inside = Place::Inside {
            path,
            offset: 7,
            name,
        };
        assert_eq!(within("app", &spot), inside);
        let missing = vec!["one".to_owned(), "two".to_owned()];
        let found = Found::from(Image::Incomplete { missing });
        let told: Value = serde_json::from_str(&log("app", &found)).unwrap();
        let results = told["runs"][0]["results"].as_array().unwrap();
        assert_eq!(results.len(), 2);
        assert_eq!(results[0]["level"], "note");
        assert_eq!(results[0]["message"]["text"], "one");
        assert_eq!(results[0]["ruleId"], "not-searched");
        let leak = Image::Leak {
            searched: crate::summary::Searched {
                image: "app".to_owned(),
                keys: 1,
                unsearchable: 0,
                layers: 1,
                known_layers: 0,
                bytes: 1,
            },
            findings: Vec::new(),
            missing: vec!["one".to_owned()],
        };
        let told: Value = serde_json::from_str(&log("app", &Found::from(leak))).unwrap();
        assert_eq!(told["runs"][0]["results"][0]["message"]["text"], "one");
    }
}
