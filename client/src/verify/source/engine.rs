//! Images of an engine with the Docker Engine API.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::{Request, body::Incoming};
use hyper_util::client::legacy::Client;
use hyperlocal::UnixClientExt as _;
use serde::Deserialize;

use super::{Sender, SourceError};
use crate::verify::text::{printable, shortened};

/// Asks for the image (`ImageGet` of the Engine API). The engine may take seconds before it
/// answers: it first writes the image to a place of its own.
pub(super) async fn ask(socket: &Path, image: &str) -> Result<Incoming, SourceError> {
    let failed = |source| SourceError::Engine {
        socket: socket.to_owned(),
        source,
    };
    let client = Client::unix();
    let uri = hyperlocal::Uri::new(socket, &format!("/images/{}/get", escaped(image)));
    let request = Request::get(uri)
        .body(Empty::<Bytes>::new())
        .map_err(|error| failed(error.into()))?;
    let answer = client
        .request(request)
        .await
        .map_err(|error| failed(error.into()))?;
    let status = answer.status();
    if status.is_success() {
        return Ok(answer.into_body());
    }
    let body = Limited::new(answer.into_body(), LONGEST_REFUSAL)
        .collect()
        .await;
    let said = body.map_err(failed)?.to_bytes();
    Err(SourceError::Refused {
        status: status.as_u16(),
        message: message(&said),
    })
}

/// Sends the bytes of the image as they come.
pub(super) async fn copy(socket: PathBuf, mut body: Incoming, to: Sender) {
    while let Some(frame) = body.frame().await {
        let chunk = match frame {
            Ok(frame) => frame.into_data().ok().map(Ok),
            Err(error) => Some(Err(SourceError::Engine {
                socket: socket.clone(),
                source: error.into(),
            })),
        };
        if let Some(chunk) = chunk
            && !to.send(chunk).await
        {
            return;
        }
    }
}

/// What the engine says in `{"message": …}`.
fn message(said: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Said {
        message: String,
    }
    let text = serde_json::from_slice::<Said>(said).map(|said| said.message.into_bytes());
    shortened(&printable(&text.unwrap_or_else(|_| said.to_owned())))
}

/// The name as a part of a path: all but what names of images are made of is percent-encoded
/// (RFC 3986 §2.1).
fn escaped(image: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/@".contains(&byte);
    let escape = |byte: u8| match byte {
        byte if is_plain(byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    image.bytes().map(escape).collect()
}

const LONGEST_REFUSAL: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_become_another_request() {
        assert_eq!(
            escaped("reg.io:5000/a/b@sha256:0f"),
            "reg.io:5000/a/b@sha256:0f"
        );
        assert_eq!(escaped("a?b#c d\r\n%"), "a%3Fb%23c%20d%0D%0A%25");
    }

    #[test]
    fn what_the_engine_says_is_printable() {
        assert_eq!(
            message(b"{\"message\":\"No such image: a\\u001b\"}"),
            "No such image: a\\u{1b}"
        );
        assert_eq!(message(b"page not found\n"), "page not found\\n");
    }
}
