//! Texts that are shown, without the key that they may hold: a file may be named by the key that is
//! in it, and an instruction may write a key or fetch from a URL with a token.

use bytes::Bytes;
use tokio::sync::mpsc;

use super::{Matcher, MatcherError, others::without_secrets, text::shortened};

/// Cuts the texts to a length that is shown, and withholds those that hold a key.
pub(super) async fn censor(
    texts: Vec<&mut String>,
    matcher: &impl Matcher,
) -> Result<(), MatcherError> {
    let mut all = Vec::new();
    let mut ends = Vec::new();
    for text in &texts {
        all.extend_from_slice(text.as_bytes());
        all.extend_from_slice(&APART);
        ends.push(u64::try_from(all.len()).unwrap_or(u64::MAX));
    }
    if all.is_empty() {
        return Ok(());
    }
    let (sender, receiver) = mpsc::channel(1);
    // The channel has room for the one message.
    drop(sender.try_send(Bytes::from(all)));
    drop(sender);
    let report = matcher.scan(receiver).await?;
    let mut begin = 0;
    for (text, end) in texts.into_iter().zip(ends) {
        let holds_a_key = report
            .hits
            .iter()
            .any(|hit| (begin..end).contains(&hit.offset));
        let is_unsure = report.truncated || report.bytes < end;
        *text = if holds_a_key || is_unsure {
            withheld(text)
        } else {
            shortened(&without_secrets(text))
        };
        begin = end;
    }
    Ok(())
}

/// What is shown for a text that holds the key: the word of its instruction, if it is one.
fn withheld(text: &str) -> String {
    match text.split_once(' ') {
        Some((word, _))
            if word.len() <= LONGEST_WORD && word.bytes().all(|byte| byte.is_ascii_uppercase()) =>
        {
            format!("{word} {WITHHELD}")
        }
        _ => WITHHELD.to_owned(),
    }
}

/// More than what the search takes for one place.
const APART: [u8; 1024] = [b'\n'; 1024];
const WITHHELD: &str = "[withheld, it holds the key]";
/// As long as `HEALTHCHECK`.
const LONGEST_WORD: usize = 11;
