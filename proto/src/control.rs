//! The control API: what the client and the agent say to each other, as JSON over HTTP on a Unix
//! socket, under `/v1`.
//!
//! `agent/CONTROL.md` is the page on it: every request with the shapes of its body and answers.
//! Every error is a [`Problem`].

mod engine;
mod grant;
mod overview;
mod place;
mod problem;
mod record;
mod report;
mod scan;
mod start;

pub use engine::Engine;
pub use grant::{
    FetchSpec, Grant, GrantId, GrantSpec, Hosts, KeyInfo, Mode, Repos, Route, Transport,
};
pub use overview::{GrantInfo, GrantState, Reloaded};
pub use place::{audit_log, control_socket};
pub use problem::{Problem, ProblemCode};
pub use record::{Event, Intent, Reason, Record};
pub use report::{Fault, FetchUse, GrantReport, HostUse, KeyUse, Refusal};
pub use scan::{Encoding, Hit, ScanReport};
pub use start::Started;
