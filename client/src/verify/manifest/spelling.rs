//! Whether all readers of JSON take the same of a document.
//!
//! Those of Docker and containerd are of Go's `encoding/json`: a member of an object is taken in any
//! case of its name, and the last one wins. Only members that are read here count; names of labels
//! and annotations are free.

use std::{cell::Cell, fmt};

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::{Config, OciDocument, SavedImage};

/// A document of a saved image.
pub(in crate::verify) trait Document: DeserializeOwned {
    /// What is read of it.
    const SHAPE: Shape;

    /// A member that the text has more than once, or that is spelled in another way.
    fn doubtful(text: &[u8]) -> Option<&'static str> {
        let found = Cell::new(None);
        let look = Look {
            shape: &Self::SHAPE,
            found: &found,
        };
        // What is no JSON is told by who reads it.
        drop(look.deserialize(&mut serde_json::Deserializer::from_slice(text)));
        found.get()
    }
}

impl Document for Vec<SavedImage> {
    const SHAPE: Shape = Shape::List(&SAVED_IMAGE);
}

impl Document for OciDocument {
    const SHAPE: Shape = OCI_DOCUMENT;
}

impl Document for Config {
    const SHAPE: Shape = CONFIG;
}

/// What is read of a value.
pub(in crate::verify) enum Shape {
    /// The value alone, whatever is in it.
    Value,
    /// These members of an object.
    Object(&'static [(&'static str, Self)]),
    /// This of each element of an array.
    List(&'static Self),
}

const SAVED_IMAGE: Shape = Shape::Object(&[("Config", Shape::Value), ("Layers", Shape::Value)]);
const OCI_DOCUMENT: Shape = Shape::Object(&[
    ("manifests", Shape::List(&DESCRIPTOR)),
    ("config", DESCRIPTOR),
    ("layers", Shape::List(&DESCRIPTOR)),
    ("subject", DESCRIPTOR),
]);
const DESCRIPTOR: Shape = Shape::Object(&[
    ("mediaType", Shape::Value),
    ("digest", Shape::Value),
    ("size", Shape::Value),
    ("urls", Shape::Value),
    ("data", Shape::Value),
    ("platform", PLATFORM),
]);
const PLATFORM: Shape = Shape::Object(&[("os", Shape::Value), ("architecture", Shape::Value)]);
const CONFIG: Shape = Shape::Object(&[("rootfs", ROOT_FS), ("history", Shape::List(&HISTORY))]);
const ROOT_FS: Shape = Shape::Object(&[("diff_ids", Shape::Value)]);
const HISTORY: Shape =
    Shape::Object(&[("created_by", Shape::Value), ("empty_layer", Shape::Value)]);

/// Whether Go takes one name for the other: simple case folding (Unicode, `CaseFolding.txt`), of which
/// two letters beside ASCII's own lead to one of ASCII.
fn is_alike(found: &str, name: &str) -> bool {
    let folded = found.chars().map(|letter| match letter {
        'ſ' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    });
    folded.eq(name.chars().map(|letter| letter.to_ascii_lowercase()))
}

/// A look at a value, and what was found.
#[derive(Clone, Copy)]
struct Look<'f> {
    shape: &'static Shape,
    found: &'f Cell<Option<&'static str>>,
}

impl<'de> DeserializeSeed<'de> for Look<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        match self.shape {
            Shape::Value => from.deserialize_ignored_any(IgnoredAny).map(drop),
            Shape::Object(_) | Shape::List(_) => from.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Look<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Shape::Object(read) = self.shape else {
            return IgnoredAny.visit_map(members).map(drop);
        };
        let mut seen = Vec::new();
        while let Some(name) = members.next_key::<String>()? {
            let Some((known, shape)) = read.iter().find(|(known, _)| is_alike(&name, known)) else {
                members.next_value::<IgnoredAny>()?;
                continue;
            };
            if name != *known || seen.contains(known) {
                self.found.set(Some(known));
            } else {
                seen.push(known);
            }
            members.next_value_seed(Look { shape, ..self })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let Shape::List(shape) = self.shape else {
            return IgnoredAny.visit_seq(elements).map(drop);
        };
        while elements
            .next_element_seed(Look { shape, ..self })?
            .is_some()
        {}
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde::{
        de::{Error as _, value},
        forward_to_deserialize_any,
    };

    use super::*;
    use crate::verify::manifest::{Descriptor, History, Platform, RootFs};

    #[test]
    fn a_member_that_is_there_twice_or_in_another_spelling_is_told() {
        for (text, expected) in [
            (r#"{"config": {}, "layers": [], "layers": []}"#, "layers"),
            (r#"{"layers": [], "Layers": []}"#, "layers"),
            (r#"{"LAYERS": []}"#, "layers"),
            (r#"{"Layer\u017f": []}"#, "layers"),
            (r#"{"manife\u017fts": []}"#, "manifests"),
            (r#"{"config": {"digest": "a", "diGest": "b"}}"#, "digest"),
            (r#"{"manifests": [{}, {"mediatype": "x"}]}"#, "mediaType"),
            (r#"{"subject": {"platform": {"OS": "x"}}}"#, "os"),
            (r#"{"Config": {}} and what no reader comes to"#, "config"),
        ] {
            assert_eq!(
                OciDocument::doubtful(text.as_bytes()),
                Some(expected),
                "{text}"
            );
        }
        let saved = br#"[{"Config": "a", "Layers": []}, {"Config": "b", "layers": []}]"#;
        assert_eq!(<Vec<SavedImage>>::doubtful(saved), Some("Layers"));
        for (text, expected) in [
            (r#"{"rootfs": {}, "ROOTFS": {}}"#, "rootfs"),
            (r#"{"rootf\u017f": {}}"#, "rootfs"),
            (r#"{"rootfs": {"Diff_IDs": []}}"#, "diff_ids"),
            (r#"{"history": [{"Empty_layer": true}]}"#, "empty_layer"),
        ] {
            assert_eq!(Config::doubtful(text.as_bytes()), Some(expected), "{text}");
        }
    }

    #[test]
    fn free_names_and_values_of_any_kind_are_none() {
        for text in [
            r#"{"annotations": {"Layers": "1", "layers": "2"}, "layers": null, "schemaVersion": 2}"#,
            r#"{"config": {"annotations": {"Digest": ""}}, "Layers ": 1, "lay\u00e9rs": 1}"#,
            r#"{"layers": {"Digest": 1, "digest": 2}, "config": [{"Size": 1}], "manifests": 1.5}"#,
            r#"["Layers"]"#,
            "-1",
            "true",
            "",
            "{",
        ] {
            assert_eq!(OciDocument::doubtful(text.as_bytes()), None, "{text}");
        }
        let config = br#"{"config": {"Labels": {"rootfs": "", "RootFS": ""}}, "Size": 1}"#;
        assert_eq!(Config::doubtful(config), None);
    }

    #[test]
    fn both_letters_that_fold_to_ascii_are_folded() {
        assert!(is_alike("ta\u{17f}\u{212a}", "Task"));
        assert!(!is_alike("tas", "task"));
        assert!(!is_alike("ta\u{df}k", "task"));
    }

    #[test]
    fn what_is_read_of_a_document_is_what_is_looked_at() {
        for (shape, read) in [
            (&SAVED_IMAGE, members::<SavedImage>()),
            (&OCI_DOCUMENT, members::<OciDocument>()),
            (&DESCRIPTOR, members::<Descriptor>()),
            (&PLATFORM, members::<Platform>()),
            (&CONFIG, members::<Config>()),
            (&ROOT_FS, members::<RootFs>()),
            (&HISTORY, members::<History>()),
        ] {
            let Shape::Object(looked_at) = shape else {
                panic!("no object");
            };
            let looked_at: Vec<_> = looked_at.iter().map(|(name, _)| *name).collect();
            assert_eq!(looked_at.join(" "), read);
        }
    }

    /// The names of the members that a type is read from.
    fn members<T: DeserializeOwned>() -> String {
        T::deserialize(Members).err().unwrap().to_string()
    }

    struct Members;

    impl<'de> Deserializer<'de> for Members {
        type Error = value::Error;

        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
            Err(Self::Error::custom("no object"))
        }

        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            members: &'static [&'static str],
            _: V,
        ) -> Result<V::Value, Self::Error> {
            Err(Self::Error::custom(members.join(" ")))
        }

        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
            unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
        }
    }
}
