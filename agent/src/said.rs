//! What another program or host said, for a person.

use keystay_proto::printable;

/// Everything that was said, as one line.
pub(crate) fn line(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    printable(lines.collect::<Vec<_>>().join(" / "))
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn a_line_tells_all_lines() {
        let said = b"\r\nERROR: Repository not found.\nfatal: \x1b[31mno\r\n\n";
        assert_eq!(
            line(said),
            "ERROR: Repository not found. / fatal: \\u{1b}[31mno"
        );
    }
}
