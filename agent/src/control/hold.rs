//! Holding a grant: it lives as long as the connection that holds it.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame};
use keystay_proto::control::{GrantId, Problem};

use super::{Control, grants::no_grant};

/// An answer without a byte and without an end. When it is dropped, because its client is gone or
/// closed the connection, the grant ends; so does its engine, if the client did not end the grant
/// itself.
pub(super) struct Hold {
    control: Arc<Control>,
    id: GrantId,
}

/// Holds a grant from now on.
pub(super) fn hold(control: &Arc<Control>, id: &str) -> Result<Hold, Problem> {
    let grant = control.grants.hold(id).ok_or_else(|| no_grant(id))?;
    Ok(Hold {
        control: Arc::clone(control),
        id: grant.id().clone(),
    })
}

impl Body for Hold {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        // The connection's end is noticed by reading from it, and nothing is to be written.
        Poll::Pending
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if self.control.grants.abandon(&self.id) {
            self.control.engines.terminate(&self.id);
        }
    }
}
