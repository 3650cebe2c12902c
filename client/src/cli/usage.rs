//! Usage errors in the one-line form of all others.

use std::{ffi::OsString, iter};

use clap::{
    CommandFactory as _, FromArgMatches as _,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::{Cli, Command, Verbatim, belongs};

/// What a command line comes to.
#[derive(Debug)]
pub(crate) enum Parsed {
    /// A command to run.
    Run(Box<Cli>),
    /// A text to print: the help, or the version.
    Print(String),
}

/// A command line that cannot be obeyed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct UsageError {
    message: String,
    hints: Vec<String>,
}

impl UsageError {
    /// An error whose hint is the help.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hints: vec![HELP.to_owned()],
        }
    }

    /// An error with a hint of its own.
    pub(crate) fn with_hint(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hints: vec![hint.into()],
        }
    }

    /// The same error with this hint before the others.
    pub(super) fn first(mut self, hint: impl Into<String>) -> Self {
        self.hints.insert(0, hint.into());
        self
    }

    /// What to do instead.
    pub(crate) fn hints(&self) -> Vec<String> {
        self.hints.clone()
    }
}

/// Reads a command line, the program's name first.
pub(crate) fn parse(arguments: &[OsString]) -> Result<Parsed, UsageError> {
    let matches = match Cli::command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) if is_answer(&error) => return Ok(Parsed::Print(error.render().to_string())),
        Err(error) => return Err(in_one_line(&error)),
    };
    belongs::check(&matches)?;
    let mut cli = Cli::from_arg_matches(&matches).map_err(|error| in_one_line(&error))?;
    restore_separator(&mut cli.command, arguments);
    Ok(Parsed::Run(Box::new(cli)))
}

/// Whether `--NAME` is one of Keystay's options.
pub(crate) fn is_own_option(word: &str) -> bool {
    let command = Cli::command();
    let mut names = command.get_arguments().filter_map(clap::Arg::get_long);
    word.strip_prefix("--")
        .is_some_and(|word| names.any(|name| name == word))
}

/// A `--` right after the command word is lost in parsing, but belongs to the engine too.
fn restore_separator(command: &mut Command, all: &[OsString]) {
    let (Command::Build(Verbatim { arguments })
    | Command::Buildx(Verbatim { arguments })
    | Command::Podman(Verbatim { arguments })
    | Command::Buildah(Verbatim { arguments })
    | Command::Agent(Verbatim { arguments })) = command
    else {
        return;
    };
    let before = all
        .len()
        .checked_sub(arguments.len() + 1)
        .and_then(|index| all.get(index));
    if before.is_some_and(|word| word == "--") {
        arguments.insert(0, "--".into());
    }
}

fn is_answer(error: &clap::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    )
}

fn in_one_line(error: &clap::Error) -> UsageError {
    let text = error.render().to_string();
    // No message may repeat a key.
    if KEY_TEXT.iter().any(|part| text.contains(part)) {
        let message =
            "`--key` was given a key itself; it is now in the process list and the history";
        return UsageError::with_hint(
            message,
            "name where the key is: file:PATH, env:NAME or stdin",
        );
    }
    match error.kind() {
        ErrorKind::MissingSubcommand => no_word(error),
        ErrorKind::InvalidSubcommand => no_command(error),
        ErrorKind::UnknownArgument => no_option(error),
        _ => in_its_words(&text),
    }
}

fn no_word(error: &clap::Error) -> UsageError {
    let command = text_of(error, ContextKind::InvalidSubcommand).unwrap_or_default();
    match command.split_once(' ') {
        Some((_, command)) => {
            UsageError::new(format!("a word is missing behind `{command}`")).first(CHECK)
        }
        None => UsageError::new("a command is missing").first(START),
    }
}

fn no_command(error: &clap::Error) -> UsageError {
    let word = text_of(error, ContextKind::InvalidSubcommand).unwrap_or_default();
    let told = UsageError::new(format!("there is no command `{word}`"));
    if word == "docker" {
        return told.first(DOCKER);
    }
    match text_of(error, ContextKind::SuggestedSubcommand) {
        Some(similar) if Cli::command().find_subcommand(similar).is_none() => told.first(CHECK),
        Some(similar) => told.first(format!("did you mean `keystay {similar}`?")),
        None => told,
    }
}

fn no_option(error: &clap::Error) -> UsageError {
    let word = text_of(error, ContextKind::InvalidArg).unwrap_or_default();
    let told = UsageError::new(if word.starts_with('-') {
        format!("keystay has no option `{word}`")
    } else {
        format!("nothing is expected at `{word}`")
    });
    match text_of(error, ContextKind::SuggestedArg) {
        Some(similar) => told.first(format!("did you mean `{similar}`?")),
        None => told,
    }
}

/// What the parser knows of its error; of several suggestions the nearest, which it puts last.
fn text_of(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text),
        ContextValue::Strings(texts) => texts.last().map(String::as_str),
        _ => None,
    }
}

fn in_its_words(text: &str) -> UsageError {
    let mut paragraphs = text.split("\n\n");
    let first = paragraphs.next().unwrap_or_default();
    let message = first.strip_prefix("error: ").unwrap_or(first);
    let tips = paragraphs
        .flat_map(str::lines)
        .filter_map(|line| line.trim().strip_prefix("tip: "));
    UsageError {
        message: message.split_whitespace().collect::<Vec<_>>().join(" "),
        hints: tips
            .map(str::to_owned)
            .chain(iter::once(HELP.to_owned()))
            .collect(),
    }
}

/// How private keys begin: PEM of any kind, and the base64 of OpenSSH's.
const KEY_TEXT: [&str; 2] = ["PRIVATE KEY", "b3BlbnNzaC1r"];
const START: &str = "`keystay build .` does what `docker build .` does, with your keys at hand";
const CHECK: &str = "`keystay receipt check FILE IMAGE` says whether a receipt is of an image";
const DOCKER: &str = "leave the word out: `keystay build …` runs `docker build …`, and `keystay buildx build …` \
                      `docker buildx build …`";
const HELP: &str =
    "`keystay help` lists commands and options; keystay's stand before `build`, docker's after it";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Wire;

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    fn cli(line: &str) -> Cli {
        match parse(&words(line)).unwrap() {
            Parsed::Run(cli) => *cli,
            Parsed::Print(text) => panic!("{text}"),
        }
    }

    fn error(line: &str) -> UsageError {
        parse(&words(line)).unwrap_err()
    }

    #[test]
    fn everything_after_build_is_verbatim() {
        for rest in [
            "--help",
            "-q --key x .",
            "-- -x",
            ". -- --",
            "--version",
            "-",
            "help",
            "",
        ] {
            let Command::Build(verbatim) = cli(&format!("keystay -v build {rest}")).command else {
                panic!("not a build");
            };
            assert_eq!(verbatim.arguments, words(rest), "{rest}");
        }
    }

    #[test]
    fn options_stand_before_the_command() {
        let cli = cli("keystay --key agent --key env:K --host h:2222 -q --wire none build -q .");
        assert_eq!(cli.options.keys.len(), 2);
        assert_eq!(cli.options.hosts.first().unwrap().as_str(), "[h]:2222");
        assert_eq!(cli.options.wire, Wire::None);
        assert!(cli.options.quiet);
    }

    #[test]
    fn a_wrong_option_is_told_in_one_line() {
        let error = error("keystay --ttl 30 build .");
        assert_eq!(
            error.to_string(),
            "invalid value '30' for '--ttl <TIME>': write it as 30m, 90s or 2h"
        );
        assert_eq!(error.hints(), [HELP]);
    }

    #[test]
    fn a_misspelt_command_gets_the_nearest() {
        let error = error("keystay biuld .");
        assert_eq!(error.to_string(), "there is no command `biuld`");
        assert_eq!(error.hints(), ["did you mean `keystay build`?", HELP]);
    }

    #[test]
    fn a_word_too_many_is_no_option() {
        let error = error("keystay keys build");
        assert_eq!(error.to_string(), "nothing is expected at `build`");
    }

    #[test]
    fn a_missing_image_is_named() {
        let error = error("keystay verify");
        assert_eq!(
            error.to_string(),
            "the following required arguments were not provided: <IMAGE>"
        );
    }

    #[test]
    fn no_command_is_a_usage_error() {
        assert_eq!(error("keystay").to_string(), "a command is missing");
    }

    #[test]
    fn a_command_without_its_word_is_a_usage_error() {
        let error = error("keystay receipt");
        assert_eq!(error.to_string(), "a word is missing behind `receipt`");
        assert_eq!(error.hints(), [CHECK, HELP]);
    }

    #[test]
    fn a_misspelt_word_behind_a_command_gets_both() {
        let error = error("keystay receipt chekc a b");
        assert_eq!(error.to_string(), "there is no command `chekc`");
        assert_eq!(error.hints(), [CHECK, HELP]);
    }

    #[test]
    fn docker_itself_is_no_command() {
        let error = error("keystay docker build .");
        assert_eq!(error.to_string(), "there is no command `docker`");
        assert_eq!(error.hints(), [DOCKER, HELP]);
    }

    #[test]
    fn a_key_as_a_source_is_never_repeated() {
        let pasted = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1r\n";
        let line = ["keystay", "--key", pasted, "build", "."].map(OsString::from);
        let error = parse(&line).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`--key` was given a key itself; it is now in the process list and the history"
        );
    }
}
