//! Which names are those of secrets. Guesses, by what people call them; a name says nothing about the
//! value, so none of these is more than a warning by itself.

/// Whether a variable is named like a secret.
pub(super) fn is_secret_variable(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let words: Vec<&str> = upper.split(['_', '-', '.']).collect();
    let has = |list: &[&str]| words.iter().any(|word| list.contains(word));
    if has(PUBLIC) {
        return false;
    }
    if has(&["SSH"]) && words.iter().any(|word| word.contains("KEY")) {
        return true;
    }
    let ends_harmless = words.last().is_some_and(|word| ABOUT.contains(word));
    let is_glued = GLUED.iter().any(|end| upper.ends_with(end));
    (has(SECRET) || is_glued) && !ends_harmless
}

/// Whether the last part of a path is that of a private key or of logins.
pub(super) fn is_key_path(path: &str) -> bool {
    let path = path.trim_matches(['"', '\'']).trim_end_matches('/');
    let name = path.rsplit('/').next().unwrap_or_default();
    let lower = name.to_ascii_lowercase();
    if LOGINS.contains(&lower.as_str()) || path.ends_with(".kube/config") {
        return true;
    }
    if let Some(kind) = lower.strip_prefix("id_") {
        let is_kind = |known: &&str| match kind.split_once('*') {
            Some((start, _)) => known.starts_with(start) || start.contains(*known),
            None => kind.contains(*known),
        };
        return !lower.contains('.') && KINDS.iter().any(is_kind);
    }
    let Some((stem, extension)) = lower.rsplit_once('.') else {
        return false;
    };
    match extension {
        "ppk" => true,
        "pem" | "key" => !OPEN.iter().any(|word| stem.contains(word)),
        _ => false,
    }
}

/// Whether a path is in a folder of ssh's and is not one of the files there that anybody may see.
pub(super) fn is_in_ssh_folder(path: &str) -> bool {
    let path = path.trim_matches(['"', '\'']);
    let Some((_, name)) = path.rsplit_once(".ssh/") else {
        return false;
    };
    let harmless = [
        "known_hosts",
        "known_hosts2",
        "config",
        "authorized_keys",
        "environment",
    ];
    let is_public = name
        .rsplit_once('.')
        .is_some_and(|(_, extension)| extension == "pub");
    !name.is_empty() && !harmless.contains(&name) && !is_public && !name.contains('*')
}

/// Whether a file at this path is taken for a key.
pub(super) fn is_key_place(path: &str) -> bool {
    is_key_path(path) || is_in_ssh_folder(path)
}

/// Whether a file at this path is taken for a key that ssh logs in with.
pub(super) fn is_ssh_key_place(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    is_in_ssh_folder(path) || (name.starts_with("id_") && is_key_path(path))
}

/// The names of the variables that a text expands: `$name` and `${name…}`.
pub(super) fn variables(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for (at, _) in text.match_indices('$') {
        let rest = text.get(at + 1..).unwrap_or_default();
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        let name = rest.get(..end).unwrap_or_default();
        if !name.is_empty() {
            names.push(name);
        }
    }
    names
}

/// Whether a text expands a variable that is named like a secret.
pub(super) fn secret_variable(text: &str) -> Option<&str> {
    variables(text)
        .into_iter()
        .find(|name| is_secret_variable(name))
}

/// Whether a path is ssh's own folder of a user.
pub(super) fn is_ssh_folder(path: &str) -> bool {
    let path = path.trim_matches(['"', '\'']).trim_end_matches(['/', '*']);
    path == ".ssh" || path.ends_with("/.ssh")
}

/// Whether a path is that of a list of host keys.
pub(super) fn is_hosts_file(path: &str) -> bool {
    let path = path.trim_matches(['"', '\'']);
    path.ends_with(".ssh/known_hosts") || path.ends_with("/ssh_known_hosts")
}

/// Whether a text has this name in it, not as a part of a longer one.
pub(super) fn mentions(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    !name.is_empty()
        && text.match_indices(name).any(|(at, _)| {
            let before = text.get(..at).unwrap_or_default().chars().next_back();
            let behind = text
                .get(at + name.len()..)
                .unwrap_or_default()
                .chars()
                .next();
            !before.is_some_and(is_part) && !behind.is_some_and(is_part)
        })
}

/// The option in a line that turns checks of host keys off.
pub(super) fn unchecked(line: &str) -> Option<&'static str> {
    if line.trim_start().starts_with('#') {
        return None;
    }
    let lower = line.to_ascii_lowercase();
    let behind = |name: &str, value: &str| {
        lower.match_indices(name).any(|(at, _)| {
            let rest = lower.get(at + name.len()..).unwrap_or_default();
            let rest = rest.trim_start_matches(['=', ' ', '\t', '"', '\'']);
            rest.strip_prefix(value)
                .is_some_and(|end| !end.starts_with(|c: char| c.is_ascii_alphanumeric()))
        })
    };
    if behind("stricthostkeychecking", "no") || behind("stricthostkeychecking", "off") {
        return Some("StrictHostKeyChecking=no");
    }
    behind("userknownhostsfile", "/dev/null").then_some("UserKnownHostsFile=/dev/null")
}

const SECRET: &[&str] = &[
    "KEY",
    "KEYS",
    "TOKEN",
    "TOKENS",
    "SECRET",
    "SECRETS",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "CREDENTIAL",
    "CREDENTIALS",
    "APIKEY",
    "PRIVKEY",
    "PAT",
];
const GLUED: &[&str] = &[
    "TOKEN",
    "PASSWORD",
    "APIKEY",
    "_B64",
    "SECRETKEY",
    "PRIVATEKEY",
];
/// Words of names of what everybody may know.
const PUBLIC: &[&str] = &[
    "PUBLIC",
    "PUB",
    "GPG",
    "KEYRING",
    "FINGERPRINT",
    "APT",
    "HOSTKEY",
    "KNOWN",
    "SIGNING",
];
/// Last words of names that are about a secret, and not one.
const ABOUT: &[&str] = &[
    "URL", "ID", "NAME", "VERSION", "SERVER", "SIZE", "TYPE", "LENGTH", "PORT", "HOST", "PATH",
    "DIR", "BITS", "ENABLED", "TTL", "EXPIRY", "SHA256", "FORMAT",
];
const LOGINS: &[&str] = &[".ssh", ".netrc", "_netrc", ".git-credentials", "kubeconfig"];
const KINDS: &[&str] = &[
    "rsa", "dsa", "ecdsa", "ed25519", "xmss", "key", "deploy", "git",
];
/// Parts of names of files that are certificates or public keys.
const OPEN: &[&str] = &["cert", "ca", "chain", "pub", "root", "bundle", "trust"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_told_by_their_words() {
        for name in [
            "SSH_KEY_FILE",
            "SSH_PRIVATE_KEY",
            "NPM_TOKEN",
            "GITHUB_TOKEN",
            "DB_PASSWORD",
            "API_KEY",
            "id_rsa_b64",
            "DEPLOY_KEY_B64",
            "aws_secret_access_key",
            "GHTOKEN",
            "GITHUB_PAT",
        ] {
            assert!(is_secret_variable(name), "{name}");
        }
        for name in [
            "GPG_KEY",
            "GPG_KEYS",
            "KEYCLOAK_VERSION",
            "SSH_PORT",
            "SSH_PUBLIC_KEY",
            "KEYBOARD",
            "API_KEY_URL",
            "KEY_ID",
            "TOKENIZERS_PARALLELISM",
            "PATH",
            "MONKEY",
            "APT_KEY",
            "SSH_AUTH_SOCK",
            "JWT_TOKEN_TTL",
            "SSH_KNOWN_HOSTS",
            "NODE_VERSION",
            "COMPAT",
        ] {
            assert!(!is_secret_variable(name), "{name}");
        }
    }

    #[test]
    fn key_files_are_told_by_their_names() {
        for path in [
            "id_rsa",
            "keys/id_ed25519",
            ".ssh",
            "root/.ssh/",
            "deploy.pem",
            "tls/server.key",
            "a.ppk",
            "\"id_rsa\"",
            ".netrc",
            "x/.git-credentials",
            "id_deploy",
            "id_*",
            "id_ed*",
            "id_rsa*",
            ".kube/config",
        ] {
            assert!(is_key_path(path), "{path}");
        }
        for path in [
            "id_rsa.pub",
            "ca.pem",
            "certs/fullchain.pem",
            "id_card",
            "id_card*",
            "id_*.pub",
            "keys",
            "package.json",
            "public.key",
            "known_hosts",
            "config",
            "monkey",
            "",
            "ID.txt",
        ] {
            assert!(!is_key_path(path), "{path}");
        }
    }

    #[test]
    fn files_beside_keys_are_no_keys() {
        assert!(is_in_ssh_folder("/root/.ssh/key"));
        assert!(is_in_ssh_folder("~/.ssh/id"));
        for path in [
            "/root/.ssh/known_hosts",
            "/root/.ssh/",
            "~/.ssh/a.pub",
            "/root/x",
            "~/.ssh/*",
        ] {
            assert!(!is_in_ssh_folder(path), "{path}");
        }
    }

    #[test]
    fn variables_are_found_in_both_forms() {
        assert_eq!(variables("a $B ${C:-$D}/$ $1x"), ["B", "C", "D", "1x"]);
        assert_eq!(secret_variable("x$PATH${NPM_TOKEN}"), Some("NPM_TOKEN"));
    }
}
