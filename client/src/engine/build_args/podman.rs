//! The flags that podman and buildah know for `build`, from podman 4 and buildah 1.28 on.

use super::flags::{self, Known};

/// Flags that take no value, or one behind `=` only.
const SWITCHES: &[&str] = &[
    "all-platforms",
    "compress",
    "created-annotation",
    "disable-compression",
    "disable-content-trust",
    "force-rm",
    "help",
    "http-proxy",
    "identity-label",
    "inherit-annotations",
    "inherit-labels",
    "layers",
    "logsplit",
    "no-cache",
    "no-hosts",
    "no-hostname",
    "omit-history",
    "pull",
    "pull-always",
    "pull-never",
    "quiet",
    "rewrite-timestamp",
    "rm",
    "save-stages",
    "skip-unused-stages",
    "squash",
    "squash-all",
    "stage-labels",
    "stdin",
    "tls-verify",
];

/// Flags that take a value, behind `=` or as the next argument.
const OPTIONS: &[&str] = &[
    "add-host",
    "annotation",
    "arch",
    "authfile",
    "blob-cache",
    "build-arg",
    "build-arg-file",
    "build-context",
    "cache-from",
    "cache-to",
    "cache-ttl",
    "cap-add",
    "cap-drop",
    "cdi-config-dir",
    "cert-dir",
    "cgroup-parent",
    "cgroupns",
    "compat-volumes",
    "cpp-flag",
    "cpu-period",
    "cpu-quota",
    "cpu-shares",
    "cpuset-cpus",
    "cpuset-mems",
    "creds",
    "cw",
    "decryption-key",
    "device",
    "dns",
    "dns-option",
    "dns-search",
    "env",
    "file",
    "format",
    "from",
    "hooks-dir",
    "ignorefile",
    "iidfile",
    "iidfile-raw",
    "ipc",
    "isolation",
    "jobs",
    "label",
    "layer-label",
    "loglevel",
    "logfile",
    "manifest",
    "memory",
    "memory-swap",
    "metadata-file",
    "network",
    "os",
    "os-feature",
    "os-version",
    "output",
    "pid",
    "platform",
    "retry",
    "retry-delay",
    "runtime",
    "runtime-flag",
    "sbom",
    "sbom-image-output",
    "sbom-image-purl-output",
    "sbom-merge-strategy",
    "sbom-output",
    "sbom-purl-output",
    "sbom-scanner-command",
    "sbom-scanner-image",
    "secret",
    "security-opt",
    "shm-size",
    "sign-by",
    "signature-policy",
    "source-date-epoch",
    "source-policy-file",
    "ssh",
    "tag",
    "target",
    "timestamp",
    "ulimit",
    "unsetannotation",
    "unsetenv",
    "unsetlabel",
    "userns",
    "userns-gid-map",
    "userns-gid-map-group",
    "userns-uid-map",
    "userns-uid-map-user",
    "uts",
    "variant",
    "volume",
];

/// One-letter forms.
const LETTERS: &[(char, &str)] = &[
    ('D', "disable-compression"),
    ('c', "cpu-shares"),
    ('f', "file"),
    ('h', "help"),
    ('m', "memory"),
    ('o', "output"),
    ('q', "quiet"),
    ('t', "tag"),
    ('v', "volume"),
];

/// The flag of this long name.
pub(super) fn long(name: &str) -> Option<Known> {
    flags::known(name, SWITCHES, OPTIONS)
}

/// The flag of this letter.
pub(super) fn short(letter: char) -> Option<Known> {
    flags::lettered(letter, LETTERS).and_then(long)
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
