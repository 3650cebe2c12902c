//! The rules.

/// How grave a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Works, and could be better.
    Note,
    /// Leaks a secret if it is one, or weakens what protects it.
    Warning,
    /// Leaks a key.
    Error,
}

impl Severity {
    /// Its name, as it is printed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its stable name.
    pub id: &'static str,
    /// How grave it is.
    pub severity: Severity,
    /// What is wrong, a phrase.
    pub summary: &'static str,
    /// Why that is a leak.
    pub why: &'static str,
    /// What to do instead.
    pub fix: &'static str,
}

impl Rule {
    /// The rule of this name, in any case.
    #[must_use]
    pub fn named(id: &str) -> Option<&'static Self> {
        ALL.iter().find(|rule| rule.id.eq_ignore_ascii_case(id))
    }
}

const fn rule(
    id: &'static str,
    severity: Severity,
    summary: &'static str,
    why: &'static str,
    fix: &'static str,
) -> Rule {
    Rule {
        id,
        severity,
        summary,
        why,
        fix,
    }
}

pub(super) const L0: Rule = rule(
    "L0",
    Severity::Warning,
    "a comment that allows nothing",
    "a rule is silenced by its name and a reason; with either missing, nothing is",
    "write `# keystay: allow RULE reason`",
);
pub(super) const L1: Rule = rule(
    "L1",
    Severity::Warning,
    "an ARG or ENV that is named like a secret",
    "values of ARG and ENV are kept in the image's history and configuration, in provenance and in logs",
    "mount it for the one step: `RUN --mount=type=secret,id=NAME`; private repositories need no secret with `keystay build`",
);
pub(super) const L2: Rule = rule(
    "L2",
    Severity::Error,
    "a key file is copied into the image",
    "the layer keeps it, whatever later steps delete",
    "leave it out and build with `keystay build`: the step gets what the key opens, not the key",
);
pub(super) const L3: Rule = rule(
    "L3",
    Severity::Error,
    "the whole context is copied, and key files or .git are in it",
    "the layer keeps them",
    "name them in .dockerignore",
);
pub(super) const L4: Rule = rule(
    "L4",
    Severity::Error,
    "a secret is written to a file",
    "the layer keeps the file, and the history or the log the value",
    "mount it for the one step: `RUN --mount=type=secret,id=NAME`",
);
pub(super) const L5: Rule = rule(
    "L5",
    Severity::Error,
    "a key is deleted in another step than the one that made it",
    "the layer of the earlier step keeps it",
    "do not bring it in: build with `keystay build`",
);
pub(super) const L6: Rule = rule(
    "L6",
    Severity::Note,
    "a step fetches over ssh without an ssh mount",
    "it fails, until somebody copies a key in",
    "begin it with `RUN --mount=type=ssh`",
);
pub(super) const L7: Rule = rule(
    "L7",
    Severity::Note,
    "an ssh or secret mount is not required",
    "without it the step runs all the same, and its failure or another way may be cached",
    "add `required=true` to the mount",
);
pub(super) const L8: Rule = rule(
    "L8",
    Severity::Error,
    "a mounted secret is copied to where it stays, or printed",
    "the layer or the log keeps it",
    "use it where it is mounted: `--mount=type=secret,id=NAME,target=PATH`",
);
pub(super) const L9: Rule = rule(
    "L9",
    Severity::Error,
    "a URL holds a password or a token",
    "the layer's git configuration and the history keep it",
    "use an ssh URL and `keystay build`, or a secret mount with a credential helper",
);
pub(super) const L10: Rule = rule(
    "L10",
    Severity::Warning,
    "host keys are not checked",
    "whoever stands between may be the host, and gets what the build sends and gives what it builds",
    "leave it out: `keystay build` brings the host keys that are known on this machine",
);
pub(super) const L11: Rule = rule(
    "L11",
    Severity::Warning,
    "host keys are taken from the network at build time",
    "ssh-keyscan believes whoever answers, at each build",
    "leave it out: `keystay build` brings the host keys that are known on this machine",
);
pub(super) const L12: Rule = rule(
    "L12",
    Severity::Error,
    "an ssh-agent is started or filled in a step",
    "the key must be inside the build for it",
    "leave it out: `RUN --mount=type=ssh` and `keystay build`",
);
pub(super) const L13: Rule = rule(
    "L13",
    Severity::Warning,
    "a whole home or file system is copied from a stage that held a secret",
    "the key comes along",
    "copy what was built, by its path",
);
pub(super) const L14: Rule = rule(
    "L14",
    Severity::Error,
    "a secret stands in the Dockerfile or goes to the image's configuration",
    "the configuration, the history, provenance and version control keep it",
    "take it out, and replace it where it is used: it has been seen",
);
pub(super) const L15: Rule = rule(
    "L15",
    Severity::Warning,
    "a cache mount holds keys or logins",
    "the builder keeps it on its disk, and gives it to other builds",
    "cache what is downloaded only; mount logins as secrets",
);
pub(super) const L16: Rule = rule(
    "L16",
    Severity::Warning,
    "the command line hands a secret to the build",
    "history, provenance, exported caches and logs keep build arguments",
    "leave it out: `keystay build` fetches, or use `--secret`",
);

/// All rules, in the order of their names.
pub const ALL: [Rule; 17] = [
    L0, L1, L2, L3, L4, L5, L6, L7, L8, L9, L10, L11, L12, L13, L14, L15, L16,
];
