//! Every cap on what is decoded, with its source.
//!
//! What has no cap of its own is bounded by the message that it stands in.

/// The longest message, in bytes without its length word: `AGENT_MAX_LEN` of OpenSSH's
/// `ssh-agent.c`, and the longest reply that its `authfd.c` reads.
pub const MAX_MESSAGE: usize = 256 * 1024;

/// The most identities in one answer: `MAX_AGENT_IDENTITIES` of OpenSSH's `authfd.c`.
pub const MAX_IDENTITIES: usize = 2048;

/// The longest public key blob, in bytes. It travels inside a login request, and 32,768 bytes of
/// payload are what every SSH implementation takes (RFC 4253 §6.1).
pub const MAX_KEY_BLOB: usize = 32_768;

/// The most principals of one certificate: `SSHKEY_CERT_MAX_PRINCIPALS` of OpenSSH's `sshkey.h`.
pub const MAX_PRINCIPALS: usize = 256;

/// The longest signature, in bytes, for the reason of [`MAX_KEY_BLOB`].
pub const MAX_SIGNATURE: usize = 32_768;

/// The longest name of an algorithm, method or service, in bytes: RFC 4251 §6.
pub const MAX_ALGORITHM_NAME: usize = 64;

/// The longest session id, in bytes: `AGENT_MAX_SID_LEN` of OpenSSH's `ssh-agent.c`.
pub const MAX_SESSION_ID: usize = 128;

/// The lengths that a session id of a login has, in bytes: the output of the hashes of the key
/// exchange methods, SHA-1 (RFC 4253 §8), SHA-256 (RFC 8731), SHA-384 (RFC 5656) and SHA-512
/// (RFC 8268).
pub const SESSION_ID_LENGTHS: [usize; 4] = [20, 32, 48, 64];

/// The most destination constraints of one key: `AGENT_MAX_DEST_CONSTRAINTS` of OpenSSH's
/// `ssh-agent.c`.
pub const MAX_DESTINATIONS: usize = 1024;

/// The most session binds of one connection: `AGENT_MAX_SESSION_IDS` of the same.
pub const MAX_SESSION_BINDS: usize = 16;

/// The longest login name, in bytes: the longest user name that OpenSSH's `ssh-agent.c` takes in a
/// destination constraint, and far above `LOGIN_NAME_MAX` of the systems that logins end on.
pub const MAX_USER: usize = 256;

/// The longest host name, in bytes: what a domain name may have (RFC 1035 §2.3.4), and what an
/// address with a zone does not reach.
pub const MAX_HOST: usize = 255;

/// The longest command for a git host, in bytes: `PATH_MAX` of Linux for the repository, and the
/// words before it.
pub const MAX_GIT_COMMAND: usize = 4_608;

/// The longest value of `GIT_PROTOCOL`, in bytes. What git sets is `version=2`; more keys may come.
pub const MAX_GIT_PROTOCOL: usize = 256;

/// The most bytes of standard input in one frame of the tunnel: what a pipe holds, `pipe(7)`.
pub const MAX_TUNNEL_INPUT: usize = 64 * 1024;

/// The most bytes of standard output in one reply of the tunnel: where BuildKit's session is at its
/// fastest without holding up the streams beside it.
pub const MAX_TUNNEL_OUTPUT: usize = 1024 * 1024;

/// The most bytes of standard error in one reply of the tunnel.
pub const MAX_TUNNEL_ERROR: usize = 16 * 1024;

/// The longest message of a refusal, in bytes: a line or two for a person.
pub const MAX_TUNNEL_MESSAGE: usize = 2_048;

/// The longest reply of the tunnel as an agent message, in bytes without its length word.
pub const MAX_TUNNEL_REPLY: usize = MAX_TUNNEL_OUTPUT + MAX_TUNNEL_ERROR + 256;

/// The longest path of a repository, in bytes: `PATH_MAX` of Linux.
pub const MAX_REPO_PATH: usize = 4_096;

/// The most objects that are noted of what a fetch wants.
pub const MAX_WANTED: usize = 64;

/// The most refs that are noted of what a fetch wants.
pub const MAX_WANTED_REFS: usize = 16;

/// The longest name of a ref that is noted, in bytes: `NAME_MAX` of Linux, which bounds the last part of
/// names that git keeps as files.
pub const MAX_REF: usize = 255;
