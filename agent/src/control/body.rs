//! Bodies of requests.

use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use keystay_proto::control::{Problem, ProblemCode};
use serde::de::DeserializeOwned;

/// A whole JSON body, at most [`MAX_BODY`] bytes long.
pub(super) async fn json<T: DeserializeOwned>(body: Incoming) -> Result<T, Problem> {
    let unusable = |error: String| {
        Problem::new(
            ProblemCode::Usage,
            format!("the request's body cannot be used: {error}"),
        )
    };
    let whole = Limited::new(body, MAX_BODY).collect().await;
    let bytes = whole
        .map_err(|error| unusable(error.to_string()))?
        .to_bytes();
    serde_json::from_slice(&bytes).map_err(|error| unusable(error.to_string()))
}

/// A grant with 1,000 hosts is 100 KiB.
const MAX_BODY: usize = 1024 * 1024;
