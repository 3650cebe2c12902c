//! Which sources of an `ADD`, and which build contexts, `BuildKit`'s own git fetches over ssh.

/// Whether `BuildKit` takes this for a git repository reached over ssh: `ssh://…`, or `user@host:path`.
#[must_use]
pub fn is_ssh_git_url(source: &str) -> bool {
    match source.split_once("://") {
        Some((scheme, _)) if is_scheme(scheme) => scheme.eq_ignore_ascii_case("ssh"),
        _ => is_scp_style(source),
    }
}

fn is_scheme(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_scp_style(source: &str) -> bool {
    let Some((user, rest)) = source.split_once('@') else {
        return false;
    };
    let Some((host, _)) = rest.split_once(':') else {
        return false;
    };
    let made_of = |text: &str, more: &[u8]| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
    };
    made_of(user, b"-_") && made_of(host, b"-.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ssh_urls_of_buildkits_two_forms_count() {
        for (source, ssh) in [
            ("git@github.com:acme/lib.git", true),
            ("git@github.com:acme/lib.git#main:sub", true),
            ("deploy-1_x@git.acme.internal:lib", true),
            ("ssh://git@github.com/acme/lib.git", true),
            ("SSH://git@github.com:2222/acme/lib", true),
            ("https://git@github.com/acme/lib.git", false),
            ("https://user@host:443/lib.git", false),
            ("git://host/lib.git", false),
            ("github.com/acme/lib", false),
            ("host:path", false),
            ("@host:path", false),
            ("git@host", false),
            ("a b@host:path", false),
            ("./git@host:path", false),
            ("git+ssh://git@host/lib", false),
            ("", false),
        ] {
            assert_eq!(is_ssh_git_url(source), ssh, "{source}");
        }
    }
}
