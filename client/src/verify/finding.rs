//! A key found in an image.

use std::fmt;

use keystay_proto::{
    Fingerprint,
    control::{Encoding, Hit},
};

use super::Offset;

/// Key material in an image, and where. Every text is fit for a terminal and holds no key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The layer, counted from 1, the lowest first.
    pub layer: Option<usize>,
    /// The layer's digest as the image's configuration names it (its diff id).
    pub digest: Option<String>,
    /// The file in the layer. The layer holds it even where a later layer removes it.
    pub path: Option<String>,
    /// What holds it.
    pub place: Place,
    /// Where in that it begins, the first place of several.
    pub offset: Option<Offset>,
    /// The Dockerfile instruction that made the layer or the history entry.
    pub instruction: Option<String>,
    /// Whose private half it is.
    pub key: Fingerprint,
    /// How it is written.
    pub encoding: Encoding,
}

/// Where something in an image is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Spot {
    /// As of a [`Finding`].
    pub layer: Option<usize>,
    /// As of a [`Finding`].
    pub digest: Option<String>,
    /// As of a [`Finding`].
    pub path: Option<String>,
    /// What holds it.
    pub place: Place,
    /// As of a [`Finding`].
    pub offset: Option<Offset>,
    /// As of a [`Finding`].
    pub instruction: Option<String>,
}

/// What of an image holds key material.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// The content or the attributes of a file.
    File,
    /// An entry of the history, counted from 1: its instruction with the values of its arguments.
    History(usize),
    /// A variable of the environment; its name.
    Environment(Option<String>),
    /// A label; its name.
    Label(Option<String>),
    /// Another part of the configuration; its name.
    Configuration(String),
    /// Another member of the saved image: a manifest, an attestation; its name.
    Member(String),
}

impl Finding {
    /// What was hit at a spot.
    pub(super) fn new(spot: Spot, hit: &Hit) -> Self {
        Self {
            layer: spot.layer,
            digest: spot.digest,
            path: spot.path,
            place: spot.place,
            offset: spot.offset,
            instruction: spot.instruction,
            key: hit.key,
            encoding: hit.encoding,
        }
    }

    /// Every text of the outside that is shown.
    pub(super) fn texts(&mut self) -> impl Iterator<Item = &mut String> {
        texts(&mut self.path, &mut self.instruction, &mut self.place)
    }

    /// Whether it says the same, but for the offset.
    fn is_same(&self, other: &Self) -> bool {
        let offset = self.offset;
        *self
            == Self {
                offset,
                ..other.clone()
            }
    }

    /// Where it is.
    pub(crate) fn spot(&self) -> Spot {
        Spot {
            layer: self.layer,
            digest: self.digest.clone(),
            path: self.path.clone(),
            place: self.place.clone(),
            offset: self.offset,
            instruction: self.instruction.clone(),
        }
    }
}

impl Spot {
    /// Every text of the outside that is shown.
    pub(super) fn texts(&mut self) -> impl Iterator<Item = &mut String> {
        texts(&mut self.path, &mut self.instruction, &mut self.place)
    }

    /// The same, whatever the offset.
    pub(crate) fn without_offset(&self) -> Self {
        Self {
            offset: None,
            ..self.clone()
        }
    }

    /// Where it is, without offset and instruction.
    fn write_place(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.place, &self.path) {
            (Place::File, Some(path)) => write!(f, ", {path}"),
            (Place::File, None) => Ok(()),
            (Place::History(number), _) => write!(f, "history entry {number}"),
            (Place::Environment(Some(name)), _) => write!(f, "environment variable {name}"),
            (Place::Environment(None), _) => f.write_str("environment"),
            (Place::Label(Some(name)), _) => write!(f, "label {name}"),
            (Place::Label(None), _) => f.write_str("labels"),
            (Place::Configuration(name), _) => write!(f, "configuration, {name}"),
            (Place::Member(name), _) => write!(f, "saved image, {name}"),
        }
    }
}

impl Place {
    /// Its name in JSON.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::File => "file",
            Self::History(_) => "history",
            Self::Environment(_) => "environment",
            Self::Label(_) => "label",
            Self::Configuration(_) => "configuration",
            Self::Member(_) => "member",
        }
    }

    /// The name of the variable, the label, the part of the configuration or the member; the number
    /// of the history entry.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        match self {
            Self::File => None,
            Self::History(number) => Some(number.to_string()),
            Self::Environment(name) | Self::Label(name) => name.clone(),
            Self::Configuration(name) | Self::Member(name) => Some(name.clone()),
        }
    }
}

/// Each once, whatever the offset: the first is kept.
pub(super) fn once(findings: impl IntoIterator<Item = Finding>) -> Vec<Finding> {
    let mut kept: Vec<Finding> = Vec::new();
    for finding in findings {
        match kept.iter_mut().find(|other| other.is_same(&finding)) {
            Some(other) => other.offset = Offset::first(other.offset, finding.offset),
            None => kept.push(finding),
        }
    }
    kept
}

fn texts<'t>(
    path: &'t mut Option<String>,
    instruction: &'t mut Option<String>,
    place: &'t mut Place,
) -> impl Iterator<Item = &'t mut String> {
    let name = match place {
        Place::File | Place::History(_) => None,
        Place::Environment(name) | Place::Label(name) => name.as_mut(),
        Place::Configuration(name) | Place::Member(name) => Some(name),
    };
    [path.as_mut(), instruction.as_mut(), name]
        .into_iter()
        .flatten()
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(layer) = self.layer {
            write!(f, "layer {layer}")?;
        }
        self.write_place(f)?;
        if let (Place::File, Some(offset)) = (&self.place, self.offset) {
            write!(f, " at {offset}")?;
        }
        if let Some(instruction) = &self.instruction {
            write!(f, " ({instruction})")?;
        }
        Ok(())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (spot, key, encoding) = (self.spot(), self.key, self.encoding);
        write!(f, "{spot}: private key {key} as {encoding}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::Whole;

    #[test]
    fn a_place_is_told_once_with_the_first_of_its_offsets() {
        let finding = |path: &str, at: Option<u64>| Finding {
            layer: Some(1),
            digest: None,
            path: Some(path.to_owned()),
            place: Place::File,
            offset: at.map(|at| Whole::File.at(at)),
            instruction: None,
            key: Fingerprint::of(b"key"),
            encoding: Encoding::Raw,
        };
        let all = [
            finding("a", None),
            finding("b", Some(1)),
            finding("a", Some(70)),
            finding("a", Some(7)),
        ];
        assert_eq!(once(all), [finding("a", Some(7)), finding("b", Some(1))]);
    }

    #[test]
    fn a_finding_is_told_in_one_line() {
        let key = Fingerprint::of(b"key");
        let finding = Finding {
            layer: Some(3),
            digest: Some("sha256:00".to_owned()),
            path: Some("root/.ssh/id_rsa".to_owned()),
            place: Place::File,
            offset: Some(Whole::File.at(217)),
            instruction: Some("ADD id_rsa /root/.ssh/id_rsa".to_owned()),
            key,
            encoding: Encoding::Base64,
        };
        assert_eq!(
            finding.to_string(),
            format!(
                "layer 3, root/.ssh/id_rsa at byte 217 (ADD id_rsa /root/.ssh/id_rsa): private \
                 key {key} as base64"
            )
        );
        let place = Place::Environment(Some("SSH_KEY".to_owned()));
        let encoding = Encoding::DoubleBase64;
        let finding = Finding {
            layer: None,
            path: None,
            instruction: None,
            place,
            encoding,
            ..finding
        };
        assert_eq!(
            finding.to_string(),
            format!("environment variable SSH_KEY: private key {key} as base64 of base64")
        );
    }
}
