//! The flags that docker knows: `docker build` of 20.10, with and without `BuildKit`, and
//! `docker buildx build` from 0.4 to 0.36, hidden and experimental ones included.

/// Flags that take no value, or one behind `=` only.
const SWITCHES: &[&str] = &[
    "check",
    "compress",
    "debug",
    "detach",
    "disable-content-trust",
    "force-rm",
    "help",
    "load",
    "no-cache",
    "pull",
    "push",
    "quiet",
    "rm",
    "squash",
    "stream",
];

/// Flags that take a value, behind `=` or as the next argument.
const OPTIONS: &[&str] = &[
    "add-host",
    "allow",
    "annotation",
    "attest",
    "build-arg",
    "build-context",
    "builder",
    "cache-from",
    "cache-to",
    "call",
    "cgroup-parent",
    "cpu-period",
    "cpu-quota",
    "cpu-shares",
    "cpuset-cpus",
    "cpuset-mems",
    "file",
    "iidfile",
    "invoke",
    "isolation",
    "label",
    "memory",
    "memory-swap",
    "metadata-file",
    "network",
    "no-cache-filter",
    "output",
    "platform",
    "policy",
    "print",
    "progress",
    "provenance",
    "resource",
    "root",
    "sbom",
    "secret",
    "security-opt",
    "server-config",
    "shm-size",
    "ssh",
    "tag",
    "target",
    "ulimit",
];

/// One-letter forms.
const LETTERS: &[(char, &str)] = &[
    ('D', "debug"),
    ('c', "cpu-shares"),
    ('f', "file"),
    ('h', "help"),
    ('m', "memory"),
    ('o', "output"),
    ('q', "quiet"),
    ('t', "tag"),
];

/// A flag that docker knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) takes_value: bool,
}

/// The flag of this long name.
pub(super) fn long(name: &str) -> Option<Known> {
    known(name, SWITCHES, OPTIONS)
}

/// The flag of this letter.
pub(super) fn short(letter: char) -> Option<Known> {
    lettered(letter, LETTERS).and_then(long)
}

/// The flag of this name in two lists: of those without and with a value.
pub(super) fn known(
    name: &str,
    switches: &[&'static str],
    options: &[&'static str],
) -> Option<Known> {
    let find = |names: &[&'static str]| names.iter().copied().find(|known| *known == name);
    let switch = find(switches).map(|name| Known {
        name,
        takes_value: false,
    });
    switch.or_else(|| {
        find(options).map(|name| Known {
            name,
            takes_value: true,
        })
    })
}

/// The long name of a letter.
pub(super) fn lettered(letter: char, letters: &[(char, &'static str)]) -> Option<&'static str> {
    let mut letters = letters.iter();
    letters
        .find(|(known, _)| *known == letter)
        .map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_has_its_flag_and_no_name_is_in_both_tables() {
        assert!(LETTERS.iter().all(|(letter, _)| short(*letter).is_some()));
        assert!(SWITCHES.iter().all(|name| !OPTIONS.contains(name)));
    }
}
