//! Frames, against the definition of the tunnel.

use keystay_proto::agent::{self, SignFlags};
use keystay_proto::limits;
use keystay_proto::tunnel::{self, Exit, StreamId, key_blob, stream_of};
use proptest::prelude::*;

use crate::arguments::MAX_COMMAND;
use crate::frame::{self, Exchange, Exchanged, Open, Reply, Request};

/// A frame of the shim as the agent reads it.
fn as_read(request: &Request<'_>, check: impl FnOnce(tunnel::Request<'_>)) {
    let id = *b"0123456789abcdef";
    let mut out = vec![0; frame::MAX_FRAME];
    let length = request.encode(&id, &mut out).unwrap();
    let (body, rest) = out[..length].split_at(4).1.split_at(length - 4);
    assert_eq!(rest, b"");
    assert_eq!(out[..4], u32::try_from(body.len()).unwrap().to_be_bytes());
    let agent::Request::SignRequest(sign) = agent::Request::decode(body).unwrap() else {
        panic!("not a request to sign");
    };
    assert_eq!(stream_of(sign.key_blob), Some(StreamId(id)));
    assert_eq!(sign.key_blob, key_blob(StreamId(id)));
    assert_eq!(sign.flags, SignFlags(0));
    check(tunnel::Request::decode(sign.data).unwrap());
}

/// The whole agent message of a reply, without its length word.
fn message(reply: &tunnel::Reply<'_>) -> Vec<u8> {
    let mut signature = Vec::new();
    reply.encode(&mut signature);
    let mut message = Vec::new();
    agent::Response::SignResponse {
        signature: &signature,
    }
    .encode(&mut message);
    message
}

fn some_bytes(longest: usize) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => proptest::collection::vec(any::<u8>(), 0..64),
        1 => Just(vec![7; longest]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_agent_reads_what_is_opened(
        user in some_bytes(limits::MAX_USER),
        host in some_bytes(limits::MAX_HOST),
        port: u16,
        command in some_bytes(limits::MAX_GIT_COMMAND),
        git_protocol in some_bytes(limits::MAX_GIT_PROTOCOL),
    ) {
        let open = Open { user: &user, host: &host, port, command: &command, git_protocol: &git_protocol };
        as_read(&Request::Open(open), |read| assert_eq!(read, tunnel::Request::Open(tunnel::Open {
            user: &user, host: &host, port, command: &command, git_protocol: &git_protocol,
        })));
    }

    #[test]
    fn the_agent_reads_what_is_exchanged(
        input in some_bytes(limits::MAX_TUNNEL_INPUT),
        offsets: (u64, u64, u64),
        input_ends: bool,
        room: u32,
        wait: u16,
    ) {
        let (input_offset, output_offset, error_offset) = offsets;
        let exchange = Exchange {
            input_offset, input: &input, input_ends, output_offset, error_offset, room, wait,
        };
        as_read(&Request::Exchange(exchange), |read| {
            assert_eq!(read, tunnel::Request::Exchange(tunnel::Exchange {
                input_offset, input: &input, input_ends, output_offset, error_offset, room, wait,
            }));
        });
    }

    #[test]
    fn what_the_agent_tells_of_an_exchange_is_read(
        input_offset: u64,
        output in some_bytes(limits::MAX_TUNNEL_OUTPUT),
        error in some_bytes(limits::MAX_TUNNEL_ERROR),
        exit: Option<u8>,
        pause: u16,
    ) {
        let message = message(&tunnel::Reply::Exchanged {
            input_offset, output: &output, error: &error, exit: exit.map(Exit), pause,
        });
        prop_assert!(message.len() + 4 <= frame::MAX_REPLY);
        let Some(Reply::Exchanged(read)) = Reply::decode(&message) else { panic!("not read") };
        prop_assert_eq!(&message[read.output.clone()], &output);
        prop_assert_eq!(&message[read.error.clone()], &error);
        let Exchanged { output, error, .. } = &read;
        let (output, error) = (output.clone(), error.clone());
        prop_assert_eq!(read, Exchanged { input_offset, output, error, exit, pause });
    }

    #[test]
    fn what_the_definition_refuses_is_refused(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let mut signature = Vec::new();
        for string in [frame::ALGORITHM, &bytes] {
            signature.extend_from_slice(&u32::try_from(string.len()).unwrap().to_be_bytes());
            signature.extend_from_slice(string);
        }
        let mut message = Vec::new();
        agent::Response::SignResponse { signature: &signature }.encode(&mut message);
        prop_assert_eq!(Reply::decode(&message).is_some(), tunnel::Reply::decode(&signature).is_ok());
    }

    #[test]
    fn any_bytes_are_a_reply_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let expected = (bytes == [5]).then_some(Reply::Failure);
        prop_assert_eq!(Reply::decode(&bytes), expected);
    }
}

#[test]
fn the_agent_reads_that_a_stream_is_closed() {
    as_read(&Request::Close, |read| {
        assert_eq!(read, tunnel::Request::Close);
    });
}

#[test]
fn the_other_replies_are_read() {
    let opened = message(&tunnel::Reply::Opened { wait: 1500 });
    assert_eq!(Reply::decode(&opened), Some(Reply::Opened { wait: 1500 }));
    let refused = message(&tunnel::Reply::Refused { message: b"no" });
    let Some(Reply::Refused { message: why }) = Reply::decode(&refused) else {
        panic!("not read");
    };
    assert_eq!(&refused[why], b"no");
    let closed = message(&tunnel::Reply::Closed);
    assert_eq!(Reply::decode(&closed), Some(Reply::Closed));
    assert_eq!(Reply::decode(&[5]), Some(Reply::Failure));
}

#[test]
fn a_reply_that_is_cut_or_goes_on_is_none() {
    let whole = message(&tunnel::Reply::Exchanged {
        input_offset: 1,
        output: b"output",
        error: b"error",
        exit: Some(Exit(3)),
        pause: 9,
    });
    assert!(Reply::decode(&whole).is_some());
    for end in 0..whole.len() {
        assert_eq!(Reply::decode(&whole[..end]), None, "{end}");
    }
    assert_eq!(Reply::decode(&[&whole[..], b"x"].concat()), None);
}

#[test]
fn a_frame_that_does_not_fit_is_not_written() {
    let input = [0; 100];
    let exchange = || {
        Request::Exchange(Exchange {
            input_offset: 0,
            input: &input,
            input_ends: false,
            output_offset: 0,
            error_offset: 0,
            room: 0,
            wait: 0,
        })
    };
    let length = exchange().encode(&[0; 16], &mut [0; 1000]).unwrap();
    let mut small = vec![0; length - 1];
    assert_eq!(exchange().encode(&[0; 16], &mut small), None);
}

#[test]
fn both_ends_have_the_same_limits() {
    assert_eq!(frame::ALGORITHM, tunnel::ALGORITHM.as_bytes());
    assert_eq!(MAX_COMMAND, limits::MAX_GIT_COMMAND);
    assert_eq!(frame::MAX_GIT_PROTOCOL, limits::MAX_GIT_PROTOCOL);
    assert_eq!(frame::MAX_INPUT, limits::MAX_TUNNEL_INPUT);
    assert_eq!(
        usize::try_from(frame::MAX_OUTPUT).unwrap(),
        limits::MAX_TUNNEL_OUTPUT
    );
    assert_eq!(frame::MAX_ERROR, limits::MAX_TUNNEL_ERROR);
    assert_eq!(frame::MAX_REPLY, limits::MAX_TUNNEL_REPLY + 4);
}
