//! Frames of the agent protocol: a length word of 4 bytes, then that many bytes (RFC 9987 §3).

use crate::limits::{MAX_MESSAGE, MAX_TUNNEL_REPLY};

/// A frame longer than [`MAX_MESSAGE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message of {length} bytes, longer than {MAX_MESSAGE}")]
pub struct FrameTooLong {
    /// The length that was announced or asked for, in bytes.
    pub length: u32,
}

/// The body of a frame, and what follows the frame.
pub type BodyAndRest<'a> = (&'a [u8], &'a [u8]);

/// The body of the first frame in `buffer` and what follows it, or `None` when more bytes are
/// needed.
///
/// The length is judged as soon as its 4 bytes are there. A frame may be empty; no message is.
pub fn split(buffer: &[u8]) -> Result<Option<BodyAndRest<'_>>, FrameTooLong> {
    let Some((word, rest)) = buffer.split_first_chunk() else {
        return Ok(None);
    };
    let length = u32::from_be_bytes(*word);
    match usize::try_from(length) {
        Ok(count) if count <= MAX_MESSAGE => Ok(rest.split_at_checked(count)),
        _ => Err(FrameTooLong { length }),
    }
}

/// Appends `body` to `out` as one frame, or nothing if it is longer than [`MAX_MESSAGE`].
pub fn join(body: &[u8], out: &mut Vec<u8>) -> Result<(), FrameTooLong> {
    join_up_to(MAX_MESSAGE, body, out)
}

/// Appends a reply to `out` as one frame, or nothing if it is longer than [`MAX_TUNNEL_REPLY`].
pub fn join_reply(body: &[u8], out: &mut Vec<u8>) -> Result<(), FrameTooLong> {
    join_up_to(MAX_TUNNEL_REPLY, body, out)
}

fn join_up_to(limit: usize, body: &[u8], out: &mut Vec<u8>) -> Result<(), FrameTooLong> {
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    if body.len() > limit {
        return Err(FrameTooLong { length });
    }
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(body);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_split_from_what_follows() {
        assert_eq!(split(&[0, 0, 0, 1, 11, 0]), Ok(Some((&[11][..], &[0][..]))));
    }

    #[test]
    fn a_part_of_a_frame_asks_for_more() {
        for part in [&[][..], &[0, 0, 0], &[0, 0, 0, 1], &[0, 4, 0, 0, 1]] {
            assert_eq!(split(part), Ok(None));
        }
    }

    #[test]
    fn a_length_beyond_the_cap_is_refused_before_its_bytes_come() {
        assert_eq!(
            split(&[0, 4, 0, 1]),
            Err(FrameTooLong {
                length: 0x0004_0001
            })
        );
        assert_eq!(split(&[0xff; 4]), Err(FrameTooLong { length: u32::MAX }));
    }

    #[test]
    fn an_empty_frame_is_a_frame() {
        assert_eq!(split(&[0, 0, 0, 0, 9]), Ok(Some((&[][..], &[9][..]))));
    }

    #[test]
    fn the_longest_body_is_joined_and_one_more_byte_is_refused() {
        let mut out = Vec::new();
        assert_eq!(join(&vec![0; MAX_MESSAGE], &mut out), Ok(()));
        assert_eq!(
            split(&out).map(|frame| frame.map(|(body, _)| body.len())),
            Ok(Some(MAX_MESSAGE))
        );
        let mut out = Vec::new();
        let refused = Err(FrameTooLong {
            length: 0x0004_0001,
        });
        assert_eq!(join(&vec![0; MAX_MESSAGE + 1], &mut out), refused);
        assert_eq!(out, []);
    }
}
