//! What the arguments say.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use super::parse::{Parsed, Use};
use super::{BuildArgsError, Dialect};
use crate::dockerfile::fields;

/// The arguments behind `build`, as given, and what they say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildArgs {
    pub(super) dialect: Dialect,
    pub(super) args: Vec<OsString>,
    pub(super) parsed: Parsed,
}

/// One `--build-arg`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildArg {
    /// Which of the arguments holds its value.
    pub index: usize,
    /// `NAME=VALUE`, or `NAME` for the value in docker's environment.
    pub value: OsString,
}

impl BuildArgs {
    /// Reads the arguments that stand behind `docker build` or `docker buildx build`.
    pub fn parse(args: &[OsString]) -> Result<Self, BuildArgsError> {
        Self::parse_as(Dialect::Docker, args)
    }

    /// Reads the arguments that stand behind another program's `build`.
    pub fn parse_as(dialect: Dialect, args: &[OsString]) -> Result<Self, BuildArgsError> {
        Ok(Self {
            dialect,
            args: args.to_vec(),
            parsed: Parsed::of(dialect, args)?,
        })
    }

    /// The arguments as given.
    #[must_use]
    pub fn args(&self) -> &[OsString] {
        &self.args
    }

    /// The build context: `-`, a path or a URL. Nothing when there is none, or when it cannot be
    /// told: several arguments belong to no flag, even without those that may be values of unknown
    /// flags.
    #[must_use]
    pub fn context(&self) -> Option<&OsStr> {
        let sure: Vec<_> = self
            .parsed
            .operands
            .iter()
            .filter(|operand| !operand.doubtful)
            .collect();
        let all: Vec<_> = self.parsed.operands.iter().collect();
        if all.is_empty() && self.dialect == Dialect::Podman {
            return Some(OsStr::new("."));
        }
        let (([operand], _) | ([], [operand])) = (sure.as_slice(), all.as_slice()) else {
            return None;
        };
        self.args.get(operand.index).map(OsString::as_os_str)
    }

    /// The value of `--file`; nothing when it is absent or empty.
    #[must_use]
    pub fn file(&self) -> Option<&OsStr> {
        self.last("file").filter(|file| !file.is_empty())
    }

    /// The value of `--target`.
    #[must_use]
    pub fn target(&self) -> Option<&OsStr> {
        self.last("target")
    }

    /// The value of `--iidfile`: where the image's id is written. Docker writes none when it is empty.
    #[must_use]
    pub fn iidfile(&self) -> Option<&OsStr> {
        self.last("iidfile")
    }

    /// The value of `--metadata-file`.
    #[must_use]
    pub fn metadata_file(&self) -> Option<&OsStr> {
        self.last("metadata-file").filter(|file| !file.is_empty())
    }

    /// The value of `--builder`.
    #[must_use]
    pub fn builder(&self) -> Option<&OsStr> {
        self.last("builder")
    }

    /// The values of `--tag`.
    #[must_use]
    pub fn tags(&self) -> Vec<&OsStr> {
        self.all("tag").collect()
    }

    /// The values of `--platform`; each may be a list with commas.
    #[must_use]
    pub fn platforms(&self) -> Vec<&OsStr> {
        self.all("platform").collect()
    }

    /// The values of `--output`.
    #[must_use]
    pub fn outputs(&self) -> Vec<&OsStr> {
        self.all("output").collect()
    }

    /// The `--build-arg`s in order.
    #[must_use]
    pub fn build_args(&self) -> Vec<BuildArg> {
        let uses = self.uses("build-arg");
        uses.filter_map(|found| {
            Some(BuildArg {
                index: found.index,
                value: found.value.clone()?,
            })
        })
        .collect()
    }

    /// The names and places of `--build-context`.
    #[must_use]
    pub fn build_contexts(&self) -> Vec<(String, OsString)> {
        let values = self.all("build-context").filter_map(|value| {
            let bytes = value.as_bytes();
            let end = bytes.iter().position(|byte| *byte == b'=')?;
            let (name, place) = (bytes.get(..end)?, bytes.get(end + 1..)?);
            let name = String::from_utf8_lossy(name).into_owned();
            Some((name, OsStr::from_bytes(place).to_owned()))
        });
        values.collect()
    }

    /// How one of the arguments is called: by its flag and, where its value has a name, by that;
    /// else by its number, counted from 1.
    #[must_use]
    pub fn name_of(&self, index: usize) -> String {
        let mut uses = self.parsed.uses.iter();
        let Some(found) = uses.find(|found| found.index == index) else {
            return format!("argument {}", index + 1);
        };
        let value = found.value.as_deref().map(OsStr::to_string_lossy);
        match value.as_deref().and_then(|value| value.split_once('=')) {
            Some((name, _)) if NAMED.contains(&found.name) => format!("--{} {name}", found.name),
            _ => format!("--{}", found.name),
        }
    }

    /// The ids of `--ssh`: what stands before the first `=`.
    #[must_use]
    pub fn ssh_ids(&self) -> Vec<String> {
        let values = self.all("ssh").filter(|value| !value.is_empty());
        values
            .map(|value| before_equals(&value.to_string_lossy()))
            .collect()
    }

    /// The ids of `--secret`. Values that docker cannot read have none.
    #[must_use]
    pub fn secret_ids(&self) -> Vec<String> {
        self.all("secret")
            .filter_map(|value| secret_id(&value.to_string_lossy()))
            .collect()
    }

    /// What is asked instead of a build (`check`, `outline`, …): `--check`, or a `--call` or
    /// `--print` other than `build`.
    #[must_use]
    pub fn call(&self) -> Option<String> {
        let calls = ["call", "check", "print"];
        let last = self
            .parsed
            .uses
            .iter()
            .rev()
            .find(|found| calls.contains(&found.name))?;
        let value = last
            .value
            .as_deref()
            .map(OsStr::to_string_lossy)
            .unwrap_or_default();
        let asked = match last.name {
            "check" if is_true(&value) => "check".to_owned(),
            "check" => return None,
            _ => value.into_owned(),
        };
        let build = ["", "build"].contains(&asked.as_str());
        (!build).then_some(asked)
    }

    /// `--push`.
    #[must_use]
    pub fn push(&self) -> bool {
        self.switch("push")
    }

    /// `--load`.
    #[must_use]
    pub fn load(&self) -> bool {
        self.switch("load")
    }

    /// `--quiet`.
    #[must_use]
    pub fn quiet(&self) -> bool {
        self.switch("quiet")
    }

    /// `--debug`.
    #[must_use]
    pub fn debug(&self) -> bool {
        self.switch("debug")
    }

    /// `--help`: docker prints its help and builds nothing.
    #[must_use]
    pub fn help(&self) -> bool {
        self.switch("help")
    }

    /// Flags that docker has in no version that is known here, with their dashes. They count as
    /// switches.
    #[must_use]
    pub fn unknown(&self) -> &[String] {
        &self.parsed.unknown
    }

    pub(super) fn uses(&self, name: &str) -> impl DoubleEndedIterator<Item = &Use> {
        self.parsed
            .uses
            .iter()
            .filter(move |found| found.name == name)
    }

    fn all(&self, name: &str) -> impl DoubleEndedIterator<Item = &OsStr> {
        self.uses(name).filter_map(|found| found.value.as_deref())
    }

    fn last(&self, name: &str) -> Option<&OsStr> {
        self.all(name).next_back()
    }

    fn switch(&self, name: &str) -> bool {
        let last = self.uses(name).next_back();
        last.is_some_and(|found| {
            found
                .value
                .as_deref()
                .is_none_or(|value| is_true(&value.to_string_lossy()))
        })
    }
}

/// Flags whose values are names with values.
const NAMED: &[&str] = &["annotation", "build-arg", "build-context", "env", "label"];

fn before_equals(value: &str) -> String {
    value.split_once('=').map_or(value, |(id, _)| id).to_owned()
}

fn secret_id(value: &str) -> Option<String> {
    let fields = fields(value).ok()?;
    let options = fields
        .iter()
        .rev()
        .filter_map(|field| field.split_once('='));
    let mut ids = options.filter(|(name, _)| name.eq_ignore_ascii_case("id"));
    ids.next().map(|(_, id)| id.to_owned())
}

/// Whether docker reads the value of a switch as true; a switch without value is.
fn is_true(value: &str) -> bool {
    ["", "1", "t", "T", "true", "TRUE", "True"].contains(&value)
}
