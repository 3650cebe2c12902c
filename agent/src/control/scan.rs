//! Looking for a grant's private keys in bytes that the client reads.

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use keystay_proto::control::{Problem, ProblemCode, ScanReport};

use super::{Control, grants::no_grant};
use crate::scan::Scanner;

/// Matches the body as it comes in; nothing of it is kept.
pub(super) async fn scan(
    control: &Control,
    id: &str,
    mut body: Incoming,
) -> Result<ScanReport, Problem> {
    let grant = control.grants.find(id).ok_or_else(|| no_grant(id))?;
    let needles = grant.needles();
    // A search that finds nothing proves something only if it can find.
    needles
        .self_check()
        .map_err(|blind| Problem::new(ProblemCode::Internal, blind.to_string()))?;
    let mut scanner = Scanner::new(needles);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            Problem::new(
                ProblemCode::Usage,
                format!("the bytes to scan broke off: {error}"),
            )
        })?;
        if let Some(bytes) = frame.data_ref() {
            scanner.push(bytes);
        }
    }
    Ok(scanner.finish())
}
