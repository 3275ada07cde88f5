//! STUN and TURN servers whose credentials expire while there is a call.

use protocol::IceServer;

use super::{Call, Client, Effect, PeerOp, active::Path, link::Link};

impl Client {
    /// The server names other STUN and TURN servers, as the credentials of those before are about to expire.
    ///
    /// A relay lets no allocation go on with what has expired. So the caller restarts ICE: new allocations are made in
    /// time, and the old path is used until there is another.
    pub(super) fn renew_ice_servers(&mut self, ice_servers: Vec<IceServer>) {
        let Link::Up(session) = &mut self.link else { return };
        session.ice_servers = ice_servers;
        self.tell_ice_servers();
        if let Call::Active(active) = &self.call
            && active.leg.negotiation.is_callers()
            && matches!(active.path, Path::Connected { .. })
        {
            self.restart_ice();
        }
    }

    /// The peer connection that there is uses the servers of the session from its next ICE restart on.
    pub(super) fn tell_ice_servers(&mut self) {
        let leg = match &mut self.call {
            Call::Outgoing(outgoing) => outgoing.leg_mut(),
            Call::Active(active) => Some(&mut active.leg),
            Call::Incoming(incoming) => incoming.leg_mut(),
            Call::Idle => None,
        };
        if let (Some(leg), Some(session)) = (leg, self.link.session())
            && !session.ice_servers.is_empty()
        {
            let op = PeerOp::UseServers(session.ice_servers.clone());
            self.effects.push(Effect::Peer(leg.id, op));
        }
    }
}
