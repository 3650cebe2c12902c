//! The shim: what stands in for `ssh` inside a build step.
//!
//! It has no key, no cryptography and no configuration: it sends what it was asked to the broker on
//! the host, through the agent socket of the step, and copies bytes. It runs in any image, so it uses
//! no library, not even C's, and reads no file.
//!
//! | module | holds |
//! |---|---|
//! | `arguments`, `place` | the command line of `ssh`, and the host in it |
//! | `stream` | one command on the host, from the first frame to the last |
//! | `connection` | a connection to the agent socket |
//! | `frame` | frames and replies as bytes |
//! | `input`, `output` | standard input, kept until it is taken; what is left to be written |
//! | `backoff` | when to try again |
//! | `line` | a line for a person |
//! | `sys` | system calls |

#![no_std]
#![no_main]
#![deny(unsafe_code)]
#![warn(
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    elided_lifetimes_in_paths,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    clippy::allow_attributes_without_reason,
    clippy::undocumented_unsafe_blocks,
    clippy::use_self,
    clippy::or_fun_call,
    clippy::manual_let_else
)]

mod arguments;
mod backoff;
mod connection;
mod frame;
mod input;
mod line;
mod output;
mod place;
mod stream;
mod sys;

use core::panic::PanicInfo;

use crate::arguments::{Call, MAX_COMMAND, Target};
use crate::frame::{MAX_GIT_PROTOCOL, Open};
use crate::line::Line;
use crate::stream::{Fault, Stream, say};
use crate::sys::{Descriptor, Errno, Start};

/// Does what the command line says, and returns the exit status.
fn run(start: &Start) -> u8 {
    sys::ignore_broken_pipes();
    let mut command = [0; MAX_COMMAND];
    match arguments::parse(start.arguments(), &mut command) {
        Ok(Call::Version) => version(),
        Ok(Call::Describe(target)) => describe(&target),
        Ok(Call::Run(target)) => fetch(start, &target),
        Err(refusal) if refusal.word.is_empty() => fail(&[refusal.text.as_bytes()]),
        Err(refusal) => fail(&[refusal.word, b": ", refusal.text.as_bytes()]),
    }
}

fn fetch(start: &Start, target: &Target<'_>) -> u8 {
    let path = start.variable(b"SSH_AUTH_SOCK").unwrap_or_default();
    if path.is_empty() {
        return fail(&[b"SSH_AUTH_SOCK is not set: this step has no --mount=type=ssh"]);
    }
    if path.len() > MAX_PATH {
        return fail(&[b"SSH_AUTH_SOCK: longer than a socket's path can be"]);
    }
    let git_protocol = start.variable(b"GIT_PROTOCOL").unwrap_or_default();
    if git_protocol.len() > MAX_GIT_PROTOCOL {
        return fail(&[b"GIT_PROTOCOL: longer than 256 bytes"]);
    }
    let open = Open {
        user: target.user,
        host: target.host,
        port: target.port,
        command: target.command,
        git_protocol,
    };
    match carry(path, target.reads_input, open) {
        Ok(status) => status,
        Err(fault) => explain(&fault, path),
    }
}

fn carry(path: &[u8], reads_input: bool, open: Open<'_>) -> Result<u8, Fault> {
    let mut stream = Stream::new(path, reads_input)?;
    stream.open(open)?;
    stream.carry()
}

fn explain(fault: &Fault, path: &[u8]) -> u8 {
    match fault {
        Fault::Refused | Fault::Unread => FAILED,
        Fault::Lost => fail(&[b"the build's agent has not answered for 60 seconds"]),
        Fault::Malformed => fail(&[b"the agent's answer is not one of the tunnel's"]),
        Fault::Starved => fail(&[b"the kernel gives no memory or no random bytes"]),
        Fault::Unreachable(Errno::NOENT) => fail(&[
            path,
            b": no such socket: nothing was passed with --ssh for this step's ssh mount",
        ]),
        Fault::Unreachable(Errno::ACCES) => fail(&[
            path,
            b": permission denied: give the step's ssh mount mode=0666 or its user's uid",
        ]),
        Fault::Unreachable(_) => fail(&[path, b": nobody listens: has the build ended?"]),
    }
}

/// Says which program this is where OpenSSH says it.
fn version() -> u8 {
    let version = option_env!("CARGO_PKG_VERSION").unwrap_or("unknown");
    say(Line::new()
        .add(b"ssh for git fetches, ")
        .add(version.as_bytes()));
    0
}

/// What OpenSSH's `ssh -G` prints, as far as the step decides it.
fn describe(target: &Target<'_>) -> u8 {
    let mut digits = [0; 5];
    let port = decimal(target.port, &mut digits);
    let texts: &[&[u8]] = &[b"hostname ", target.host, b"\nport ", port, b"\n"];
    let user: &[&[u8]] = &[b"user ", target.user, b"\n"];
    let user = if target.user.is_empty() { &[] } else { user };
    for text in user.iter().chain(texts) {
        if sys::write(Descriptor::OUTPUT, text).is_err() {
            return FAILED;
        }
    }
    0
}

/// The port in digits; 22 where none is given.
fn decimal(port: u16, digits: &mut [u8; 5]) -> &[u8] {
    let mut rest = if port == 0 { 22 } else { port };
    let mut start = digits.len();
    for (place, digit) in digits.iter_mut().enumerate().rev() {
        let [_, last] = (rest % 10).to_be_bytes();
        *digit = b'0'.wrapping_add(last);
        rest /= 10;
        start = place;
        if rest == 0 {
            break;
        }
    }
    digits.get(start..).unwrap_or_default()
}

fn fail(texts: &[&[u8]]) -> u8 {
    say(texts.iter().fold(Line::new(), |line, text| line.add(text)));
    FAILED
}

#[panic_handler]
fn panicked(_: &PanicInfo<'_>) -> ! {
    say(Line::new().add(b"internal error in the shim"));
    sys::exit(INTERNAL)
}

/// The exit status of OpenSSH's `ssh` where it has failed itself.
const FAILED: u8 = 255;
const INTERNAL: u8 = 70;
/// What `sun_path` of `unix(7)` holds besides its final zero.
const MAX_PATH: usize = 107;
