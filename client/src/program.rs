//! The way from the command line to an exit status.

use std::{
    env,
    ffi::OsString,
    io::{self, IsTerminal as _},
    path::Path,
    process,
};

use clap::CommandFactory as _;
use tokio::runtime::Builder;
use tracing_subscriber::EnvFilter;

use crate::{
    cli::{self, Cli, Command, Parsed, ReceiptCommand, Verbatim},
    command,
    error::Error,
    exit_code::ExitCode,
    output::{self, Output},
};

/// Runs the command that the process was started with and tells its exit status.
#[must_use]
pub fn main() -> process::ExitCode {
    let arguments: Vec<OsString> = env::args_os().collect();
    if let [name, ..] = arguments.as_slice()
        && Path::new(name)
            .file_name()
            .is_some_and(|name| name == "ssh-agent")
    {
        trace(0);
        return command::ssh_agent(&arguments);
    }
    let arguments = cli::spelled_out(arguments);
    // An agent starts in every build: its command line is read once, by itself.
    if let [_, word, own @ ..] = arguments.as_slice()
        && word == "agent"
    {
        trace(0);
        return command::agent(own);
    }
    match cli::parse(&arguments) {
        Ok(Parsed::Run(cli)) => run(*cli),
        Ok(Parsed::Print(text)) => print(&text),
        Err(error) => fail(&error.into()).into(),
    }
}

fn run(Cli { options, command }: Cli) -> process::ExitCode {
    trace(options.verbose);
    let done = match command {
        Command::Agent(verbatim) => return command::agent(&verbatim.arguments),
        Command::Help => return print(&Cli::command().render_long_help().to_string()),
        Command::Build(Verbatim { arguments }) => wait(command::build(&options, arguments)),
        Command::Buildx(Verbatim { arguments }) => wait(command::buildx(&options, arguments)),
        Command::Podman(Verbatim { arguments }) => wait(command::podman(&options, arguments)),
        Command::Buildah(Verbatim { arguments }) => wait(command::buildah(&options, arguments)),
        Command::Keys(listing) => wait(command::keys(Output::new(options.quiet), listing)),
        Command::Grants(listing) => wait(command::grants(Output::new(options.quiet), listing)),
        Command::Revoke(asked) => wait(command::revoke(Output::new(options.quiet), &asked)),
        Command::Log(asked) => wait(command::log(Output::new(options.quiet), &asked)),
        Command::Lint(asked) => command::lint(&options, &asked),
        Command::Receipt {
            command: ReceiptCommand::Check(asked),
        } => wait(command::receipt(&options, &asked)),
        Command::Verify(asked) => wait(command::verify(&options, &asked)),
    };
    done.unwrap_or_else(|error| fail(&error)).into()
}

fn print(text: &str) -> process::ExitCode {
    let printed = output::print(text);
    let done = printed.map(|()| ExitCode::Success);
    done.unwrap_or_else(|error| fail(&error)).into()
}

fn fail(error: &Error) -> ExitCode {
    output::error(error);
    error.exit_code()
}

/// One thread is enough.
fn wait(command: impl Future<Output = Result<ExitCode, Error>>) -> Result<ExitCode, Error> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::Runtime)?;
    let done = runtime.block_on(command);
    // A read of standard input that nobody waits for any more would hold the end up.
    runtime.shutdown_background();
    done
}

/// Diagnostics on standard error: `-v` for Keystay's own, `-vvv` for everything; `KEYSTAY_LOG` wins.
fn trace(verbose: u8) {
    if verbose == 0 && env::var_os("KEYSTAY_LOG").is_none() {
        return;
    }
    let level = match verbose {
        0 | 1 => "error,keystay=info,keystay_agent=info",
        2 => "error,keystay=debug,keystay_agent=debug",
        _ => "trace",
    };
    let filter = EnvFilter::try_from_env("KEYSTAY_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    // A second subscriber in one process is no reason to fail.
    let _ = subscriber.try_init();
}
