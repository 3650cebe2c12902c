//! Where a build's result goes.

use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
};

use super::{BuildArgs, Dialect};
use crate::dockerfile::fields;

/// What becomes of a build's result (`--output`, `--push`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// An image of the engine, or of whatever builds.
    Image {
        /// Whether it goes to a registry, too.
        is_pushed: bool,
    },
    /// A saved image in this file.
    Archive(PathBuf),
    /// A saved image in this folder.
    Layout(PathBuf),
    /// The files of the last stage, or what docker has a newer word for.
    Files,
    /// Standard output.
    Stdout,
    /// Nothing but the cache.
    Nothing,
}

impl BuildArgs {
    /// What becomes of the result; an image where nothing is said.
    #[must_use]
    pub fn results(&self) -> Vec<Output> {
        let is_pushed = self.push();
        let values = self.outputs().into_iter();
        let mut outputs: Vec<_> = values.map(|value| of_value(value, self.dialect)).collect();
        let mut has_image = false;
        for output in &mut outputs {
            if let Output::Image { is_pushed: own } = output {
                *own |= is_pushed;
                has_image = true;
            }
        }
        if outputs.is_empty() || (is_pushed && !has_image) || (self.load() && !has_image) {
            outputs.push(Output::Image { is_pushed });
        }
        outputs
    }

    /// Whether the cache is written to a place of its own, and with the layers of every stage
    /// (`mode=max`). An inline cache names layers of the image and holds none.
    #[must_use]
    pub fn exported_cache(&self) -> Option<CacheMode> {
        let values: Vec<OsString> = self
            .uses("cache-to")
            .filter_map(|found| found.value.clone())
            .collect();
        let modes = values.iter().filter_map(|value| {
            let options = Options::of(value);
            match (options.get("type"), options.get("mode")) {
                (Some("inline"), _) => None,
                (_, Some("max")) => Some(CacheMode::EveryStage),
                _ => Some(CacheMode::Usual),
            }
        });
        modes.max()
    }

    /// Whether there are several images, of which podman saves the one of this machine.
    #[must_use]
    pub fn saves_one_of_several(&self) -> bool {
        let platforms = self.platforms();
        let names = platforms
            .iter()
            .map(|names| names.to_string_lossy().split(',').count());
        let is_several = names.sum::<usize>() > 1 || self.uses("all-platforms").next().is_some();
        self.dialect == Dialect::Podman && is_several
    }

    /// Whether provenance is asked for that names every build argument.
    #[must_use]
    pub fn tells_arguments(&self) -> bool {
        let is_max = |value: &OsStr| Options::of(value).get("mode") == Some("max");
        let provenance = |value: &OsStr| Options::of(value).get("type") == Some("provenance");
        let last = |name| {
            self.uses(name)
                .next_back()
                .and_then(|found| found.value.as_deref())
        };
        let mut attests = self
            .uses("attest")
            .filter_map(|found| found.value.as_deref());
        let asked = last("provenance").is_some_and(is_max)
            || attests.any(|value| provenance(value) && is_max(value));
        asked && !self.build_args().is_empty()
    }
}

/// What an exported cache holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CacheMode {
    /// The layers of the image, and of earlier builds it may be.
    Usual,
    /// The layers of every stage.
    EveryStage,
}

fn of_value(value: &OsStr, dialect: Dialect) -> Output {
    let options = Options::of(value);
    let Some(kind) = options.get("type") else {
        return if value == "-" {
            Output::Stdout
        } else {
            Output::Files
        };
    };
    let place = options.get("dest").filter(|place| !place.is_empty());
    let is_folder = options.get("tar").is_some_and(|value| value == "false");
    match (kind, place) {
        ("docker", None) if dialect == Dialect::Docker => Output::Image { is_pushed: false },
        ("image", _) => Output::Image {
            is_pushed: options
                .get("push")
                .is_some_and(|value| value == "true" || value.is_empty()),
        },
        ("registry", _) => Output::Image { is_pushed: true },
        ("cacheonly", _) => Output::Nothing,
        ("oci" | "docker", Some(place)) if is_folder => Output::Layout(place.into()),
        (_, Some("-")) | ("oci", None) => Output::Stdout,
        ("oci" | "docker", Some(place)) => Output::Archive(place.into()),
        _ => Output::Files,
    }
}

/// Options as `name=value` with commas between.
struct Options(Vec<(String, String)>);

impl Options {
    fn of(value: &OsStr) -> Self {
        let fields = fields(&value.to_string_lossy()).unwrap_or_default();
        let pairs = fields.iter().map(|field| match field.split_once('=') {
            Some((name, value)) => (name.trim().to_ascii_lowercase(), value.to_owned()),
            None => (field.trim().to_ascii_lowercase(), String::new()),
        });
        Self(pairs.collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        let mut pairs = self.0.iter().rev();
        pairs
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(line: &str) -> BuildArgs {
        let words: Vec<_> = line.split_whitespace().map(OsString::from).collect();
        BuildArgs::parse(&words).unwrap()
    }

    #[test]
    fn results_are_told_apart() {
        use Output::{Archive, Files, Image, Layout, Nothing, Stdout};
        let image = |is_pushed| Image { is_pushed };
        for (line, expected) in [
            (".", vec![image(false)]),
            ("--push .", vec![image(true)]),
            ("--push --load .", vec![image(true)]),
            ("-o type=docker .", vec![image(false)]),
            ("-o type=docker,dest=a.tar .", vec![Archive("a.tar".into())]),
            ("-o type=oci,dest=a.tar .", vec![Archive("a.tar".into())]),
            ("-o type=oci,tar=false,dest=d .", vec![Layout("d".into())]),
            ("-o type=oci .", vec![Stdout]),
            ("-o type=oci,dest=- .", vec![Stdout]),
            ("-o - .", vec![Stdout]),
            ("-o out .", vec![Files]),
            ("-o type=local,dest=out .", vec![Files]),
            ("-o type=tar,dest=a.tar .", vec![Files]),
            ("-o type=tar,dest=- .", vec![Stdout]),
            ("-o type=image,name=a,push=true .", vec![image(true)]),
            ("-o type=image,name=a .", vec![image(false)]),
            ("-o type=registry .", vec![image(true)]),
            ("--push -o type=image .", vec![image(true)]),
            ("--push -o out .", vec![Files, image(true)]),
            ("-o type=cacheonly .", vec![Nothing]),
            (
                "-o type=docker -o type=oci,dest=a .",
                vec![image(false), Archive("a".into())],
            ),
            (
                "-o type=oci,\"dest=a,b.tar\" .",
                vec![Archive("a,b.tar".into())],
            ),
            ("-o type=news,dest=a .", vec![Files]),
        ] {
            assert_eq!(arguments(line).results(), expected, "{line}");
        }
    }

    #[test]
    fn caches_with_layers_are_told_from_those_without() {
        use CacheMode::{EveryStage, Usual};
        for (line, expected) in [
            (".", None),
            ("--cache-to type=inline .", None),
            ("--cache-to type=local,dest=c,mode=max .", Some(EveryStage)),
            ("--cache-to type=registry,ref=a .", Some(Usual)),
            ("--cache-to reg/app .", Some(Usual)),
            (
                "--cache-to type=inline --cache-to type=gha,mode=max .",
                Some(EveryStage),
            ),
        ] {
            assert_eq!(arguments(line).exported_cache(), expected, "{line}");
        }
    }

    #[test]
    fn provenance_that_tells_arguments_is_known() {
        for (line, expected) in [
            ("--provenance=mode=max --build-arg A=1 .", true),
            ("--attest type=provenance,mode=max --build-arg A .", true),
            ("--provenance=mode=max .", false),
            ("--provenance=mode=min --build-arg A=1 .", false),
            (
                "--provenance=mode=max --provenance=false --build-arg A=1 .",
                false,
            ),
            ("--build-arg A=1 .", false),
        ] {
            assert_eq!(arguments(line).tells_arguments(), expected, "{line}");
        }
    }
}
