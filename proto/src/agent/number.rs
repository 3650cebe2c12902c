//! Message numbers.

use std::fmt;

/// The number that a message begins with (RFC 9987 §6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageNumber(pub u8);

impl MessageNumber {
    /// `SSH_AGENT_FAILURE`
    pub const FAILURE: Self = Self(5);
    /// `SSH_AGENT_SUCCESS`
    pub const SUCCESS: Self = Self(6);
    /// `SSH_AGENTC_REQUEST_IDENTITIES`
    pub const REQUEST_IDENTITIES: Self = Self(11);
    /// `SSH_AGENT_IDENTITIES_ANSWER`
    pub const IDENTITIES_ANSWER: Self = Self(12);
    /// `SSH_AGENTC_SIGN_REQUEST`
    pub const SIGN_REQUEST: Self = Self(13);
    /// `SSH_AGENT_SIGN_RESPONSE`
    pub const SIGN_RESPONSE: Self = Self(14);
    /// `SSH_AGENTC_ADD_IDENTITY`
    pub const ADD_IDENTITY: Self = Self(17);
    /// `SSH_AGENTC_REMOVE_IDENTITY`
    pub const REMOVE_IDENTITY: Self = Self(18);
    /// `SSH_AGENTC_REMOVE_ALL_IDENTITIES`
    pub const REMOVE_ALL_IDENTITIES: Self = Self(19);
    /// `SSH_AGENTC_ADD_SMARTCARD_KEY`
    pub const ADD_SMARTCARD_KEY: Self = Self(20);
    /// `SSH_AGENTC_REMOVE_SMARTCARD_KEY`
    pub const REMOVE_SMARTCARD_KEY: Self = Self(21);
    /// `SSH_AGENTC_LOCK`
    pub const LOCK: Self = Self(22);
    /// `SSH_AGENTC_UNLOCK`
    pub const UNLOCK: Self = Self(23);
    /// `SSH_AGENTC_ADD_ID_CONSTRAINED`
    pub const ADD_ID_CONSTRAINED: Self = Self(25);
    /// `SSH_AGENTC_ADD_SMARTCARD_KEY_CONSTRAINED`
    pub const ADD_SMARTCARD_KEY_CONSTRAINED: Self = Self(26);
    /// `SSH_AGENTC_EXTENSION`
    pub const EXTENSION: Self = Self(27);
    /// `SSH_AGENT_EXTENSION_FAILURE`
    pub const EXTENSION_FAILURE: Self = Self(28);
    /// `SSH_AGENT_EXTENSION_RESPONSE`
    pub const EXTENSION_RESPONSE: Self = Self(29);
    /// A failure as agents of old answered it: `SSH2_AGENT_FAILURE` of OpenSSH's `authfd.h`.
    pub const OLD_FAILURE: Self = Self(30);
    /// A failure as agents of old answered it: `SSH_COM_AGENT2_FAILURE` of OpenSSH's `authfd.h`.
    pub const OLD_COMMERCIAL_FAILURE: Self = Self(102);

    /// The name that the specification gives it, if it gives one.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::FAILURE => "SSH_AGENT_FAILURE",
            Self::SUCCESS => "SSH_AGENT_SUCCESS",
            Self::REQUEST_IDENTITIES => "SSH_AGENTC_REQUEST_IDENTITIES",
            Self::IDENTITIES_ANSWER => "SSH_AGENT_IDENTITIES_ANSWER",
            Self::SIGN_REQUEST => "SSH_AGENTC_SIGN_REQUEST",
            Self::SIGN_RESPONSE => "SSH_AGENT_SIGN_RESPONSE",
            Self::ADD_IDENTITY => "SSH_AGENTC_ADD_IDENTITY",
            Self::REMOVE_IDENTITY => "SSH_AGENTC_REMOVE_IDENTITY",
            Self::REMOVE_ALL_IDENTITIES => "SSH_AGENTC_REMOVE_ALL_IDENTITIES",
            Self::ADD_SMARTCARD_KEY => "SSH_AGENTC_ADD_SMARTCARD_KEY",
            Self::REMOVE_SMARTCARD_KEY => "SSH_AGENTC_REMOVE_SMARTCARD_KEY",
            Self::LOCK => "SSH_AGENTC_LOCK",
            Self::UNLOCK => "SSH_AGENTC_UNLOCK",
            Self::ADD_ID_CONSTRAINED => "SSH_AGENTC_ADD_ID_CONSTRAINED",
            Self::ADD_SMARTCARD_KEY_CONSTRAINED => "SSH_AGENTC_ADD_SMARTCARD_KEY_CONSTRAINED",
            Self::EXTENSION => "SSH_AGENTC_EXTENSION",
            Self::EXTENSION_FAILURE => "SSH_AGENT_EXTENSION_FAILURE",
            Self::EXTENSION_RESPONSE => "SSH_AGENT_EXTENSION_RESPONSE",
            Self::OLD_FAILURE => "SSH2_AGENT_FAILURE",
            Self::OLD_COMMERCIAL_FAILURE => "SSH_COM_AGENT2_FAILURE",
            _ => return None,
        })
    }
}

impl fmt::Display for MessageNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "message {}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_shows_its_name_and_an_unknown_one_itself() {
        assert_eq!(MessageNumber(13).to_string(), "SSH_AGENTC_SIGN_REQUEST");
        assert_eq!(MessageNumber(99).to_string(), "message 99");
    }
}
