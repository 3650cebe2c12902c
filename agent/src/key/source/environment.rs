//! What sources need to know of the process they run in.

use std::{
    env,
    ffi::OsString,
    fmt,
    fs::File,
    io,
    os::fd::AsFd as _,
    path::{Path, PathBuf},
    process::Command,
};

/// The environment that keys are looked for in: variables and standard input.
pub struct Environment {
    variable: Box<Variable>,
    stdin: Box<Stdin>,
    hidden: Hidden,
}

/// Variables that hold keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hidden(Vec<String>);

impl Hidden {
    /// Has the program run without them.
    pub(crate) fn keep_from(&self, command: &mut Command) {
        for name in &self.0 {
            command.env_remove(name);
        }
    }
}

impl Environment {
    /// An environment of these variables and this standard input.
    pub fn new(
        variable: impl Fn(&str) -> Option<OsString> + Send + Sync + 'static,
        stdin: impl Fn() -> io::Result<File> + Send + Sync + 'static,
    ) -> Self {
        Self {
            variable: Box::new(variable),
            stdin: Box::new(stdin),
            hidden: Hidden::default(),
        }
    }

    /// The same, with variables that the programs which it runs do not get.
    #[must_use]
    pub fn hiding(self, hidden: Vec<String>) -> Self {
        Self {
            hidden: Hidden(hidden),
            ..self
        }
    }

    /// The variables that a program which is run does not get: they hold keys.
    pub(crate) fn hidden(&self) -> &Hidden {
        &self.hidden
    }

    /// The environment of this process.
    #[must_use]
    pub fn of_process() -> Self {
        // Read past the buffer of `io::stdin()`, which keeps what went through it.
        Self::new(
            |name| env::var_os(name),
            || io::stdin().as_fd().try_clone_to_owned().map(File::from),
        )
    }

    /// The value of a variable; an empty one counts as none.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<OsString> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    /// The home directory.
    #[must_use]
    pub fn home(&self) -> Option<PathBuf> {
        self.variable("HOME").map(PathBuf::from)
    }

    /// The socket of the person's own agent.
    #[must_use]
    pub fn agent(&self) -> Option<PathBuf> {
        self.variable("SSH_AUTH_SOCK").map(PathBuf::from)
    }

    pub(super) fn stdin(&self) -> io::Result<File> {
        (self.stdin)()
    }

    /// The path with `~/` replaced; `None` where that needs a home directory and there is none.
    pub(super) fn expand(&self, path: &Path) -> Option<PathBuf> {
        match path.strip_prefix("~") {
            Ok(below) => self.home().map(|home| home.join(below)),
            Err(_) => Some(path.to_path_buf()),
        }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment").finish_non_exhaustive()
    }
}

type Variable = dyn Fn(&str) -> Option<OsString> + Send + Sync;
type Stdin = dyn Fn() -> io::Result<File> + Send + Sync;
