//! L6 and L9: how steps reach repositories.

use crate::lint::{
    Problem,
    names::secret_variable,
    rule::{L6, L9},
    script::Simple,
    step::File,
};

pub(super) fn check(file: &File<'_>, problems: &mut Vec<Problem>) {
    let source = file.dockerfile.source();
    for step in &file.steps {
        let has_mount = step.mounts.iter().any(|mount| mount.kind() == "ssh");
        for (at, command) in step.commands().filter(|_| !has_mount) {
            if let Some(url) = fetched_over_ssh(command) {
                let message = format!("`{}` fetches {url}", command.program());
                problems.push(Problem::new(&L6, file.line_of(at), message));
            }
        }
        for (at, host) in logins(step.instruction.span.text(source)) {
            let at = step.instruction.span.start + at;
            let message = format!("a URL of {host} holds a login");
            problems.push(Problem::new(&L9, file.line_of(at), message));
        }
    }
}

/// The URL that a command fetches from over ssh.
fn fetched_over_ssh(command: &Simple) -> Option<&str> {
    let arguments = command.arguments();
    let is_fetching = match command.program() {
        "git" => arguments.iter().any(|word| GIT.contains(&word.as_str())),
        "npm" | "yarn" | "pnpm" | "go" | "pip" | "pip3" | "cargo" | "bundle" | "composer"
        | "uv" | "poetry" => true,
        _ => false,
    };
    let is_ssh = |word: &&String| {
        ["git@", "ssh://", "git+ssh://"]
            .iter()
            .any(|start| word.starts_with(start))
            || word.contains("git+ssh://")
    };
    let found = arguments.iter().filter(|_| is_fetching).find(is_ssh)?;
    Some(found.as_str())
}

/// Where URLs hold a password or a token, and of which hosts.
fn logins(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for scheme in ["https://", "http://"] {
        for (at, _) in text.match_indices(scheme) {
            let is_comment = text
                .get(..at)
                .and_then(|before| before.rsplit('\n').next())
                .is_some_and(|line| line.trim_start().starts_with('#'));
            let rest = text.get(at + scheme.len()..).unwrap_or_default();
            if let Some((login, host)) = split(rest).filter(|_| !is_comment)
                && is_login(login)
            {
                found.push((at, host.to_owned()));
            }
        }
    }
    found
}

/// What stands before the `@` of a URL, and the host behind it.
fn split(rest: &str) -> Option<(&str, &str)> {
    let mut depth = 0_usize;
    let end = rest.char_indices().take(LONGEST_LOGIN).find(|(_, c)| {
        match c {
            '(' | '{' => depth += 1,
            ')' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && matches!(c, '@' | '/' | ' ' | '\t' | '\n' | '"' | '\'' | '?' | '#')
    });
    let (at, '@') = end? else { return None };
    let host = rest.get(at + 1..)?;
    let end = host
        .find(|c: char| !(c.is_ascii_alphanumeric() || ".-:_".contains(c)))
        .unwrap_or(host.len());
    Some((rest.get(..at)?, host.get(..end)?))
}

fn is_login(login: &str) -> bool {
    let password = login
        .split_once(':')
        .is_some_and(|(_, password)| !password.is_empty());
    password || secret_variable(login).is_some() || login.contains("$(") || login.contains('`')
}

const GIT: [&str; 5] = ["clone", "fetch", "pull", "ls-remote", "submodule"];
/// As far as the `@` of a URL is looked for, in characters.
const LONGEST_LOGIN: usize = 4096;
