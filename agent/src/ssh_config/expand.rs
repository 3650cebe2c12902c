//! Tokens in values (`ssh_config(5)`, under `TOKENS`).

use std::path::{Path, PathBuf};

/// What tokens stand for; an empty text is not known.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tokens<'a> {
    /// `%h`: the name or address to connect to.
    pub(crate) host: &'a str,
    /// `%n`: the host as it was written.
    pub(crate) original: &'a str,
    /// `%p`: the port.
    pub(crate) port: &'a str,
    /// `%r`: the login name on the host.
    pub(crate) user: &'a str,
    /// `%u`: the login name here.
    pub(crate) local_user: &'a str,
    /// `%d`: the home.
    pub(crate) home: &'a str,
}

impl Tokens<'_> {
    /// The path that a value names: `~` is the home, and so is where a relative one begins. Nothing
    /// for `none`, and where a token is not known.
    pub(crate) fn path(&self, written: &str) -> Option<PathBuf> {
        if written.eq_ignore_ascii_case("none") {
            return None;
        }
        let path = expand(written, self)?;
        let home = Path::new(self.home);
        match path.strip_prefix("~/") {
            Some(rest) => Some(home.join(rest)),
            None if path.starts_with('~') => None,
            None => Some(home.join(path)),
        }
    }
}

/// The text with its tokens replaced; nothing where one is not known.
pub(super) fn expand(text: &str, tokens: &Tokens<'_>) -> Option<String> {
    let mut expanded = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            expanded.push(character);
            continue;
        }
        let value = match characters.next()? {
            '%' => "%",
            'h' => tokens.host,
            'n' => tokens.original,
            'p' => tokens.port,
            'r' => tokens.user,
            'u' => tokens.local_user,
            'd' => tokens.home,
            _ => return None,
        };
        if value.is_empty() {
            return None;
        }
        expanded.push_str(value);
    }
    Some(expanded)
}
