//! The commands that talk to the running agent, and read what it did.

use clap::Args;

/// How a list is printed.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Listing {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `keystay revoke` takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct RevokeArgs {
    /// The grant, as `keystay grants` names it
    #[arg(value_parser = id)]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) listing: Listing,
}

/// What `keystay log` takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct LogArgs {
    /// Go on with the records that are written from now on
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// The records of one grant
    #[arg(long, value_name = "ID", value_parser = id)]
    pub(crate) grant: Option<String>,
    /// What was refused
    #[arg(long)]
    pub(crate) refused: bool,
    #[command(flatten)]
    pub(crate) listing: Listing,
}

/// A grant's name, as it stands in a path of the control API.
fn id(text: &str) -> Result<String, &'static str> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if text.len() == 16 && text.bytes().all(is_digit) {
        return Ok(text.to_owned());
    }
    Err("a grant is named by 16 hexadecimal digits, see `keystay grants`")
}
