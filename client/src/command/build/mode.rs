//! How a build reaches its repositories: the choice between fetch mode and sign mode.

use keystay_proto::control::{Repos, Transport};

use super::{
    asked::Asked,
    plan::UNREAD,
    source::{Source, Text, too_long},
};
use crate::{
    cli::{self, Options, UsageError, Wire},
    config::Settings,
    dockerfile::{Dockerfile, Keyword},
    engine::{Ability, Dialect, EngineError, Form, Tool},
    error::Error,
    shim::Platform,
    wiring::{FetchTerms, Rewrites, ShimFor, Steps},
};

/// How a build reaches its repositories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// The host fetches.
    Fetch(Box<Fetching>),
    /// Steps log in themselves.
    Sign {
        /// Why not fetch mode, a clause, where the user left the choice.
        why: Option<String>,
    },
}

/// What fetch mode needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fetching {
    /// What the wiring needs.
    pub(super) terms: FetchTerms,
    /// The one platform of the steps, where there is one.
    pub(super) platform: Option<Platform>,
    /// How the engine carries connections.
    pub(super) transport: Transport,
}

impl Mode {
    pub(super) fn sign(why: Option<String>) -> Self {
        Self::Sign { why }
    }

    /// Chooses: what the user says, else fetch mode where engine and Dockerfile allow.
    pub(super) async fn choose(
        options: &Options,
        settings: &Settings,
        asked: &Asked,
        source: &Source,
        form: Form,
        tool: Option<&Tool>,
    ) -> Result<Self, Error> {
        let is_forced = options.mode == cli::Mode::Fetch;
        if is_forced && options.wire == Wire::None {
            return Err(UsageError::with_hint(CONTRADICTION, CHOOSE).into());
        }
        if options.mode == cli::Mode::Sign {
            return asked_sign(options, settings);
        }
        if matches!(source.text, Text::Missing) {
            return Ok(Self::sign(None));
        }
        let chosen = Self::allowed(options, settings, asked, source, form, tool).await;
        Ok(match chosen {
            Ok(fetching) => Self::Fetch(Box::new(fetching)),
            Err(why) => Self::sign(Some(why)),
        })
    }

    /// Refuses sign mode where the user asks for fetch mode, or for what sign mode would exceed: it sees no
    /// repositories.
    pub(super) fn check(&self, options: &Options, settings: &Settings) -> Result<(), EngineError> {
        let Self::Sign { why } = self else {
            return Ok(());
        };
        let why = || why.clone().unwrap_or_else(|| MISSING.to_owned());
        match options.mode {
            cli::Mode::Fetch => Err(EngineError::NoFetch(why())),
            cli::Mode::Auto if settings.repos != Repos::Any => Err(EngineError::NoList(why())),
            cli::Mode::Sign | cli::Mode::Auto => Ok(()),
        }
    }

    /// Fetch mode, or why not.
    async fn allowed(
        options: &Options,
        settings: &Settings,
        asked: &Asked,
        source: &Source,
        form: Form,
        tool: Option<&Tool>,
    ) -> Result<Fetching, String> {
        let Text::Here(text) = &source.text else {
            return Err(UNREAD.to_owned());
        };
        let read = Dockerfile::parse(text).ok();
        let dockerfile = read.filter(|_| options.wire != Wire::None && too_long(text).is_none());
        let dockerfile = dockerfile.ok_or(UNREAD)?;
        // A dry run shows what a current engine would get, where none is there.
        let is_local = match tool {
            None => true,
            Some(tool) => match tool.ability(asked.builder()).await {
                Ability::Able { is_local } => is_local,
                Ability::Unable(why) => return Err(why),
                Ability::Silent if options.dry_run => true,
                Ability::Silent => return Err("the engine does not tell its version".to_owned()),
            },
        };
        let platform = platform(&asked.platforms(), &dockerfile, is_local)?;
        let rewrites = match &settings.repos {
            Repos::Any => Rewrites::default(),
            Repos::Only(patterns) => Rewrites::of(patterns, options.user()),
        };
        let terms = FetchTerms {
            steps: if options.wire == Wire::All {
                Steps::All
            } else {
                Steps::Fetching
            },
            shim: if platform.is_some() {
                ShimFor::One
            } else {
                ShimFor::Each
            },
            user: options.user().to_owned(),
            rewrites,
            context_needs_ssh: asked.context_needs_ssh(),
            git_asks_default: form.dialect() == Dialect::Docker,
        };
        Ok(Fetching {
            terms,
            platform,
            transport: form.transport(),
        })
    }
}

/// Sign mode, where the user asks for it. An agent sees no repositories: a list on the command line is
/// meant for this build, one in a file for others too.
fn asked_sign(options: &Options, settings: &Settings) -> Result<Mode, Error> {
    if !options.repos.is_empty() {
        return Err(UsageError::with_hint(NO_LIST, CHOOSE_LIST).into());
    }
    let is_listed = settings.repos != Repos::Any;
    Ok(Mode::sign(is_listed.then(|| UNLISTED.to_owned())))
}

/// The one platform that all steps run on, if that is known; an error where there is no shim for one
/// of them.
fn platform(
    named: &[String],
    dockerfile: &Dockerfile<'_>,
    is_local: bool,
) -> Result<Option<Platform>, String> {
    let known = |name: &String| {
        Platform::of_docker(name).ok_or_else(|| format!("there is no shim for {name}"))
    };
    let named = named.iter().filter(|name| *name != "local");
    let platforms: Vec<Platform> = named.map(known).collect::<Result<_, _>>()?;
    let mut stages = dockerfile
        .instructions()
        .filter(|instruction| instruction.command.keyword == Keyword::From);
    let is_mixed = stages.any(|from| {
        let mut flags = from.command.flags.iter();
        flags.any(|flag| flag.name == "platform")
    });
    Ok(match platforms.as_slice() {
        _ if is_mixed => None,
        [] if is_local => Some(Platform::of_host()),
        [one] => Some(*one),
        _ => None,
    })
}

const MISSING: &str = "there is no Dockerfile";
const CONTRADICTION: &str = "`--mode fetch` connects steps, and `--wire none` connects none";
const CHOOSE: &str = "leave out one of them";
const NO_LIST: &str =
    "`--mode sign` keeps a build to no `--repo`: an SSH agent does not see repositories";
const CHOOSE_LIST: &str = "leave out one of them, or limit the hosts: `--host NAME`";
const UNLISTED: &str = "as asked for, so the list of repositories does not count";

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(named: &[&str], text: &str, is_local: bool) -> Result<Option<Platform>, String> {
        let named: Vec<String> = named.iter().map(|&name| name.to_owned()).collect();
        platform(&named, &Dockerfile::parse(text).unwrap(), is_local)
    }

    #[test]
    fn one_platform_for_all_steps_is_known_beforehand() {
        assert_eq!(chosen(&[], "FROM a\n", true), Ok(Some(Platform::of_host())));
        let arm = Ok(Some(Platform::Arm64));
        assert_eq!(chosen(&["linux/arm64"], "FROM a\n", true), arm);
        assert_eq!(chosen(&["linux/arm64/v8"], "FROM a\n", false), arm);
    }

    #[test]
    fn several_platforms_are_told_apart_in_the_step() {
        assert_eq!(chosen(&[], "FROM a\n", false), Ok(None));
        let both = ["linux/amd64", "linux/arm64"];
        assert_eq!(chosen(&both, "FROM a\n", true), Ok(None));
        let mixed = "FROM --platform=$BUILDPLATFORM a\nFROM b\n";
        assert_eq!(chosen(&["linux/arm64"], mixed, true), Ok(None));
    }

    #[test]
    fn a_platform_without_a_shim_is_named() {
        assert_eq!(
            chosen(&["linux/riscv64"], "FROM a\n", true),
            Err("there is no shim for linux/riscv64".to_owned())
        );
    }
}
