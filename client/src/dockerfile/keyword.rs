//! The names of instructions.

/// What an instruction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the Dockerfile reference's own words")]
pub enum Keyword {
    Add,
    Arg,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Healthcheck,
    Label,
    Maintainer,
    Onbuild,
    Run,
    Shell,
    Stopsignal,
    User,
    Volume,
    Workdir,
    /// Anything else; its text is at the command's keyword span.
    Unknown,
}

impl Keyword {
    /// The keyword that `word` names, in any case.
    #[must_use]
    pub fn of(word: &str) -> Self {
        let lower = word.to_lowercase();
        NAMES
            .iter()
            .find(|(name, _)| *name == lower)
            .map_or(Self::Unknown, |(_, keyword)| *keyword)
    }

    /// Whether words of the form `<<NAME` after this keyword start a heredoc.
    #[must_use]
    pub fn takes_heredocs(self) -> bool {
        matches!(self, Self::Add | Self::Copy | Self::Run)
    }

    /// Whether arguments that are a JSON array of strings are read as one.
    #[must_use]
    pub fn takes_json(self) -> bool {
        matches!(
            self,
            Self::Add
                | Self::Cmd
                | Self::Copy
                | Self::Entrypoint
                | Self::Run
                | Self::Shell
                | Self::Volume
        )
    }
}

const NAMES: [(&str, Keyword); 18] = [
    ("add", Keyword::Add),
    ("arg", Keyword::Arg),
    ("cmd", Keyword::Cmd),
    ("copy", Keyword::Copy),
    ("entrypoint", Keyword::Entrypoint),
    ("env", Keyword::Env),
    ("expose", Keyword::Expose),
    ("from", Keyword::From),
    ("healthcheck", Keyword::Healthcheck),
    ("label", Keyword::Label),
    ("maintainer", Keyword::Maintainer),
    ("onbuild", Keyword::Onbuild),
    ("run", Keyword::Run),
    ("shell", Keyword::Shell),
    ("stopsignal", Keyword::Stopsignal),
    ("user", Keyword::User),
    ("volume", Keyword::Volume),
    ("workdir", Keyword::Workdir),
];
