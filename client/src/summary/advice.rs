//! What to do about keys that were found in an image.

use crate::verify::{Finding, Place};

/// What to do, the most urgent first.
pub(super) fn advice(findings: &[Finding]) -> Vec<String> {
    let mut hints = vec![replace(findings)];
    let mut places: Vec<String> = Vec::new();
    for place in findings.iter().filter_map(place) {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    hints.extend(places.into_iter().take(PLACES));
    hints.push(LEND.to_owned());
    hints.push(AGAIN.to_owned());
    hints
}

fn replace(findings: &[Finding]) -> String {
    let mut keys: Vec<_> = findings.iter().map(|finding| finding.key).collect();
    keys.sort_unstable_by_key(ToString::to_string);
    keys.dedup();
    match keys.len() {
        0 | 1 => "do not push the image; replace the key: whoever gets the image has it".to_owned(),
        more => format!(
            "do not push the image; replace the {more} keys: whoever gets the image has them"
        ),
    }
}

/// How a key is kept out of the place where it was found.
fn place(finding: &Finding) -> Option<String> {
    let instruction = finding.instruction.as_deref();
    match (&finding.place, finding.layer, instruction) {
        (Place::File, Some(layer), Some(instruction)) => Some(format!(
            "keep it out of layer {layer}, `{instruction}`: to remove it later leaves it in this layer"
        )),
        (Place::File, Some(layer), None) => Some(format!("keep it out of layer {layer}")),
        (Place::File, None, _) => None,
        (Place::History(_) | Place::Environment(_), ..) => {
            Some("give no key as a build argument or variable: the configuration keeps both".into())
        }
        (Place::Label(_) | Place::Configuration(_), ..) => {
            Some("give no key to LABEL, CMD and the like: the configuration keeps it".into())
        }
        (Place::Member(_), ..) => Some(
            "keep it out of build arguments, annotations and the Dockerfile: provenance and \
             manifests name them"
                .into(),
        ),
    }
}

const LEND: &str =
    "give steps that need a key `RUN --mount=type=ssh`: it is lent to them, and never in a layer";
const AGAIN: &str = "then build with `--no-cache`, and clear the build cache, which holds the key too: `docker builder prune`";
/// As many places as are named.
const PLACES: usize = 3;

#[cfg(test)]
mod tests {
    use keystay_proto::{Fingerprint, control::Encoding};

    use super::*;

    fn finding(key: &[u8], layer: Option<usize>, place: Place) -> Finding {
        Finding {
            layer,
            digest: None,
            path: None,
            place,
            offset: None,
            instruction: layer.map(|layer| format!("COPY {layer} /")),
            key: Fingerprint::of(key),
            encoding: Encoding::Raw,
        }
    }

    #[test]
    fn each_place_is_told_once() {
        let label = Place::Label(None);
        let findings = [
            finding(b"a", Some(2), Place::File),
            finding(b"b", Some(2), Place::File),
            finding(b"a", None, label.clone()),
            finding(b"b", None, label),
        ];
        assert_eq!(
            advice(&findings),
            [
                "do not push the image; replace the 2 keys: whoever gets the image has them",
                "keep it out of layer 2, `COPY 2 /`: to remove it later leaves it in this layer",
                "give no key to LABEL, CMD and the like: the configuration keeps it",
                LEND,
                AGAIN
            ]
        );
    }

    #[test]
    fn of_many_places_a_few_are_told() {
        let findings: Vec<_> = (1..9)
            .map(|layer| finding(b"a", Some(layer), Place::File))
            .collect();
        assert_eq!(advice(&findings).len(), 6);
    }
}
