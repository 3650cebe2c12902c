//! What the large images hold.

/// What is put on the base image's root.
#[derive(Debug)]
pub(super) struct Content {
    /// How the image's size is called in the table.
    pub(super) size: &'static str,
    /// Each makes two layers.
    pub(super) groups: &'static [Group],
}

/// Debian packages that are installed, and what is made of them.
#[derive(Debug)]
pub(super) struct Group {
    /// The packages.
    pub(super) packages: &'static [&'static str],
    /// The folder in them that becomes a git repository, and an archive beside it.
    pub(super) source: &'static str,
    /// The packages whose files stay in apt's cache.
    pub(super) kept: &'static [&'static str],
}

pub(super) const CONTENTS: [Content; 2] = [
    Content {
        size: "350 MB",
        groups: &[SCRIPTS],
    },
    Content {
        size: "2.5 GB",
        groups: &[SCRIPTS, COMPILERS, PROGRAMS],
    },
];

const SCRIPTS: Group = Group {
    packages: &[
        "libnode108",
        "nodejs",
        "npm",
        "libpython3.11-minimal",
        "libpython3.11-stdlib",
        "python3.11-minimal",
        "python3-django",
        "libruby3.1",
    ],
    source: "usr/lib/python3/dist-packages/django",
    kept: &["npm", "python3-django", "libruby3.1"],
};

const COMPILERS: Group = Group {
    packages: &[
        "golang-1.19-src",
        "golang-1.19-go",
        "libstd-rust-dev",
        "rustc",
        "libllvm14",
        "llvm-14-dev",
        "gcc-12",
        "g++-12",
        "cpp-12",
        "libgcc-12-dev",
        "libstdc++-12-dev",
    ],
    source: "usr/share/go-1.19/src/cmd",
    kept: &["gcc-12", "libstdc++-12-dev"],
};

const PROGRAMS: Group = Group {
    packages: &[
        "openjdk-17-jre-headless",
        "openjdk-17-jdk-headless",
        "firefox-esr",
        "chromium",
        "libboost1.74-dev",
        "docker.io",
        "postgresql-15",
    ],
    source: "usr/include/boost/spirit",
    kept: &["postgresql-15"],
};
