//! Which `ADD`s `BuildKit`'s own git serves.

use super::{Passed, is_ssh_git_url};
use crate::dockerfile::{Command, Dockerfile, Instruction, Keyword};

/// The `ADD`s over ssh of a Dockerfile, as far as they can be told before its variables have their values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Adds {
    /// Whether a variable may be an ssh URL.
    has_urls: bool,
}

impl Adds {
    pub(super) fn of(dockerfile: &Dockerfile<'_>, passed: &Passed) -> Self {
        let mut set = dockerfile.instructions().map(|it| &it.command);
        Self {
            has_urls: passed.has_ssh_url || set.any(sets_url),
        }
    }

    /// Whether the instruction is an `ADD` over ssh, or may be one. It always uses the default id.
    pub(super) fn is_over_ssh(self, instruction: &Instruction) -> bool {
        let command = instruction.trigger.as_ref().unwrap_or(&instruction.command);
        let words = command.words();
        let sources = words.split_last().map_or(&[][..], |(_, sources)| sources);
        command.keyword == Keyword::Add && sources.iter().any(|source| self.may_be_url(source))
    }

    fn may_be_url(self, source: &str) -> bool {
        let (filled, defaults) = without_variables(source);
        let is_all = source.starts_with('$');
        is_ssh_git_url(&filled)
            || is_all && (self.has_urls || defaults.into_iter().any(is_ssh_git_url))
    }
}

/// Whether the command gives a variable an ssh URL.
fn sets_url(command: &Command) -> bool {
    let is_url = |word: &&str| {
        let value = word.split_once('=').map_or(*word, |(_, value)| value);
        is_ssh_git_url(&without_variables(value).0)
    };
    matches!(command.keyword, Keyword::Arg | Keyword::Env) && command.words().iter().any(is_url)
}

/// A text with a letter for each variable, and what variables are where they have no value.
fn without_variables(text: &str) -> (String, Vec<&str>) {
    let (mut filled, mut defaults, mut rest) = (String::new(), Vec::new(), text);
    while let Some((before, behind)) = rest.split_once('$') {
        filled = filled + before + "x";
        rest = match behind.strip_prefix('{').and_then(|it| it.split_once('}')) {
            Some((inner, behind)) => {
                defaults.extend(inner.split_once(['-', '+']).map(|(_, default)| default));
                behind
            }
            None => behind.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'),
        };
    }
    (filled + rest, defaults)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_over_ssh(text: &str, passed: &Passed) -> bool {
        let dockerfile = Dockerfile::parse(text).unwrap();
        let adds = Adds::of(&dockerfile, passed);
        dockerfile.instructions().any(|it| adds.is_over_ssh(it))
    }

    #[test]
    fn what_may_become_an_ssh_url_counts_as_one() {
        for (text, expected) in [
            ("FROM a\nADD git@h:r /r\n", true),
            ("FROM a\nONBUILD ADD ssh://git@h/r /r\n", true),
            ("FROM a\nADD git@$H:r /r\n", true),
            ("FROM a\nADD git@${H}.example:$R /r\n", true),
            ("FROM a\nADD ${R:-git@my-host:r} /r\n", true),
            ("ARG R=git@h:r\nFROM a\nARG R\nADD $R /r\n", true),
            ("FROM a\nENV R git@h:r\nADD ${R} /r\n", true),
            ("FROM a\nARG R=git@$H:r\nADD $R#v1 /r\n", true),
            ("FROM a\nARG R=git@h:r\nADD x /r\n", false),
            ("FROM a\nARG R=git@h:r\nADD https://h/$R /r\n", false),
            ("FROM a\nARG JAR=a.jar\nADD $JAR /r\n", false),
            ("FROM a\nADD https://git@$H:1/r /r\n", false),
            ("FROM a\nCOPY git@h:r /r\n", false),
        ] {
            assert_eq!(is_over_ssh(text, &Passed::default()), expected, "{text}");
        }
        let passed = Passed {
            has_ssh_url: true,
            ..Passed::default()
        };
        assert!(is_over_ssh("FROM a\nARG R\nADD $R /r\n", &passed));
        assert!(!is_over_ssh("FROM a\nARG R\nADD r$R /r\n", &passed));
    }
}
