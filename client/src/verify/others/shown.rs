//! Texts that are shown, without secrets of others.

use super::url;

/// The text without the tokens in its URLs, and up to where a key begins.
pub(in crate::verify) fn without_secrets(text: &str) -> String {
    let begin = KEYS.iter().filter_map(|begin| text.find(begin)).min();
    let (text, end) = match begin.and_then(|begin| text.get(..begin)) {
        Some(before) => (before, MASK),
        None => (text, ""),
    };
    let mut parts = text.split(URL);
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        shown.push_str(URL);
        let url = [URL, part].concat();
        match url::token(url.as_bytes()).and_then(|end| url.get(end..)) {
            Some(host) => {
                shown.push_str(MASK);
                shown.push_str(host);
            }
            None => shown.push_str(part),
        }
    }
    shown + end
}

/// How texts of keys begin.
const KEYS: [&str; 3] = ["-----BEGIN ", "LS0tLS1CRUdJTi", "PuTTY-User-Key-File-"];
const URL: &str = "://";
const MASK: &str = "[withheld]";

#[cfg(test)]
mod tests {
    use super::{
        super::{encoded, pem, putty},
        *,
    };

    #[test]
    fn what_is_shown_holds_no_token_and_no_key() {
        let begins = [pem::BEGIN, encoded::BEGIN, putty::BEGIN];
        assert_eq!(
            (KEYS.map(str::as_bytes), URL.as_bytes()),
            (begins, url::BEGIN)
        );
        for (text, expected) in [
            (
                "RUN git clone https://me:hunter2@git.example/a && true",
                "RUN git clone https://[withheld]@git.example/a && true",
            ),
            (
                "a://x:1234@h b://y:5678@h",
                "a://[withheld]@h b://[withheld]@h",
            ),
            (
                "RUN echo \"-----BEGIN PRIVATE KEY-----MC4CAQ\" > k",
                "RUN echo \"[withheld]",
            ),
            ("ENV K=LS0tLS1CRUdJTiBQUklWQVRF", "ENV K=[withheld]"),
            ("ADD https://h.example/é /", "ADD https://h.example/é /"),
            (
                "RUN git clone ssh://git@h.example:22/a",
                "RUN git clone ssh://git@h.example:22/a",
            ),
        ] {
            assert_eq!(without_secrets(text), expected);
        }
    }
}
