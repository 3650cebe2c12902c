//! The command line's types.

mod belongs;
mod choice;
mod help;
mod host;
mod lint;
mod receipt;
mod repo;
mod running;
mod source;
mod ttl;
mod usage;
mod verify;

pub(crate) use choice::{Mode, Wire};
pub(crate) use help::spelled_out;
pub(crate) use host::HostName;
pub(crate) use lint::LintArgs;
pub(crate) use receipt::{CheckArgs, ReceiptCommand};
pub(crate) use repo::Repo;
pub(crate) use running::{Listing, LogArgs, RevokeArgs};
pub(crate) use source::KeySource;
pub(crate) use ttl::{Ttl, TtlError};
pub(crate) use usage::{Parsed, UsageError, is_own_option, parse};
pub(crate) use verify::{Holder, VerifyArgs};

use std::{ffi::OsString, path::PathBuf};

use clap::{ArgAction, Args, Parser, Subcommand};

/// Container builds that fetch private git repositories; the key stays on this machine.
#[derive(Debug, Parser)]
#[command(
    name = "keystay",
    version,
    after_help = AFTER_HELP,
    arg_required_else_help = false,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Keystay's own options; they stand before the command word.
#[derive(Args, Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub(crate) struct Options {
    /// A key the build may use
    #[arg(long = "key", value_name = "SOURCE", help = KEY_HELP)]
    pub(crate) keys: Vec<KeySource>,
    /// A host the build may log in to
    #[arg(long = "host", value_name = "NAME", help = HOST_HELP)]
    pub(crate) hosts: Vec<HostName>,
    /// A repository the build may read
    #[arg(long = "repo", value_name = "PATTERN", help = REPO_HELP)]
    pub(crate) repos: Vec<Repo>,
    /// The login name the build may use [default: git; where a fetch names none, that of ~/.ssh/config]
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) user: Option<String>,
    /// How long the build may use the keys, 1s to 24h [default: 30m]
    #[arg(long, value_name = "TIME")]
    pub(crate) ttl: Option<Ttl>,
    /// How many signatures the build may obtain
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) signatures: u32,
    /// Refuse logins whose host cannot be verified, fail when the image cannot be searched whole or
    /// holds other secrets
    #[arg(long)]
    pub(crate) strict: bool,
    /// Which steps of the Dockerfile are connected
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Wire::Auto)]
    pub(crate) wire: Wire,
    /// How the build reaches its repositories
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Mode::Auto)]
    pub(crate) mode: Mode,
    /// Search neither the image for the keys nor, before, what the build is given
    #[arg(long)]
    pub(crate) no_verify: bool,
    /// Write down what the build was and what its image was searched for
    #[arg(long, value_name = "FILE")]
    pub(crate) receipt: Option<PathBuf>,
    /// Print the wired command and Dockerfile, run nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print errors and findings only
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Say more; repeat for more still
    #[arg(short, long, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

impl Options {
    /// The login name the build may use.
    pub(crate) fn user(&self) -> &str {
        self.user.as_deref().unwrap_or("git")
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run `docker build ARGS…` with the keys wired in
    #[command(disable_help_flag = true)]
    Build(Verbatim),
    /// Run `docker buildx build ARGS…` with the keys wired in
    #[command(disable_help_flag = true)]
    Buildx(Verbatim),
    /// Run `podman build ARGS…` with the keys wired in
    #[command(disable_help_flag = true)]
    Podman(Verbatim),
    /// Run `buildah build ARGS…` with the keys wired in
    #[command(disable_help_flag = true)]
    Buildah(Verbatim),
    /// Search an image for the keys: one of the engine, a saved one, an OCI layout
    Verify(VerifyArgs),
    /// Find what in a Dockerfile leaks keys, and repair it
    Lint(LintArgs),
    /// Check the receipt of a build
    #[command(arg_required_else_help = false)]
    Receipt {
        /// What to do with it
        #[command(subcommand)]
        command: ReceiptCommand,
    },
    /// Run an agent that holds keys for builds, until it is ended
    #[command(disable_help_flag = true)]
    Agent(Verbatim),
    /// List the keys that the running agent holds
    Keys(Listing),
    /// List the builds that may use them
    Grants(Listing),
    /// Take a grant from its build
    Revoke(RevokeArgs),
    /// Print the audit log
    Log(LogArgs),
    /// Print this help; with the name of a command, its help
    Help,
}

/// Words that belong to another program.
#[derive(Args, Debug)]
pub(crate) struct Verbatim {
    /// Everything after the command word
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGS"
    )]
    pub(crate) arguments: Vec<OsString>,
}

const KEY_HELP: &str = "\
A key the build may use: agent[:FINGERPRINT], file:PATH, env:NAME, stdin, or certificate[,ttl=TIME]:COMMAND, \
a fresh key that COMMAND certifies; repeatable [default: \
those of config.toml, else your ssh-agent, else ~/.ssh/id_*]";
const HOST_HELP: &str = "\
A host the build may log in to, HOST or HOST:PORT; repeatable [default: every host in known_hosts]";
const REPO_HELP: &str = "\
A repository the build may read, HOST[:PORT]/PATH or a URL of git's, `*` for a part of a name and \
`/**` for all below; repeatable [default: every repository of a known host, each reported]";
const AFTER_HELP: &str = "\
Options stand before the command word; everything after `build` belongs to docker.

Examples:
  keystay build -t app .                          the keys of your ssh-agent
  keystay --key file:~/.ssh/deploy build .        one key from a file
  keystay --key env:DEPLOY_KEY build .            one key from the job's environment
  keystay --key 'certificate:ssh-keygen -s ca -I ci -n git -V +15m {public_key_file}' build .
                                                  a key of this build, certified by an authority
  keystay --repo github.com/acme/lib build .      one repository, read only
  keystay --host github.com --strict build .      one host, verified or refused
  keystay --dry-run build .                       see what would run
  keystay verify app                              search an image that is there
  keystay lint --fix                              take the keys out of ./Dockerfile
  keystay --receipt app.json build -t app .       write a receipt of the build
  keystay receipt check app.json app              see whether it is of this image

Exit status:
  docker's own when it ran and there is nothing to add; else
  1   the receipt is of another image (receipt check)
  64  the command line is wrong             75  image not searched whole (verify, --strict)
  65  key material, or what leaks it, found 76  a host showed another key than the known one
  66  an input cannot be read               77  refused by policy
  69  engine or agent not available         78  wrong configuration
  70  a defect of keystay
  130 interrupted; 128+N ended by signal N";
