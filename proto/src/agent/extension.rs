//! Extensions, kept as data.

use std::fmt;

use crate::{
    DecodeError,
    wire::{Reader, Redacted, put_string},
};

/// The contents of `SSH_AGENTC_EXTENSION` and `SSH_AGENT_EXTENSION_RESPONSE` (RFC 9987 §3.8):
/// a name, then whatever the extension defines.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Extension<'a> {
    /// The extension's name, such as `session-bind@openssh.com`; text of the outside.
    pub name: &'a [u8],
    /// Everything after the name.
    pub body: &'a [u8],
}

impl<'a> Extension<'a> {
    pub(super) fn decode(mut reader: Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Self {
            name: reader.string()?,
            body: reader.rest(),
        })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        put_string(out, self.name);
        out.extend_from_slice(self.body);
    }
}

impl fmt::Debug for Extension<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Extension")
            .field("name", &self.name.escape_ascii().to_string())
            .field("body", &Redacted(self.body.len()))
            .finish()
    }
}
