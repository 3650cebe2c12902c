//! Which host a key belongs to.

use keystay_proto::control::Hosts;

use super::{
    KnownHosts, ShownKey, builtin,
    check::lookup_names,
    entry::{Entry, Marker},
    shown::Voucher,
};

impl KnownHosts {
    /// A host of the grant that this key belongs to, and that it is not revoked for.
    ///
    /// For a grant of named hosts it is the first of them, as the grant writes it. For a grant of
    /// every known host it is a name under which the key is known, or that its certificate and a line
    /// about its authority share, or, where no line tells a name, the pattern of a line, or `a known
    /// host (hashed)`; then the key must not be revoked for any host.
    pub(crate) fn host_of(&self, shown: &ShownKey, granted: &Hosts) -> Option<String> {
        match granted {
            Hosts::Only(names) => names.iter().find(|name| self.belongs(shown, name)).cloned(),
            Hosts::Known => (self.named(shown))
                .or_else(|| self.described(shown))
                .or_else(|| self.certified(shown)),
        }
    }

    /// Whether an authority of `host` certified this key for it. A line about the host without its
    /// port does, as in OpenSSH.
    pub(super) fn is_vouched_for(&self, shown: &ShownKey, host: &str) -> bool {
        shown.voucher().is_some_and(|voucher| {
            voucher.names(host)
                && self
                    .lines(&voucher.authority, Marker::CertAuthority)
                    .any(|entry| lookup_names(host).any(|name| entry.names.matches(name)))
        })
    }

    /// The lines that revoke the key or its certificate's authority, for whichever host.
    pub(super) fn revoking<'a>(&'a self, shown: &'a ShownKey) -> impl Iterator<Item = &'a Entry> {
        let authority = shown.authority().into_iter();
        let keys = std::iter::once(shown.plain()).chain(authority);
        keys.flat_map(|key| self.lines(key, Marker::Revoked))
    }

    /// The lines of this key are looked for once: a build may ask for any key, and a company's file
    /// has tens of thousands of lines.
    fn named(&self, shown: &ShownKey) -> Option<String> {
        let own = self.lines(shown.plain(), Marker::Host).collect::<Vec<_>>();
        let revoked = self.revoking(shown).collect::<Vec<_>>();
        if own.is_empty() {
            return None;
        }
        let belongs = |host: &&str| {
            any_about(&own, host) && !lookup_names(host).any(|name| any_about(&revoked, name))
        };
        let mut plain = self.entries.iter().flat_map(|entry| entry.names.plain());
        plain
            .find(belongs)
            .or_else(|| builtin::hosts().find(belongs))
            .map(str::to_owned)
    }

    fn described(&self, shown: &ShownKey) -> Option<String> {
        let revoked = self.revoking(shown).next().is_some();
        let mut names = self
            .lines(shown.plain(), Marker::Host)
            .filter_map(|entry| entry.names.describe());
        names.next().filter(|_| !revoked).map(str::to_owned)
    }

    fn certified(&self, shown: &ShownKey) -> Option<String> {
        let voucher = shown.voucher()?;
        let mut lines = self.lines(&voucher.authority, Marker::CertAuthority);
        lines.find_map(|line| {
            let mut hosts = candidates(line, voucher).into_iter();
            hosts.find(|host| self.is_vouched_for(shown, host) && !self.is_revoked(shown, host))
        })
    }

    fn belongs(&self, shown: &ShownKey, host: &str) -> bool {
        let mut own = self.lines(shown.plain(), Marker::Host);
        let is_own = own.any(|entry| entry.names.matches(host));
        (is_own || self.is_vouched_for(shown, host)) && !self.is_revoked(shown, host)
    }

    fn is_revoked(&self, shown: &ShownKey, host: &str) -> bool {
        let mut lines = self.revoking(shown);
        lines.any(|entry| lookup_names(host).any(|name| entry.names.matches(name)))
    }

    fn lines<'a>(&'a self, key: &'a [u8], marker: Marker) -> impl Iterator<Item = &'a Entry> {
        self.entries
            .iter()
            .filter(move |entry| entry.marker == marker && entry.key == key)
    }
}

/// The hosts that a line about an authority and a certificate of it may both mean.
fn candidates(line: &Entry, voucher: &Voucher) -> Vec<String> {
    let named = line.names.plain().map(str::to_owned);
    let principals = || voucher.principals().map(str::to_owned);
    let ported = line.names.ports().flat_map(|port| {
        let meant = voucher.principals();
        meant.map(move |name| format!("[{name}]:{port}"))
    });
    named.chain(principals()).chain(ported).collect()
}

fn any_about(lines: &[&Entry], host: &str) -> bool {
    lines.iter().any(|entry| entry.names.matches(host))
}
