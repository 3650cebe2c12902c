//! What a connection has proved about the hosts it comes through (OpenSSH PROTOCOL.agent §1 and §2).

use keystay_proto::{
    agent::{SessionBind, SignRequest},
    limits::MAX_SESSION_BINDS,
    userauth::Userauth,
};

use super::destination::Destination;
use crate::sign::is_signed;

/// The hosts of one connection, the first one next to the agent.
#[derive(Debug, Default)]
pub(crate) struct Binds {
    /// Whether a bind was tried, with success or without.
    tried: bool,
    hops: Vec<Bound>,
}

#[derive(Debug)]
struct Bound {
    host_key: Vec<u8>,
    session_id: Vec<u8>,
    is_forwarding: bool,
}

impl Binds {
    /// Takes a bind if its host key signed its session id and it may follow those before it.
    pub(crate) fn bind(&mut self, body: &[u8]) -> bool {
        self.tried = true;
        let Ok(bind) = SessionBind::decode(body) else {
            return false;
        };
        if !is_signed(bind.host_key, bind.session_id, bind.signature) {
            return false;
        }
        for hop in &self.hops {
            let same_session = hop.session_id == bind.session_id;
            if !hop.is_forwarding || (same_session && hop.host_key != bind.host_key) {
                return false;
            }
            if same_session {
                return true;
            }
        }
        if self.hops.len() == MAX_SESSION_BINDS {
            return false;
        }
        self.hops.push(Bound {
            host_key: bind.host_key.to_vec(),
            session_id: bind.session_id.to_vec(),
            is_forwarding: bind.is_forwarding,
        });
        true
    }

    /// Whether a key of these destinations is shown to the connection, and removed for it.
    pub(crate) fn permit_sight(&self, destinations: &[Destination]) -> bool {
        if destinations.is_empty() {
            return true;
        }
        let Some(last) = self.hops.last() else {
            return !self.tried;
        };
        self.permit_hops(destinations, None)
            && (!last.is_forwarding
                || (destinations.iter()).any(|it| it.comes_from(Some(&last.host_key))))
    }

    /// Whether a key of these destinations signs this for the connection.
    pub(crate) fn permit_signature(
        &self,
        destinations: &[Destination],
        request: &SignRequest<'_>,
    ) -> bool {
        if destinations.is_empty() {
            return true;
        }
        let (Some(last), Ok(login)) = (self.hops.last(), Userauth::decode(request.data)) else {
            return false;
        };
        let host_is_right = login
            .host_key
            .map_or(self.hops.len() == 1, |host_key| host_key == last.host_key);
        login.key_blob == request.key_blob
            && !last.is_forwarding
            && login.session_id == last.session_id
            && host_is_right
            && self.permit_hops(destinations, Some(login.user))
    }

    /// Whether a destination leads over each hop to the next; `user` logs in at the last.
    fn permit_hops(&self, destinations: &[Destination], user: Option<&[u8]>) -> bool {
        let Some((last, between)) = self.hops.split_last() else {
            return false;
        };
        let mut from = None;
        for hop in between {
            if !hop.is_forwarding || !leads(destinations, from, &hop.host_key, None) {
                return false;
            }
            from = Some(hop.host_key.as_slice());
        }
        leads(destinations, from, &last.host_key, user)
    }
}

fn leads(
    destinations: &[Destination],
    from: Option<&[u8]>,
    to: &[u8],
    user: Option<&[u8]>,
) -> bool {
    (destinations.iter()).any(|it| it.comes_from(from) && it.goes_to(to, user))
}
