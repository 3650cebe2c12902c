//! Which of Keystay's options belong to which command.

use clap::{ArgMatches, CommandFactory as _, parser::ValueSource};

use super::{Cli, UsageError};

/// Refuses an option that its command has no use for: one that is passed over may be meant to limit
/// something.
pub(super) fn check(matches: &ArgMatches) -> Result<(), UsageError> {
    let word = matches.subcommand_name().unwrap_or_default();
    let taken: &[&str] = match word {
        "build" | "buildx" | "podman" | "buildah" | "help" => return Ok(()),
        // The receipt has an error of its own.
        "verify" => &["key", "strict", "receipt", "quiet", "verbose"],
        "lint" | "receipt" => &["strict", "quiet", "verbose"],
        "agent" => &["verbose"],
        _ => &["quiet", "verbose"],
    };
    let cli = Cli::command();
    let is_given = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
    let given = (cli.get_arguments()).filter(|argument| is_given(argument.get_id().as_str()));
    let mut others = given.filter_map(clap::Arg::get_long);
    let Some(other) = others.find(|name| !taken.contains(name)) else {
        return Ok(());
    };
    let told = UsageError::new(format!("`keystay {word}` takes no `--{other}` before it"));
    Err(match word {
        "agent" => told.first(AGENT),
        _ => told,
    })
}

const AGENT: &str = "the agent's own options stand behind its name: `keystay agent --key SOURCE`";

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> Result<(), String> {
        let matches = Cli::command().try_get_matches_from(line.split(' '));
        check(&matches.unwrap()).map_err(|error| format!("{error}|{}", error.hints()[0]))
    }

    #[test]
    fn an_option_that_would_be_passed_over_is_refused() {
        for (line, text) in [
            (
                "keystay --key stdin agent",
                "`keystay agent` takes no `--key` before it|the agent's own",
            ),
            (
                "keystay -q agent",
                "`keystay agent` takes no `--quiet` before it|the agent's own",
            ),
            (
                "keystay --repo h/a keys",
                "`keystay keys` takes no `--repo` before it|",
            ),
            (
                "keystay --dry-run verify x",
                "`keystay verify` takes no `--dry-run` before it|",
            ),
            (
                "keystay --no-verify lint",
                "`keystay lint` takes no `--no-verify` before it|",
            ),
            (
                "keystay --ttl 5m log",
                "`keystay log` takes no `--ttl` before it|",
            ),
            (
                "keystay --strict grants",
                "`keystay grants` takes no `--strict` before it|",
            ),
        ] {
            let told = told(line).unwrap_err();
            assert!(told.starts_with(text), "{told}");
        }
    }

    #[test]
    fn options_that_count_are_taken() {
        for line in [
            "keystay -v agent --key stdin",
            "keystay --key stdin --strict verify x",
            "keystay -q --strict lint",
            "keystay --strict receipt check a b",
            "keystay -q keys",
            "keystay --repo h/a --ttl 5m --receipt x build .",
        ] {
            assert_eq!(told(line), Ok(()), "{line}");
        }
    }
}
