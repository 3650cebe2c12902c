//! What may pass first: up, the protocol; down, no error.

/// Whether output is, or may with more bytes become, a pkt-line that begins with `ERR `.
pub(super) fn may_be_error(output: &[u8]) -> bool {
    let (length, rest) = output.split_at(output.len().min(LENGTH_DIGITS));
    if !length.iter().all(u8::is_ascii_hexdigit) {
        return false;
    }
    let said = str::from_utf8(length).ok();
    let number = said.and_then(|digits| usize::from_str_radix(digits, 16).ok());
    let too_short = length.len() == LENGTH_DIGITS && number.is_none_or(|number| number < ERROR_AT);
    !too_short && (ERROR.starts_with(rest) || rest.starts_with(ERROR))
}

/// Whether a value is one that git sets `GIT_PROTOCOL` to.
pub(super) fn is_protocol(value: &str) -> bool {
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'=' | b':' | b'.' | b'-');
    (1..=MAX_PROTOCOL).contains(&value.len()) && value.bytes().all(plain)
}

const MAX_PROTOCOL: usize = 64;
const LENGTH_DIGITS: usize = 4;
const ERROR: &[u8] = b"ERR ";
/// Where the text of an error begins.
pub(super) const ERROR_AT: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_be_an_error_is_held() {
        for held in [
            "0",
            "0010",
            "0010E",
            "0010ERR",
            "0010ERR not found",
            "ffffERR ",
        ] {
            assert!(may_be_error(held.as_bytes()), "{held}");
        }
        for passed in [
            "0000",
            "00000009",
            "000eversion 2\n",
            "0004",
            "{\"href\"",
            "00100ERR",
            "PACK",
        ] {
            assert!(!may_be_error(passed.as_bytes()), "{passed}");
        }
    }

    #[test]
    fn only_what_git_sets_is_passed_as_protocol() {
        let long = "v".repeat(65);
        for good in ["version=2", "version=1:object-format=sha256"] {
            assert!(is_protocol(good), "{good}");
        }
        for bad in ["", "version=2\n", "a b", "$(x)", "é", "A", &long] {
            assert!(!is_protocol(bad), "{bad}");
        }
    }
}
