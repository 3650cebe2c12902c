//! Time as OpenSSH writes it (`sshd_config(5)`, TIME FORMATS).

use std::time::Duration;

/// Reads numbers with a unit each, and one without, which is of seconds: `600`, `10m`, `1h30m`.
pub(super) fn parse(text: &str) -> Result<Duration, &'static str> {
    if text.is_empty() {
        return Err(FORM);
    }
    let mut rest = text;
    let mut seconds: u32 = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let number: u32 = number.parse().map_err(|_| FORM)?;
        let unit = after.chars().next();
        let each = unit.map_or(Some(1), seconds_of).ok_or(FORM)?;
        let more = number.checked_mul(each).ok_or(FORM)?;
        seconds = seconds.checked_add(more).ok_or(FORM)?;
        rest = after.get(unit.map_or(0, char::len_utf8)..).ok_or(FORM)?;
    }
    if i32::try_from(seconds).is_err() {
        return Err(FORM);
    }
    Ok(Duration::from_secs(seconds.into()))
}

fn seconds_of(unit: char) -> Option<u32> {
    match unit {
        's' | 'S' => Some(1),
        'm' | 'M' => Some(60),
        'h' | 'H' => Some(60 * 60),
        'd' | 'D' => Some(24 * 60 * 60),
        'w' | 'W' => Some(7 * 24 * 60 * 60),
        _ => None,
    }
}

const FORM: &str = "write it as 600, 10m, 1h30m, 2d or 1w, no longer than 68 years";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_openssh_is_read() {
        for (text, seconds) in [
            ("0", 0),
            ("600", 600),
            ("600s", 600),
            ("10m", 600),
            ("1h30m", 5_400),
            ("1h30", 3_630),
            ("8H", 28_800),
            ("2d", 172_800),
            ("1w", 604_800),
            ("2147483647", 2_147_483_647),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "x",
            "-1",
            "1x",
            "m",
            "1 m",
            "1.5h",
            "1hm",
            "2147483648",
            "99999999999",
            "4000w",
            "1é",
        ] {
            assert_eq!(parse(text), Err(FORM), "{text}");
        }
    }
}
