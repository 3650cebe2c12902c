//! The keys of the agent's own socket, a complete ssh-agent's: added, limited, locked, removed.

mod added;
mod answer;
mod binds;
mod defaults;
mod destination;
mod lock;
mod records;
mod serve;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use keystay_proto::agent::{AddIdentity, Constraint};
use tokio::sync::Semaphore;

use self::{binds::Binds, destination::Destination, lock::Lock, records::Refusals};
pub(crate) use self::{
    defaults::{Defaults, FingerprintHash},
    serve::serve,
};
use crate::{
    asker::Asker,
    audit::{Audit, Written},
    clock::Moment,
    key::Key,
};

/// What the agent's own socket serves, shared by its connections.
#[derive(Debug)]
pub(crate) struct Keyring {
    state: Mutex<State>,
    refusals: Mutex<Refusals>,
    /// Passphrases are tried one at a time.
    guesses: Semaphore,
    audit: Arc<Audit>,
    asker: Asker,
    defaults: Defaults,
}

#[derive(Debug, Default)]
struct State {
    entries: Vec<Entry>,
    lock: Option<Arc<Lock>>,
    /// Wrong passphrases since the last right one.
    failures: u32,
}

/// A key with what limits its use.
#[derive(Clone, Debug)]
struct Entry {
    key: Arc<Key>,
    /// Text of the outside, as it came.
    comment: Vec<u8>,
    expires: Option<Moment>,
    confirm: bool,
    /// Nothing means everywhere.
    destinations: Arc<[Destination]>,
}

impl Keyring {
    /// A keyring that holds these keys without limits.
    pub(crate) fn new(keys: &[Arc<Key>], audit: Arc<Audit>, asker: Asker) -> Self {
        let entries = keys.iter().cloned().map(Entry::unlimited).collect();
        Self {
            state: Mutex::new(State {
                entries,
                ..State::default()
            }),
            refusals: Mutex::default(),
            guesses: Semaphore::new(1),
            audit,
            asker,
            defaults: Defaults::default(),
        }
    }

    /// The same with what added keys have that do not say it.
    pub(crate) fn with(self, defaults: Defaults) -> Self {
        Self { defaults, ..self }
    }

    /// Every key that it holds; none while it is locked.
    pub(crate) fn shown(&self) -> Vec<Arc<Key>> {
        self.keys(|_| true)
    }

    /// The keys that grants may use: a grant cannot keep to a key's limits, so those without any.
    pub(crate) fn grantable(&self) -> Vec<Arc<Key>> {
        self.keys(Entry::is_unlimited)
    }

    fn keys(&self, chosen: impl Fn(&Entry) -> bool) -> Vec<Arc<Key>> {
        let state = self.state();
        (state.entries.iter())
            .filter(|entry| state.lock.is_none() && chosen(entry))
            .map(|entry| Arc::clone(&entry.key))
            .collect()
    }

    /// Drops every key, whatever limits it and whether locked or not.
    pub(crate) fn remove_all(&self) {
        self.state().remove(|_| true);
    }

    /// Drops the keys whose time is over.
    fn expire(&self) {
        drop(self.state());
    }

    /// Records how many more requests were refused than were recorded.
    fn tell_refused(&self) -> Option<Written> {
        let record = self.refusals().take_others()?;
        Some(self.audit.submit(&record))
    }

    fn refusals(&self) -> MutexGuard<'_, Refusals> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The keyring as it is now, without what has expired.
    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Moment::now();
        (state.entries).retain(|entry| entry.expires.is_none_or(|expires| now < expires));
        state
    }
}

impl State {
    /// The entry of this key, if the connection may see it.
    fn find(&self, blob: &[u8], binds: &Binds) -> Option<&Entry> {
        (self.entries.iter())
            .find(|entry| entry.key.blob == blob && binds.permit_sight(&entry.destinations))
    }

    /// Locks or unlocks the keys, in open grants too.
    fn set_lock(&mut self, lock: Option<Arc<Lock>>) {
        for entry in &self.entries {
            entry.key.kept.lock(lock.is_some());
        }
        self.lock = lock;
    }

    /// Removes keys, from open grants too.
    fn remove(&mut self, chosen: impl Fn(&Entry) -> bool) {
        for entry in self.entries.extract_if(.., |entry| chosen(entry)) {
            entry.key.kept.remove();
        }
    }

    /// Puts a key in the place of its like, limits included, or behind all others. Nothing is done
    /// where the connection may not see the one that is held, or where one list could not hold all.
    fn put(&mut self, mut entry: Entry, binds: &Binds) -> bool {
        let is_same = |held: &Entry| held.key.blob == entry.key.blob;
        let others = self.entries.iter().filter(|held| !is_same(held));
        let listed = entry.listed() + others.map(Entry::listed).sum::<usize>();
        let place = self.entries.iter().position(is_same);
        if listed > LONGEST_LIST || (place.is_none() && self.entries.len() >= MAX_KEYS) {
            return false;
        }
        match place.and_then(|place| self.entries.get_mut(place)) {
            Some(held) if !binds.permit_sight(&held.destinations) => return false,
            Some(held) => {
                held.give_way(&mut entry);
                *held = entry;
            }
            None => self.entries.push(entry),
        }
        true
    }
}

impl Entry {
    fn unlimited(key: Arc<Key>) -> Self {
        Self {
            comment: key.info.comment.clone().into_bytes(),
            key,
            expires: None,
            confirm: false,
            destinations: Arc::default(),
        }
    }

    /// Leaves the place to its like. Grants cannot keep to limits, so new ones take the key from them.
    fn give_way(&self, other: &mut Self) {
        let is_like = other.is_unlimited();
        match Arc::get_mut(&mut other.key) {
            Some(key) if is_like => key.kept = Arc::clone(&self.key.kept),
            _ => self.key.kept.remove(),
        }
    }

    /// How long it is in a list, in bytes.
    fn listed(&self) -> usize {
        4 + self.key.blob.len() + 4 + self.comment.len()
    }

    fn is_unlimited(&self) -> bool {
        self.expires.is_none() && !self.confirm && self.destinations.is_empty()
    }

    fn limited(key: Key, identity: &AddIdentity<'_>, lifetime: Option<Duration>) -> Self {
        let until = |lifetime| Moment::now().checked_add(lifetime);
        let mut entry = Self {
            comment: identity.comment.to_vec(),
            expires: lifetime.and_then(until),
            ..Self::unlimited(Arc::new(key))
        };
        for constraint in &identity.constraints {
            match constraint {
                Constraint::Lifetime(seconds) => {
                    entry.expires = until(Duration::from_secs((*seconds).into()));
                }
                Constraint::Confirm => entry.confirm = true,
                Constraint::RestrictDestination(destinations) => {
                    entry.destinations = destinations.iter().map(Destination::from).collect();
                }
            }
        }
        entry
    }
}

/// What clients accept in one list: `MAX_AGENT_IDENTITIES` of OpenSSH's `authfd.c`.
const MAX_KEYS: usize = keystay_proto::limits::MAX_IDENTITIES;
/// What of one reply is left behind its number and its count.
const LONGEST_LIST: usize = keystay_proto::limits::MAX_MESSAGE - 5;

#[cfg(test)]
mod tests;
