//! Taking arguments apart.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use super::Dialect;
use super::flags::Known;

/// Why arguments cannot be read. Docker refuses them too.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildArgsError {
    /// The last argument is a flag that needs a value.
    #[error("flag needs an argument: {flag}")]
    MissingValue {
        /// The flag with its dashes.
        flag: String,
    },
}

/// One use of a flag that docker knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) name: &'static str,
    /// Its value; nothing for a switch without one.
    pub(super) value: Option<OsString>,
    /// The argument that holds the value, or else the flag.
    pub(super) index: usize,
    /// The byte of that argument where the value begins.
    pub(super) offset: usize,
}

/// An argument that belongs to no flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Operand {
    pub(super) index: usize,
    /// Whether it follows an unknown flag, whose value it may be.
    pub(super) doubtful: bool,
}

/// What arguments consist of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Parsed {
    pub(super) uses: Vec<Use>,
    pub(super) operands: Vec<Operand>,
    pub(super) unknown: Vec<String>,
    dialect: Dialect,
}

impl Parsed {
    pub(super) fn of(dialect: Dialect, args: &[OsString]) -> Result<Self, BuildArgsError> {
        let mut parsed = Self {
            dialect,
            ..Self::default()
        };
        let mut args = Args { args, next: 0 };
        let mut doubtful = false;
        while let Some((index, arg)) = args.take() {
            let unknown = parsed.unknown.len();
            let bytes = arg.as_bytes();
            if bytes == b"--" {
                while let Some((index, _)) = args.take() {
                    parsed.operands.push(Operand {
                        index,
                        doubtful: false,
                    });
                }
            } else if let Some(body) = bytes.strip_prefix(b"--") {
                parsed.long(body, index, &mut args)?;
            } else if let Some(letters @ [_, ..]) = bytes.strip_prefix(b"-") {
                parsed.letters(letters, index, &mut args)?;
            } else {
                parsed.operands.push(Operand { index, doubtful });
            }
            doubtful = parsed.unknown.len() > unknown && !bytes.contains(&b'=');
        }
        Ok(parsed)
    }

    fn long(
        &mut self,
        body: &[u8],
        index: usize,
        args: &mut Args<'_>,
    ) -> Result<(), BuildArgsError> {
        let equals = body.iter().position(|byte| *byte == b'=');
        let (name, value) = body.split_at(equals.unwrap_or(body.len()));
        let name = String::from_utf8_lossy(name);
        let Some(flag) = self.dialect.long(&name) else {
            self.unknown.push(format!("--{name}"));
            return Ok(());
        };
        let value = value.split_first().map(|(_, value)| value);
        self.used(
            flag,
            value,
            (index, 2 + name.len() + 1),
            format!("--{name}"),
            args,
        )
    }

    /// A word of letters: each is a switch, up to the first that takes the rest as its value.
    fn letters(
        &mut self,
        letters: &[u8],
        index: usize,
        args: &mut Args<'_>,
    ) -> Result<(), BuildArgsError> {
        for (at, letter) in letters.iter().copied().enumerate() {
            let written = format!("-{}", char::from(letter).escape_default());
            let Some(flag) = self.dialect.short(char::from(letter)) else {
                self.unknown.push(written);
                return Ok(());
            };
            let rest = letters.get(at + 1..).unwrap_or_default();
            let equals = rest.strip_prefix(b"=").filter(|value| !value.is_empty());
            if equals.is_none() && !flag.takes_value {
                self.uses.push(Use {
                    name: flag.name,
                    value: None,
                    index,
                    offset: 0,
                });
                continue;
            }
            let value = equals.or(Some(rest)).filter(|value| !value.is_empty());
            let offset = 1 + at + 1 + usize::from(equals.is_some());
            return self.used(flag, value, (index, offset), written, args);
        }
        Ok(())
    }

    fn used(
        &mut self,
        flag: Known,
        value: Option<&[u8]>,
        (index, offset): (usize, usize),
        written: String,
        args: &mut Args<'_>,
    ) -> Result<(), BuildArgsError> {
        let name = flag.name;
        let found = match value {
            Some(value) => Use {
                name,
                value: Some(owned(value)),
                index,
                offset,
            },
            None if !flag.takes_value => Use {
                name,
                value: None,
                index,
                offset: 0,
            },
            None => {
                let (index, next) = args
                    .take()
                    .ok_or(BuildArgsError::MissingValue { flag: written })?;
                Use {
                    name,
                    value: Some(next.to_owned()),
                    index,
                    offset: 0,
                }
            }
        };
        self.uses.push(found);
        Ok(())
    }
}

/// The arguments that are still to be read.
struct Args<'a> {
    args: &'a [OsString],
    next: usize,
}

impl<'a> Args<'a> {
    fn take(&mut self) -> Option<(usize, &'a OsStr)> {
        let index = self.next;
        let arg = self.args.get(index)?;
        self.next += 1;
        Some((index, arg))
    }
}

fn owned(bytes: &[u8]) -> OsString {
    OsStr::from_bytes(bytes).to_owned()
}
