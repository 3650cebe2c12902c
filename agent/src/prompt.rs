//! Asking a person for a passphrase.

mod askpass;
mod confirm;
mod terminal;

use std::{
    io,
    path::{Path, PathBuf},
};

use keystay_proto::printable;

pub(crate) use self::confirm::confirm;
use self::terminal::Terminal;

use crate::{
    key::source::{Environment, Hidden},
    secret::Secret,
};

/// The program that asks in a window, as OpenSSH chooses it.
pub(crate) fn askpass(environment: &Environment) -> PathBuf {
    (environment.variable("SSH_ASKPASS")).map_or_else(|| USUAL_ASKPASS.into(), PathBuf::from)
}

/// What asks a person for a passphrase.
pub trait Prompt: Send {
    /// Asks once, showing `text`, and returns the answer without its line end; it is never empty.
    fn ask(&mut self, text: &str) -> Result<Secret, PromptError>;
}

/// Asks on the terminal, or through an askpass program where OpenSSH would use one.
#[derive(Debug)]
pub struct UserPrompt {
    askpass: Option<PathBuf>,
    order: Order,
    hidden: Hidden,
}

/// Why there is no passphrase; what follows "is encrypted with a passphrase, and".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PromptError {
    /// There is neither a terminal nor an askpass program.
    #[error("there is no terminal to ask for it")]
    Nowhere,
    /// The person gave an empty answer or broke it off.
    #[error("none was given")]
    GivenUp,
    /// The terminal failed.
    #[error("the terminal cannot be used: {0}")]
    Terminal(#[source] io::Error),
    /// The askpass program could not be run.
    #[error("{} cannot be run: {source}", printable(program.as_os_str().as_encoded_bytes()))]
    Askpass {
        /// The program.
        program: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl UserPrompt {
    /// Decides as `ssh-add` does, by `SSH_ASKPASS`, `SSH_ASKPASS_REQUIRE` and whether there is a
    /// display.
    #[must_use]
    pub fn new(environment: &Environment) -> Self {
        let named = environment.variable("SSH_ASKPASS").map(PathBuf::from);
        let usual = || {
            Path::new(USUAL_ASKPASS)
                .exists()
                .then(|| USUAL_ASKPASS.into())
        };
        let set = |name| environment.variable(name).is_some();
        let display = set("DISPLAY") || set("WAYLAND_DISPLAY");
        let require = environment.variable("SSH_ASKPASS_REQUIRE");
        let order = match require
            .map(|value| value.to_string_lossy().to_lowercase())
            .as_deref()
        {
            Some("force") => Order::AskpassOnly,
            Some("prefer") if display => Order::AskpassOnly,
            Some("never") => Order::TerminalOnly,
            _ if display => Order::TerminalThenAskpass,
            _ => Order::TerminalOnly,
        };
        Self {
            askpass: named.or_else(usual),
            order,
            hidden: environment.hidden().clone(),
        }
    }

    fn answer(&self, text: &str) -> Result<Secret, PromptError> {
        let terminal = if self.order == Order::AskpassOnly {
            None
        } else {
            Terminal::open()
        };
        match (terminal, &self.askpass) {
            (Some(terminal), _) => terminal.ask(text),
            (None, Some(program)) if self.order != Order::TerminalOnly => {
                askpass::ask(program, text, &self.hidden)
            }
            (None, _) => Err(PromptError::Nowhere),
        }
    }
}

impl Prompt for UserPrompt {
    fn ask(&mut self, text: &str) -> Result<Secret, PromptError> {
        let mut answer = self.answer(text)?;
        let line = answer
            .bytes()
            .iter()
            .position(|byte| matches!(byte, b'\n' | b'\r'));
        answer.truncate(line.unwrap_or(usize::MAX));
        if answer.bytes().is_empty() {
            Err(PromptError::GivenUp)
        } else {
            Ok(answer)
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    AskpassOnly,
    TerminalThenAskpass,
    TerminalOnly,
}

/// Where OpenSSH's own askpass program is looked for.
const USUAL_ASKPASS: &str = "/usr/bin/ssh-askpass";
/// The longest answer that is read; a terminal's line is no longer.
const MAX_ANSWER: usize = 4096;
