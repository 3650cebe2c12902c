//! One line.

use std::{fmt, path::Path, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use keystay_proto::{algorithm, limits::MAX_KEY_BLOB};

use super::names::Names;

/// A line that names a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) marker: Marker,
    pub(super) names: Names,
    /// The public key blob.
    pub(super) key: Vec<u8>,
    /// Where the line stands.
    pub(super) place: Option<Place>,
}

/// Where a line stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) origin: Arc<Path>,
    /// Counted from 1.
    pub(super) line: usize,
}

/// What the key of a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    /// The hosts' own key.
    Host,
    /// The key of an authority that certifies the hosts' keys.
    CertAuthority,
    /// A key that the hosts must not be accepted with.
    Revoked,
}

/// Why a line is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LineFault {
    /// It begins with an `@` and no marker that is known.
    #[error("unknown marker")]
    Marker,
    /// Its names begin with a `|` and are no hash of a name.
    #[error("not a hashed name")]
    HashedName,
    /// It ends before the key does.
    #[error("no key")]
    NoKey,
    /// Its key is not base64.
    #[error("the key is not base64")]
    NotBase64,
    /// Its key is longer than any key is.
    #[error("the key is longer than {MAX_KEY_BLOB} bytes")]
    TooLong,
    /// Its key is of another type than the line says.
    #[error("the key is of another type than the line says")]
    OtherType,
}

impl Entry {
    /// Reads a line; a blank one and a comment are nothing.
    pub(super) fn parse(line: &str) -> Result<Option<Self>, LineFault> {
        let mut fields = line
            .split([' ', '\t', '\r'])
            .filter(|field| !field.is_empty());
        let Some(first) = fields.next().filter(|field| !field.starts_with('#')) else {
            return Ok(None);
        };
        let marker = Marker::parse(first)?;
        let names = if marker == Marker::Host {
            Some(first)
        } else {
            fields.next()
        };
        let names = Names::parse(names.ok_or(LineFault::NoKey)?)?;
        let (kind, key) = fields.next().zip(fields.next()).ok_or(LineFault::NoKey)?;
        Ok(Some(Self {
            marker,
            names,
            key: decode_key(kind, key)?,
            place: None,
        }))
    }

    /// The line, with where it stands.
    pub(super) fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// Where the line stands, for a person.
    pub(super) fn told_place(&self) -> String {
        self.place
            .as_ref()
            .map_or_else(|| BUILTIN.to_owned(), Place::to_string)
    }

    /// The line, naming its hosts as `names` does.
    pub(super) fn line(&self, names: &Names) -> String {
        let kind = algorithm(&self.key).unwrap_or_default();
        let key = STANDARD.encode(&self.key);
        format!("{}{names} {kind} {key}\n", self.marker.prefix())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.origin.display(), self.line)
    }
}

impl Marker {
    fn parse(field: &str) -> Result<Self, LineFault> {
        match field {
            "@cert-authority" => Ok(Self::CertAuthority),
            "@revoked" => Ok(Self::Revoked),
            _ if field.starts_with('@') => Err(LineFault::Marker),
            _ => Ok(Self::Host),
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Host => "",
            Self::CertAuthority => "@cert-authority ",
            Self::Revoked => "@revoked ",
        }
    }
}

fn decode_key(kind: &str, text: &str) -> Result<Vec<u8>, LineFault> {
    let key = STANDARD.decode(text).map_err(|_| LineFault::NotBase64)?;
    if key.len() > MAX_KEY_BLOB {
        return Err(LineFault::TooLong);
    }
    if algorithm(&key) != Some(kind) {
        return Err(LineFault::OtherType);
    }
    Ok(key)
}

/// What a line of no file is called.
const BUILTIN: &str = "the built-in list";
