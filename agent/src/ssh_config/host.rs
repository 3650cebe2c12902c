//! What all files together say about one host.

use super::{
    directive::{Criterion, Directive, Jump, Pattern, Setting},
    expand::{Tokens, expand},
};
use crate::known_hosts::is_match;

/// What is said about a host; of every value but the identity files, the first one found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HostConfig {
    original: String,
    host_name: Option<String>,
    /// The port.
    pub(crate) port: Option<u16>,
    /// The login name.
    pub(crate) user: Option<String>,
    /// The key files, as they are written.
    pub(crate) identity_files: Vec<String>,
    identities_only: Option<bool>,
    jumps: Option<Vec<Jump>>,
    command: Option<bool>,
    /// The name to look the host's key up by.
    pub(crate) host_key_alias: Option<String>,
}

impl HostConfig {
    /// Nothing is said about a host yet.
    pub(super) fn new(original: &str) -> Self {
        let original = original.to_owned();
        Self {
            original,
            ..Self::default()
        }
    }

    /// The name or address to connect to, in lower case.
    pub(crate) fn host_name(&self) -> String {
        let written = self.host_name.as_deref().unwrap_or("%h");
        let tokens = Tokens {
            host: &self.original,
            ..Tokens::default()
        };
        let name = expand(written, &tokens);
        name.as_deref()
            .unwrap_or(&self.original)
            .to_ascii_lowercase()
    }

    /// Whether only the identity files are meant for the host.
    pub(crate) fn identities_only(&self) -> bool {
        self.identities_only.unwrap_or(false)
    }

    /// The hosts on the way, nearest first.
    pub(crate) fn jumps(&self) -> &[Jump] {
        self.jumps.as_deref().unwrap_or_default()
    }

    /// Whether a program is to connect.
    pub(crate) fn has_proxy_command(&self) -> bool {
        self.command.unwrap_or(false)
    }

    /// Takes what a file says.
    pub(super) fn apply(&mut self, file: &[Directive]) {
        self.apply_if(file, true);
    }

    /// Takes what a file says. An included file whose place is not about this host says nothing,
    /// whichever hosts it names.
    fn apply_if(&mut self, directives: &[Directive], reached: bool) {
        let mut active = reached;
        for directive in directives {
            match directive {
                Directive::Host(patterns) => active = reached && any(patterns, &self.original),
                Directive::Match(criteria) => {
                    active = reached && criteria.iter().all(|criterion| self.holds(criterion));
                }
                Directive::Unread => active = false,
                Directive::Included(file) => self.apply_if(file, active),
                Directive::Set(setting) if active => self.set(setting),
                Directive::Set(_) | Directive::Include(_) => {}
            }
        }
    }

    fn holds(&self, criterion: &Criterion) -> bool {
        let host = match (criterion.original, &self.host_name) {
            (false, Some(_)) => self.host_name(),
            _ => self.original.clone(),
        };
        any(&criterion.patterns, &host) != criterion.negated
    }

    fn set(&mut self, setting: &Setting) {
        match setting {
            Setting::HostName(name) => first(&mut self.host_name, name),
            Setting::Port(port) => first(&mut self.port, port),
            Setting::User(user) => first(&mut self.user, user),
            Setting::IdentitiesOnly(only) => first(&mut self.identities_only, only),
            Setting::HostKeyAlias(alias) => first(&mut self.host_key_alias, alias),
            Setting::IdentityFile(file) => {
                if self.identity_files.len() < MAX_IDENTITY_FILES
                    && !self.identity_files.contains(file)
                {
                    self.identity_files.push(file.clone());
                }
            }
            // The first of the two decides how the host is reached.
            Setting::ProxyJump(jumps) if self.command.is_none() => first(&mut self.jumps, jumps),
            Setting::ProxyCommand(set) if self.jumps.is_none() => first(&mut self.command, set),
            Setting::ProxyJump(_) | Setting::ProxyCommand(_) => {}
        }
    }
}

fn first<T: Clone>(value: &mut Option<T>, found: &T) {
    value.get_or_insert_with(|| found.clone());
}

/// Whether one of the patterns matches and none of the negated ones.
fn any(patterns: &[Pattern], host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let mut matching = patterns
        .iter()
        .filter(|pattern| is_match(pattern.text.as_bytes(), host.as_bytes()));
    let negated = matching.clone().any(|pattern| pattern.negated);
    !negated && matching.next().is_some()
}

/// `SSH_MAX_IDENTITY_FILES` of OpenSSH's `readconf.h`.
const MAX_IDENTITY_FILES: usize = 100;
