//! What holds back requests until the agent has given up what it gives up.

use tokio::sync::watch;

/// A gate that opens once. Clones are the same gate.
#[derive(Clone, Debug)]
pub(crate) struct Gate(watch::Sender<State>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Shut,
    Wanted,
    Open,
}

impl Gate {
    /// One that holds back everything.
    pub(crate) fn shut() -> Self {
        Self(watch::Sender::new(State::Shut))
    }

    /// One that holds back nothing.
    pub(crate) fn open() -> Self {
        Self(watch::Sender::new(State::Open))
    }

    /// Returns when it is open, and asks for that.
    pub(crate) async fn pass(&self) {
        self.want();
        self.until(State::Open).await;
    }

    fn want(&self) {
        self.0.send_if_modified(|state| {
            let is_shut = *state == State::Shut;
            if is_shut {
                *state = State::Wanted;
            }
            is_shut
        });
    }

    /// Returns when somebody asks for it.
    pub(crate) async fn wanted(&self) {
        self.until(State::Wanted).await;
    }

    /// Opens it.
    pub(crate) fn unlock(&self) {
        self.0.send_replace(State::Open);
    }

    async fn until(&self, wanted: State) {
        // The sender is here, so it does not fail.
        let _ = (self.0.subscribe())
            .wait_for(|state| *state == wanted || *state == State::Open)
            .await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::{join, task::yield_now};

    use super::*;

    #[tokio::test]
    async fn it_is_opened_when_somebody_wants_to_pass() {
        let gate = Gate::shut();
        let keeper = async {
            gate.wanted().await;
            yield_now().await;
            gate.unlock();
        };
        join!(gate.pass(), keeper);
        gate.pass().await;
    }

    #[tokio::test]
    async fn nobody_passes_while_it_is_shut() {
        let gate = Gate::shut();
        gate.want();
        tokio::select! {
            biased;
            () = gate.pass() => panic!("it is shut"),
            () = yield_now() => {}
        }
    }
}
