//! Passwords and tokens in URLs (RFC 3986, 3.2.1), and the files in which they count.

/// Where the token in a URL ends, in a text that begins with [`BEGIN`].
pub(super) fn token(text: &[u8]) -> Option<usize> {
    let authority = text.get(BEGIN.len()..)?;
    let authority = authority.get(..LONGEST).unwrap_or(authority);
    let end = authority.iter().position(|byte| !is_of_user(*byte))?;
    (authority.get(end) == Some(&b'@')).then_some(())?;
    let behind = authority.get(end + 1)?;
    let user = authority.get(..end)?;
    let secret = match user.iter().position(|byte| *byte == b':') {
        Some(colon) => user.get(colon + 1..).filter(|secret| secret.len() >= 4)?,
        // A token may stand for the user, a name is shorter.
        None => Some(user).filter(|token| token.len() >= 20)?,
    };
    let is_word = WORDS.iter().any(|word| secret.eq_ignore_ascii_case(word));
    (behind.is_ascii_alphanumeric() && !is_word).then_some(BEGIN.len() + end)
}

/// Whether a file of this path is git's configuration, or another that programs take URLs with
/// tokens from.
pub(in crate::verify) fn is_configuration(path: &str) -> bool {
    let path = path.rsplit("!/").next().unwrap_or(path);
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let inside = |part: &str| folder.split('/').any(|name| name == part);
    match name {
        "config" => {
            inside(".git")
                || folder.strip_suffix(".git").is_some()
                || folder.ends_with("config/git")
        }
        "credentials" => folder.ends_with("config/git"),
        _ => NAMES.contains(&name),
    }
}

/// What may stand in a user's name and password: nothing that a shell or a template puts a value
/// for.
fn is_of_user(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!&()+,;=:%".contains(&byte)
}

/// How the authority of a URL begins.
pub(super) const BEGIN: &[u8] = b"://";
const LONGEST: usize = 512;
const NAMES: [&str; 8] = [
    ".gitconfig",
    "gitconfig",
    ".gitmodules",
    ".git-credentials",
    ".npmrc",
    "npmrc",
    ".netrc",
    ".yarnrc",
];
/// What documentation writes for a token, and what hosts take for an empty password.
const WORDS: [&[u8]; 8] = [
    b"password",
    b"passwd",
    b"pass",
    b"token",
    b"secret",
    b"x-oauth-basic",
    b"your-token",
    b"your_token",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_in_urls_are_found_and_placeholders_passed_over() {
        for url in [
            "://me:s3cr3tvalue@h.example/x",
            "://x-access-token:ghs_0123456789abcdef@github.com",
            "://ghp_0123456789abcdef0123456789@github.com/a",
            "://oauth2:gl-0123%40@[::1]",
        ] {
            let is_address = url.ends_with(']');
            assert_eq!(token(url.as_bytes()).is_some(), !is_address, "{url}");
        }
        for url in [
            "://h.example/a:b@c",
            "://git@github.com/a",
            "://user:password@h",
            "://user:${TOKEN}@h",
            "://user:$TOKEN@h",
            "://user:<token>@h",
            "://user:{token}@h",
            "://user:****@h",
            "://user:@h",
            "://h:8080/a",
            "://",
            "://a:bcdef@",
        ] {
            assert_eq!(token(url.as_bytes()), None, "{url}");
        }
    }

    #[test]
    fn tokens_count_in_files_that_programs_take_them_from() {
        for path in [
            "src/app/.git/config",
            ".git/config",
            "src/.git/modules/lib/config",
            "srv/app.git/config",
            "root/.gitconfig",
            "etc/gitconfig",
            "root/.config/git/credentials",
            "root/.git-credentials",
            "app/.npmrc",
            "root/.netrc",
            "srv/a.tgz!/package/.npmrc",
        ] {
            assert!(is_configuration(path), "{path}");
        }
        for path in [
            "config",
            "etc/ssh/config",
            "README.md",
            "root/.gitconfig.md",
            "a/credentials",
        ] {
            assert!(!is_configuration(path), "{path}");
        }
    }
}
