//! The options of `ssh-agent`.

use std::{
    ffi::{OsStr, OsString},
    time::Duration,
};

use clap::{ArgAction, Args};

use super::{Shell, lifetime};
use crate::keyring::{Defaults, FingerprintHash};

/// What OpenSSH's `ssh-agent` takes, but its socket.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "As ssh-agent: any of these, a command, or the name ssh-agent")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub(crate) struct Options {
    /// Print commands for sh
    #[arg(short = 's', conflicts_with = "csh")]
    sh: bool,
    /// Print commands for csh
    #[arg(short = 'c')]
    csh: bool,
    /// Stay in the foreground
    #[arg(short = 'D')]
    foreground: bool,
    /// Stay in the foreground and tell what it does
    #[arg(short = 'd')]
    debug: bool,
    #[arg(short = 'k', help = "End the agent that SSH_AGENT_PID names", conflicts_with_all = ["foreground", "debug", "command"])]
    kill: bool,
    /// How long a key is held that is added without a lifetime: 600, 10m, 1h30m
    #[arg(short = 't', value_name = "LIFE", value_parser = lifetime::parse)]
    lifetime: Option<Duration>,
    /// The hash of fingerprints that a person is shown
    #[arg(short = 'E', value_name = "HASH")]
    hash: Option<FingerprintHash>,
    /// Changes nothing: no library of a PKCS#11 or FIDO token is ever loaded
    #[arg(short = 'P', value_name = "PATTERNS")]
    pub(super) providers: Option<OsString>,
    /// Refused: it would loosen what OpenSSH allows with tokens, and none is held here
    #[arg(short = 'O', value_name = "OPTION", action = ArgAction::Append, value_parser = loosened)]
    loosened: Vec<String>,
    /// A command to run with the agent, which ends with it
    #[arg(value_name = "COMMAND", trailing_var_arg = true, conflicts_with_all = ["foreground", "debug"])]
    pub(super) command: Vec<OsString>,
    /// It was started in the background.
    #[arg(long, hide = true)]
    detached: bool,
    /// The process that it ends with.
    #[arg(long, hide = true, requires = "detached")]
    parent: Option<i32>,
}

/// How the agent runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// In the foreground, for builds, in the known place.
    Builds,
    /// As ssh-agent, in the foreground.
    Foreground,
    /// It starts another process that runs in the background.
    Launch,
    /// It is that process.
    Detached,
    /// It ends another one.
    Kill,
}

impl Options {
    /// What they ask for, of a program that is or is not called `ssh-agent`.
    pub(crate) fn role(&self, is_ssh_agent: bool) -> Role {
        if self.detached {
            Role::Detached
        } else if self.kill {
            Role::Kill
        } else if self.foreground || self.debug {
            Role::Foreground
        } else if is_ssh_agent || self.is_any() {
            Role::Launch
        } else {
            Role::Builds
        }
    }

    fn is_any(&self) -> bool {
        let told = self.sh || self.csh || !self.command.is_empty();
        told || self.lifetime.is_some() || self.hash.is_some() || self.providers.is_some()
    }

    /// Whether it tells what it does.
    pub(crate) fn is_debug(&self) -> bool {
        self.debug
    }

    /// The process that it ends with, if there is one.
    pub(crate) fn parent(&self) -> Option<i32> {
        self.parent
    }

    /// What keys have that are added without saying it.
    pub(crate) fn defaults(&self) -> Defaults {
        Defaults {
            lifetime: self.lifetime.filter(|lifetime| !lifetime.is_zero()),
            hash: self.hash.unwrap_or_default(),
        }
    }

    /// Whose commands are printed.
    pub(super) fn shell(&self, login_shell: Option<&OsStr>) -> Shell {
        match (self.sh, self.csh) {
            (true, _) => Shell::Sh,
            (_, true) => Shell::Csh,
            _ => Shell::of(login_shell),
        }
    }

    /// The same limits for the process in the background.
    pub(super) fn limits(&self) -> Vec<OsString> {
        let mut arguments = Vec::new();
        if let Some(lifetime) = self.lifetime {
            arguments.extend(["-t".into(), lifetime.as_secs().to_string().into()]);
        }
        if let Some(hash) = self.hash {
            arguments.extend(["-E".into(), hash.to_string().into()]);
        }
        arguments
    }
}

fn loosened(option: &str) -> Result<String, String> {
    Err(format!(
        "{} concerns tokens, which stay in the ssh-agent that holds them; this agent uses them there \
         with `--key agent`",
        keystay_proto::printable(option.as_bytes())
    ))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn role(line: &str) -> Role {
        let words = format!("ssh-agent {line}");
        Line::parse_from(words.split_whitespace())
            .options
            .role(false)
    }

    #[test]
    fn any_option_of_ssh_agent_makes_it_one() {
        assert_eq!(role(""), Role::Builds);
        for line in [
            "-s",
            "-c",
            "-t 5",
            "-E md5",
            "-P/x",
            "sh -c x",
            "-t5 env -D",
        ] {
            assert_eq!(role(line), Role::Launch, "{line}");
        }
        assert_eq!(role("-D"), Role::Foreground);
        assert_eq!(role("-ds"), Role::Foreground);
        assert_eq!(role("-k"), Role::Kill);
    }

    #[test]
    fn the_name_alone_makes_it_one() {
        let line = Line::parse_from(["ssh-agent"]);
        assert_eq!(line.options.role(true), Role::Launch);
    }

    #[test]
    fn what_contradicts_is_refused() {
        for line in [
            "-s -c", "-k -D", "-D true", "-d true", "-k true", "-O x", "-E sha1", "-t x",
        ] {
            let words = format!("ssh-agent {line}");
            assert!(
                Line::try_parse_from(words.split_whitespace()).is_err(),
                "{line}"
            );
        }
    }
}
