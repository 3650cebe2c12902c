//! The control API: what the client and the agent say to each other, as JSON over HTTP on a Unix
//! socket, under `/v1`.
//!
//! | request | body | answer |
//! |---|---|---|
//! | `GET /v1/keys` | – | 200 `[KeyInfo]` |
//! | `POST /v1/grants` | [`GrantSpec`] | 201 [`Grant`] |
//! | `GET /v1/grants/{id}` | – | 200 [`GrantReport`] |
//! | `DELETE /v1/grants/{id}` | – | 200 [`GrantReport`], the last one |
//! | `POST /v1/grants/{id}/scan` | plain bytes | 200 [`ScanReport`] |
//! | `PUT /v1/engine` | [`Engine`] | 200 [`Engine`] |
//!
//! A private agent sends SIGTERM to the engine, the last that it was told of, when its parent is
//! gone. Only Linux has what that takes: elsewhere the request is answered, and nothing follows.
//!
//! Every error is a [`Problem`].

mod engine;
mod grant;
mod problem;
mod record;
mod report;
mod scan;
mod start;

pub use engine::Engine;
pub use grant::{
    FetchSpec, Grant, GrantId, GrantSpec, Hosts, KeyInfo, Mode, Repos, Route, Transport,
};
pub use problem::{Problem, ProblemCode};
pub use record::{Event, Intent, Reason, Record};
pub use report::{Fault, FetchUse, GrantReport, HostUse, KeyUse, Refusal};
pub use scan::{Encoding, Hit, ScanReport};
pub use start::Started;
