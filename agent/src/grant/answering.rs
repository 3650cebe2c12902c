//! The requests of a grant that are being answered, which a shutdown waits for.

use super::Grant;

impl Grant {
    /// Notes that a request is being answered, until the value is dropped.
    pub(crate) fn answering(&self) -> Answering<'_> {
        self.answering
            .send_modify(|count| *count = count.saturating_add(1));
        Answering(self)
    }

    /// Returns when no request is being answered.
    pub(crate) async fn until_answered(&self) {
        let _ = self
            .answering
            .subscribe()
            .wait_for(|count| *count == 0)
            .await;
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(crate) struct Answering<'a>(&'a Grant);

impl Drop for Answering<'_> {
    fn drop(&mut self) {
        (self.0.answering).send_modify(|count| *count = count.saturating_sub(1));
    }
}
