//! The messages of the agent protocol (RFC 9987) that a client needs to list and sign.

use crate::sign::put_string;

/// One entry of an agent's list.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) blob: Vec<u8>,
    pub(crate) comment: Vec<u8>,
}

/// What an answer says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer<T> {
    Success(T),
    Failure,
    Unexpected,
}

/// `SSH_AGENTC_REQUEST_IDENTITIES`, framed.
pub(super) fn list_request() -> Vec<u8> {
    framed(&[REQUEST_IDENTITIES])
}

/// `SSH_AGENTC_SIGN_REQUEST`, framed.
pub(super) fn sign_request(blob: &[u8], data: &[u8], flags: u32) -> Vec<u8> {
    let mut body = vec![SIGN_REQUEST];
    put_string(&mut body, blob);
    put_string(&mut body, data);
    body.extend_from_slice(&flags.to_be_bytes());
    framed(&body)
}

/// Reads an answer to [`list_request`].
pub(super) fn identities(answer: &[u8]) -> Answer<Vec<Identity>> {
    read(answer, IDENTITIES_ANSWER, |body| {
        let count = take_u32(body)?;
        (0..count).map(|_| identity(body)).collect()
    })
}

/// Reads an answer to [`sign_request`].
pub(super) fn signature(answer: &[u8]) -> Answer<Vec<u8>> {
    read(answer, SIGN_RESPONSE, |body| {
        take_string(body).map(<[u8]>::to_vec)
    })
}

fn framed(body: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(4 + body.len());
    put_string(&mut frame, body);
    frame
}

fn read<T>(answer: &[u8], success: u8, decode: impl FnOnce(&mut &[u8]) -> Option<T>) -> Answer<T> {
    match answer.split_first() {
        Some((number, mut body)) if *number == success => match decode(&mut body) {
            Some(value) if body.is_empty() => Answer::Success(value),
            _ => Answer::Unexpected,
        },
        Some((number, _)) if FAILURES.contains(number) => Answer::Failure,
        _ => Answer::Unexpected,
    }
}

fn identity(body: &mut &[u8]) -> Option<Identity> {
    let blob = take_string(body)?.to_vec();
    Some(Identity {
        blob,
        comment: take_string(body)?.to_vec(),
    })
}

fn take_u32(body: &mut &[u8]) -> Option<u32> {
    let (number, rest) = body.split_first_chunk()?;
    *body = rest;
    Some(u32::from_be_bytes(*number))
}

fn take_string<'a>(body: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = usize::try_from(take_u32(body)?).ok()?;
    let (string, rest) = body.split_at_checked(len)?;
    *body = rest;
    Some(string)
}

const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;
/// `SSH_AGENT_FAILURE`, `SSH_AGENT_EXTENSION_FAILURE` and their two predecessors.
const FAILURES: [u8; 4] = [5, 28, 30, 102];

#[cfg(test)]
mod tests {
    use super::{Answer, Identity, identities, list_request, sign_request, signature};

    #[test]
    fn requests_are_framed() {
        assert_eq!(list_request(), [0, 0, 0, 1, 11]);
        assert_eq!(
            sign_request(b"k", b"da", 4),
            [
                0, 0, 0, 16, 13, 0, 0, 0, 1, b'k', 0, 0, 0, 2, b'd', b'a', 0, 0, 0, 4
            ]
        );
    }

    #[test]
    fn answers_are_read_strictly() {
        let entry = Identity {
            blob: b"k".to_vec(),
            comment: Vec::new(),
        };
        let one = [12, 0, 0, 0, 1, 0, 0, 0, 1, b'k', 0, 0, 0, 0];
        assert_eq!(identities(&one), Answer::Success(vec![entry]));
        assert_eq!(identities(&one[..13]), Answer::Unexpected);
        assert_eq!(identities(&[&one[..], &[0]].concat()), Answer::Unexpected);
        assert_eq!(
            identities(&[12, 0xff, 0xff, 0xff, 0xff]),
            Answer::Unexpected
        );
        assert_eq!(identities(&[]), Answer::Unexpected);
        assert_eq!(identities(&[6]), Answer::Unexpected);
        assert_eq!(signature(&[14, 0, 0, 0, 1, 7]), Answer::Success(vec![7]));
        assert_eq!(signature(&[14, 0, 0, 0, 2, 7]), Answer::Unexpected);
        assert_eq!(signature(&one), Answer::Unexpected);
    }

    #[test]
    fn every_failure_number_is_a_failure() {
        for number in [5, 28, 30, 102] {
            assert_eq!(signature(&[number]), Answer::Failure);
        }
    }
}
