//! The STUN and TURN servers that are used: which of those that the server names, and other ones when their credentials expire
//! while there is a call.

use protocol::IceServer;

use super::{
    Call, Client, Effect, PeerOp,
    active::{Leg, Path},
    link::Link,
};

/// How many URLs of STUN and TURN servers are used. Each costs the browser a socket or more in every network of its machine;
/// our server names four, a fleet of relays some more.
const MAX_URLS: usize = 16;

/// How long such a URL may be, in bytes: a host name has 253 at most, the rest is a few words.
const MAX_URL_BYTES: usize = 512;

/// What is used of the STUN and TURN servers that a server names, which may be any server: the first of them, and nothing but URLs
/// of their schemes (RFC 7064, RFC 7065).
#[must_use]
pub fn usable(ice_servers: Vec<IceServer>) -> Vec<IceServer> {
    let mut left = MAX_URLS;
    let usable = ice_servers.into_iter().map(|mut server| {
        server.urls.retain(|url| is_usable(url));
        server.urls.truncate(left);
        left -= server.urls.len();
        server
    });
    usable.filter(|server| !server.urls.is_empty()).collect()
}

fn is_usable(url: &str) -> bool {
    const SCHEMES: [&str; 4] = ["stun", "stuns", "turn", "turns"];
    let scheme = url.split_once(':').map(|(scheme, _)| scheme);
    url.len() <= MAX_URL_BYTES && scheme.is_some_and(|scheme| SCHEMES.contains(&scheme))
}

impl Client {
    /// The server names other STUN and TURN servers, as the credentials of those before are about to expire.
    pub(super) fn renew_ice_servers(&mut self, ice_servers: Vec<IceServer>) {
        let Link::Up(session) = &mut self.link else { return };
        session.ice_servers = usable(ice_servers);
        self.tell_ice_servers();
    }

    /// Asks how the path goes, if that matters and there is one. One that is found later is asked about then.
    pub(super) fn ask_for_route(&mut self) {
        if let Call::Active(active) = &mut self.call
            && let Path::Connected { .. } = active.path
            && std::mem::take(&mut active.leg.relays_renewed)
        {
            self.effects.push(Effect::Peer(active.leg.id, PeerOp::FindRoute));
        }
    }

    /// How the path goes.
    pub(super) fn route_is_known(&mut self, relayed: bool) {
        if let Call::Active(active) = &self.call
            && let Path::Connected { .. } = active.path
            && relayed
        {
            self.restart_ice();
        }
    }

    /// Whether the user's address is to be hidden from the peer of the call, or of the next one.
    pub(super) const fn hides(&self) -> bool {
        self.hides_address && !self.shows_address
    }

    /// Seeks a new path for the media (RFC 8445 section 2.4); the old one is used as long as it works.
    pub(super) fn restart_ice(&mut self) {
        if let Call::Active(active) = &mut self.call
            && active.next.is_none()
        {
            self.effects.extend(active.leg.restart_ice());
        }
    }

    /// The server has started anew, and the relay that the candidates of this call name may be gone with the one before.
    pub(super) fn restart_once_answered(&mut self) {
        let has_servers = self.link.session().is_some_and(|it| !it.ice_servers.is_empty());
        if has_servers && let Call::Outgoing(outgoing) = &mut self.call {
            self.effects.extend(outgoing.leg_mut().and_then(Leg::restart_ice));
        }
    }

    /// Whether the user's address is to be hidden, and there is no relay to hide it behind: no call can come about.
    pub(super) fn hides_in_vain(&self) -> bool {
        self.hides() && self.link.session().is_some() && self.offered().is_none()
    }

    /// The peer connection that there is uses the servers of the session from its next ICE restart on.
    ///
    /// A relay lets no allocation go on with a credential that has expired, and one that has started anew has no allocations.
    /// So whoever's end of the path is relayed restarts ICE: new allocations are made, and the old path is used for as long as
    /// it works. Any other path needs no relay, and is left alone.
    pub(super) fn tell_ice_servers(&mut self) {
        let Some(session) = self.link.session().filter(|session| !session.ice_servers.is_empty())
        else {
            return;
        };
        let op = PeerOp::UseServers(session.ice_servers.clone());
        let Some(leg) = self.leg_mut() else { return };
        leg.relays_renewed = true;
        leg.negotiation.servers_change();
        let id = leg.id;
        self.effects.push(Effect::Peer(id, op));
        self.ask_for_route();
    }
}
