//! Where a destination says that its host is.

/// `host`, `host:port`, `[address]` or `[address]:port`.
pub(crate) fn host_and_port(place: &[u8]) -> (&[u8], Option<&[u8]>) {
    if let Some(rest) = place.strip_prefix(b"[") {
        let (address, port) = split_last(rest, b']');
        return match (address, port) {
            (Some(address), []) => (address, None),
            (Some(address), [b':', port @ ..]) => (address, Some(port)),
            _ => (b"", None),
        };
    }
    match split_last(place, b':') {
        (Some(host), port) => (host, Some(port)),
        (None, host) => (host, None),
    }
}

/// What stands before the last `separator`, if there is one, and what stands after it.
pub(crate) fn split_last(text: &[u8], separator: u8) -> (Option<&[u8]>, &[u8]) {
    let at = text.iter().rposition(|byte| *byte == separator);
    match at.and_then(|at| Some((text.get(..at)?, text.get(at..)?.get(1..)?))) {
        Some((before, after)) => (Some(before), after),
        None => (None, text),
    }
}

/// A port number that may be connected to.
pub(crate) fn port(digits: &[u8]) -> Option<u16> {
    let port = str::from_utf8(digits).ok()?.parse().ok()?;
    (port != 0).then_some(port)
}
