//! The connections of one key to one host.

use std::sync::Arc;

use tokio::time::Instant;

use super::{super::FetchError, Link, connection::Connection};

/// The connections of one key to one host.
#[derive(Debug, Default)]
pub(super) struct Lane {
    connections: Vec<Arc<Connection>>,
    pub(super) dialing: usize,
    /// The last dial that failed.
    pub(super) failed: Option<(Instant, FetchError)>,
}

/// Where a fetch finds room.
#[derive(Debug)]
pub(super) enum Choice {
    /// Nowhere: the host does not accept the key.
    Refused,
    /// On this connection, where room is taken.
    Take(Arc<Connection>),
    /// On a new one, which is counted as being dialled.
    Dial,
    /// Nowhere yet.
    Wait,
}

impl Lane {
    /// An idle connection; else a new one while there are few; else the one with the fewest fetches
    /// and none of them large; else a new one while there may be more; else any with room.
    pub(super) fn choose(&mut self) -> Choice {
        self.sweep();
        let count = self.connections.len().saturating_add(self.dialing);
        let taken = if count < FEW {
            self.take_idle()
        } else if count < MANY {
            self.take_idle().or_else(|| self.take(false))
        } else {
            self.take(false).or_else(|| self.take(true))
        };
        match taken {
            Some(connection) => Choice::Take(connection),
            None if count < MANY => {
                self.dialing = self.dialing.saturating_add(1);
                Choice::Dial
            }
            None => Choice::Wait,
        }
    }

    /// Lets go of what is closed or has rested for long; it closes when the last fetch leaves it.
    pub(super) fn sweep(&mut self) {
        self.connections.retain(|connection| connection.is_usable());
    }

    pub(super) fn take_idle(&mut self) -> Option<Arc<Connection>> {
        let mut usable = self.connections.iter();
        let idle = usable.find(|connection| connection.is_usable() && connection.load() == 0)?;
        idle.enter();
        Some(Arc::clone(idle))
    }

    /// Adds a connection, with room taken on it.
    pub(super) fn add(&mut self, link: Link) -> Arc<Connection> {
        let connection = Arc::new(Connection::new(link));
        connection.enter();
        self.connections.push(Arc::clone(&connection));
        connection
    }

    /// Takes room on the connection with the fewest fetches, if any has room.
    fn take(&mut self, beside_bulk: bool) -> Option<Arc<Connection>> {
        let with_room = self
            .connections
            .iter()
            .filter(|connection| connection.has_room() && (beside_bulk || !connection.has_bulk()));
        let least = with_room.min_by_key(|connection| connection.load())?;
        least.enter();
        Some(Arc::clone(least))
    }
}

/// Up to so many connections, a new one is preferred to sharing.
const FEW: usize = 4;
const MANY: usize = 8;
