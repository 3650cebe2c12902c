//! Properties of every wire type, over arbitrary values and damaged vectors.

use keystay_proto::{
    Signature,
    agent::{Extension, Identity, MessageNumber, Request, Response, SignFlags, SignRequest},
    frame,
    limits::{MAX_GIT_COMMAND, MAX_GIT_PROTOCOL, MAX_HOST, MAX_MESSAGE, MAX_USER},
    sshsig::SignedData,
    tunnel,
    userauth::Userauth,
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::support::vectors;

#[cfg(test)]
#[path = "support/vectors.rs"]
mod support;

proptest! {
    #[test]
    fn a_tunnel_request_is_kept(
        id: [u8; 16],
        texts in (bytes(), bytes(), bytes(), bytes()),
        places: (u64, u64, u64, u32, u16),
        input_ends: bool,
    ) {
        let (user, host, command, git_protocol) = &texts;
        let (input_offset, output_offset, error_offset, room, wait) = places;
        let open = tunnel::Open {
            user: cut(user, MAX_USER),
            host: cut(host, MAX_HOST),
            port: wait,
            command: cut(command, MAX_GIT_COMMAND),
            git_protocol: cut(git_protocol, MAX_GIT_PROTOCOL),
        };
        let exchange = tunnel::Exchange {
            input_offset,
            input: command,
            input_ends,
            output_offset,
            error_offset,
            room,
            wait,
        };
        let requests = [
            tunnel::Request::Open(open),
            tunnel::Request::Exchange(exchange),
            tunnel::Request::Close,
        ];
        for request in requests {
            let data = encoded(|out| request.encode(out));
            prop_assert_eq!(tunnel::Request::decode(&data), Ok(request));
            prop_assert!(tunnel::Request::decode(&[&data[..], &[0]].concat()).is_err());
            prop_assert!(tunnel::Request::decode(&data[..data.len() - 1]).is_err());
        }
        let id = tunnel::StreamId(id);
        prop_assert_eq!(tunnel::stream_of(&tunnel::key_blob(id)), Some(id));
    }

    #[test]
    fn a_tunnel_reply_is_kept(
        input_offset: u64,
        output in bytes(),
        error in bytes(),
        exit in option::of(any::<u8>().prop_map(tunnel::Exit)),
        pause: u16,
    ) {
        let replies = [
            tunnel::Reply::Opened { wait: pause },
            tunnel::Reply::Refused { message: &error },
            tunnel::Reply::Exchanged { input_offset, output: &output, error: &error, exit, pause },
            tunnel::Reply::Closed,
        ];
        for reply in replies {
            let blob = encoded(|out| reply.encode(out));
            prop_assert_eq!(tunnel::Reply::decode(&blob), Ok(reply));
            prop_assert!(tunnel::Reply::decode(&[&blob[..], &[0]].concat()).is_err());
            prop_assert!(tunnel::Reply::decode(&blob[..blob.len() - 1]).is_err());
        }
    }

    #[test]
    fn a_frame_gives_back_its_body_and_what_follows(body in bytes(), after in bytes()) {
        let mut buffer = Vec::new();
        frame::join(&body, &mut buffer).unwrap();
        let whole = buffer.len();
        buffer.extend_from_slice(&after);
        prop_assert_eq!(frame::split(&buffer), Ok(Some((&body[..], &after[..]))));
        prop_assert_eq!(frame::split(&buffer[..whole - 1]), Ok(None));
    }

    #[test]
    fn a_frame_is_judged_by_its_length_alone(length: u32, after in bytes()) {
        let buffer = [&length.to_be_bytes()[..], &after].concat();
        let too_long = usize::try_from(length).unwrap() > MAX_MESSAGE;
        prop_assert_eq!(frame::split(&buffer).is_err(), too_long);
        prop_assert_eq!(frame::split(&buffer[..4]).is_err(), too_long);
    }

    #[test]
    fn a_request_is_kept(number: u8, flags: u32, first in bytes(), second in bytes()) {
        let sign = SignRequest { key_blob: &first, data: &second, flags: SignFlags(flags) };
        let mut requests = vec![
            Request::RequestIdentities,
            Request::SignRequest(sign),
            Request::Extension(Extension { name: &first, body: &second }),
        ];
        if ![11, 13, 27].contains(&number) {
            requests.push(Request::Other { number: MessageNumber(number), body: &first });
        }
        for request in requests {
            let out = encoded(|out| request.encode(out));
            prop_assert_eq!(out[0], request.number().0);
            prop_assert_eq!(Request::decode(&out), Ok(request));
        }
    }

    #[test]
    fn a_response_is_kept(number: u8, list in vec((bytes(), bytes()), 0..4), body in bytes()) {
        let list = list.iter().map(|(key_blob, comment)| Identity { key_blob, comment });
        let mut responses = vec![
            Response::Failure,
            Response::Success,
            Response::ExtensionFailure,
            Response::IdentitiesAnswer(list.collect()),
            Response::SignResponse { signature: &body },
            Response::ExtensionResponse(Extension { name: &body, body: &body }),
        ];
        if ![5, 6, 12, 14, 28, 29].contains(&number) {
            responses.push(Response::Other { number: MessageNumber(number), body: &body });
        }
        for response in responses {
            let out = encoded(|out| response.encode(out));
            prop_assert_eq!(out[0], response.number().0);
            prop_assert_eq!(Response::decode(&out), Ok(response));
        }
    }

    #[test]
    fn a_login_is_kept(
        session_id in select(&[20, 32, 48, 64][..]).prop_flat_map(|length| vec(any::<u8>(), length)),
        (user, key_blob) in (bytes(), bytes()),
        (service, algorithm) in (name(), name()),
        host_key in option::of(bytes()),
    ) {
        let login = Userauth {
            session_id: &session_id,
            user: &user,
            service: &service,
            algorithm: &algorithm,
            key_blob: &key_blob,
            host_key: host_key.as_deref(),
        };
        let out = encoded(|out| login.encode(out));
        prop_assert_eq!(Userauth::decode(&out), Ok(login));
        for end in 0..out.len() {
            prop_assert!(Userauth::decode(&out[..end]).is_err());
        }
    }

    #[test]
    fn an_sshsig_payload_is_kept(
        namespace in vec(any::<u8>(), 1..100),
        reserved in bytes(),
        hash_algorithm in name(),
        hash in bytes(),
    ) {
        let signed = SignedData {
            namespace: &namespace,
            reserved: &reserved,
            hash_algorithm: &hash_algorithm,
            hash: &hash,
        };
        let out = encoded(|out| signed.encode(out));
        prop_assert_eq!(SignedData::decode(&out), Ok(signed));
        for end in 0..out.len() {
            prop_assert!(SignedData::decode(&out[..end]).is_err());
        }
    }

    #[test]
    fn a_signature_is_kept(algorithm in name(), blob in bytes(), suffix in bytes()) {
        let signature = Signature { algorithm: &algorithm, blob: &blob, suffix: &suffix };
        let out = encoded(|out| signature.encode(out));
        prop_assert_eq!(Signature::decode(&out), Ok(signature));
    }

    #[test]
    fn no_two_byte_strings_decode_to_the_same_value(bytes in damaged()) {
        if let Ok(request) = Request::decode(&bytes) {
            prop_assert_eq!(&encoded(|out| request.encode(out)), &bytes);
        }
        if let Ok(response) = Response::decode(&bytes) {
            prop_assert_eq!(&encoded(|out| response.encode(out)), &bytes);
        }
        if let Ok(login) = Userauth::decode(&bytes) {
            prop_assert_eq!(&encoded(|out| login.encode(out)), &bytes);
        }
        if let Ok(signed) = SignedData::decode(&bytes) {
            prop_assert_eq!(&encoded(|out| signed.encode(out)), &bytes);
        }
    }
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..200)
}

/// A name as RFC 4251 §6 defines them.
fn name() -> impl Strategy<Value = String> {
    "[!-+\\--?A-~]{1,40}(@[!-+\\--?A-~]{1,23})?"
}

/// A vector with one byte replaced, and cut or lengthened.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let folders = ["request", "response", "userauth", "sshsig"];
    let all: Vec<_> = folders
        .into_iter()
        .flat_map(vectors)
        .map(|(_, bytes)| bytes)
        .collect();
    let damage = (
        any::<prop::sample::Index>(),
        any::<u8>(),
        0..4_usize,
        0..2_usize,
    );
    (select(all), damage).prop_map(|(mut bytes, (place, byte, cut, more))| {
        let place = place.index(bytes.len());
        bytes.splice(place..=place, [byte]);
        bytes.truncate(bytes.len().saturating_sub(cut.saturating_sub(2)));
        bytes.resize(bytes.len() + more, 0);
        bytes
    })
}

fn encoded(encode: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    encode(&mut out);
    out
}

fn cut(bytes: &[u8], most: usize) -> &[u8] {
    bytes.get(..most).unwrap_or(bytes)
}
