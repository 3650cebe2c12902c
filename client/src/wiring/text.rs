//! What the text of a step tells about what it fetches.

use super::FetchTerms;
use crate::dockerfile::Instruction;

/// The commands of a step: its arguments and the bodies of its heredocs.
pub(super) fn of<'a>(
    step: &'a Instruction,
    source: &'a str,
) -> impl Iterator<Item = &'a str> + Clone {
    let bodies = step
        .heredocs
        .iter()
        .map(|heredoc| heredoc.body.text(source));
    std::iter::once(step.command.arguments.as_str()).chain(bodies)
}

/// Whether a text names a URL that is fetched over ssh: `ssh://…`, `git+ssh://…`, `git@host:…` with
/// the login name of the terms, or an `https` URL that is rewritten to one.
pub(super) fn names_fetch(text: &str, terms: &FetchTerms) -> bool {
    text.contains("ssh://") || names_scp(text, &terms.user) || terms.rewrites.are_named_in(text)
}

fn names_scp(text: &str, user: &str) -> bool {
    let mark = format!("{user}@");
    let is_word = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    text.match_indices(&mark).any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default();
        let behind = text.get(at + mark.len()..).unwrap_or_default();
        let host = behind.trim_start_matches(|c: char| is_word(c) || "[]$".contains(c));
        let is_host = host.len() < behind.len();
        let has_path = host
            .strip_prefix(':')
            .is_some_and(|path| path.starts_with(|c: char| !c.is_whitespace()));
        is_host && has_path && !before.ends_with(is_word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn login_name_host_and_path_make_an_ssh_url() {
        for (text, named) in [
            ("git clone git@github.com:acme/lib.git", true),
            ("npm i 'git@[::1]:a'", true),
            ("pip install x@git@h:a", true),
            ("go get $X git@$HOST:a", true),
            ("digit@h:a", false),
            ("git@h", false),
            ("git@h: a", false),
            ("git@ h:a", false),
            ("npm i a@npm:b", false),
        ] {
            assert_eq!(names_scp(text, "git"), named, "{text}");
        }
        assert!(names_scp("deploy@h:a", "deploy"));
        assert!(!names_scp("deploy@h:a", "git"));
    }
}
