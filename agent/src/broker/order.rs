//! Which keys are tried for a repository, and in which order.

use std::{fs, path::Path, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use keystay_proto::{
    control::Route,
    git::{RepoPattern, Repository},
    limits::MAX_KEY_BLOB,
};

use super::Target;
use crate::key::Key;

/// The places of the keys to try: those whose route covers the repository, the longest pattern
/// first; those that `ssh_config` names for the host; then those that no route names. A key whose
/// routes do not cover the repository is not among them.
pub(super) fn for_repository(
    keys: &[Arc<Key>],
    routes: &[Route],
    repository: &Repository,
    target: &Target,
) -> Vec<usize> {
    let mut covered = Vec::new();
    let mut free = Vec::new();
    for (place, key) in keys.iter().enumerate() {
        match meant(key, routes, repository) {
            Meant::Any => free.push(place),
            Meant::This(weight) => covered.push((weight, place)),
            Meant::Others => {}
        }
    }
    covered.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    let covered = covered.into_iter().map(|(_, place)| place);
    covered.chain(for_host(keys, &free, target)).collect()
}

/// The places of the keys to try for a host on the way: those that `ssh_config` names for it first,
/// those that a route names last.
pub(super) fn for_hop(keys: &[Arc<Key>], routes: &[Route], hop: &Target) -> Vec<usize> {
    let has_route = |place: &usize| {
        let key = keys.get(*place);
        key.is_some_and(|key| routes.iter().any(|route| is_for(route, key)))
    };
    let (bound, free): (Vec<_>, Vec<_>) = (0..keys.len()).partition(has_route);
    let mut order = for_host(keys, &[free, bound].concat(), hop);
    order.truncate(MAX_HOP_KEYS);
    order
}

/// These keys, the ones that `ssh_config` names for the host first, or alone if it says so.
fn for_host(keys: &[Arc<Key>], places: &[usize], target: &Target) -> Vec<usize> {
    let mut named = Vec::new();
    for file in &target.identities {
        let public = public_blob(file);
        let is_named = |place: &&usize| {
            let key = keys.get(**place);
            key.is_some_and(|key| is_of(key, file) || public.as_deref() == Some(&key.blob))
        };
        named.extend(places.iter().filter(is_named).copied());
    }
    let others = places
        .iter()
        .filter(|_| named.is_empty() || !target.identities_only);
    let mut order: Vec<usize> = Vec::new();
    for place in named.iter().chain(others) {
        if !order.contains(place) {
            order.push(*place);
        }
    }
    order
}

/// What a key is meant for, as to one repository.
enum Meant {
    /// It has no routes.
    Any,
    /// One of its routes covers the repository, with a pattern of this weight.
    This(usize),
    /// None of its routes does.
    Others,
}

fn meant(key: &Key, routes: &[Route], repository: &Repository) -> Meant {
    let mut own = routes.iter().filter(|route| is_for(route, key)).peekable();
    if own.peek().is_none() {
        return Meant::Any;
    }
    let patterns = own.flat_map(|route| &route.repos);
    let covering = patterns.filter(|pattern| pattern.matches(repository));
    covering
        .map(RepoPattern::weight)
        .max()
        .map_or(Meant::Others, Meant::This)
}

/// Whether a route is about a key; another agent's may be named by its fingerprint alone.
fn is_for(route: &Route, key: &Key) -> bool {
    let named = || format!("agent:{}", key.info.fingerprint);
    route.source == key.info.source || (key.info.source == "agent" && route.source == named())
}

fn is_of(key: &Key, file: &Path) -> bool {
    let path = key.info.source.strip_prefix("file:");
    path.is_some_and(|path| Path::new(path) == file)
}

/// The key blob of a public key file, or of the one beside a private key file.
fn public_blob(file: &Path) -> Option<Vec<u8>> {
    let mut beside = file.as_os_str().to_owned();
    if file.extension().is_none_or(|extension| extension != "pub") {
        beside.push(".pub");
    }
    let path = Path::new(&beside);
    let is_short =
        fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() <= MAX_PUBLIC_FILE);
    let text = is_short.then(|| fs::read_to_string(path).ok()).flatten()?;
    let blob = STANDARD
        .decode(text.split_ascii_whitespace().nth(1)?)
        .ok()?;
    (blob.len() <= MAX_KEY_BLOB).then_some(blob)
}

const MAX_PUBLIC_FILE: u64 = 64 * 1024;
/// One less than what OpenSSH's sshd takes on one connection (`MaxAuthTries`).
const MAX_HOP_KEYS: usize = 5;
