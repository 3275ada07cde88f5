//! Why no path for the media was found, as far as this side can tell.
//!
//! Two who find no direct path need the relay, each by a way of its own. Who has reached it has a relayed candidate (RFC
//! 8445 section 5.1.1), and sends it to the other: so each side knows of both whether they have, and whose network it was.

use protocol::{IceServer, Raw};

use super::{Call, Client, Text, active::Active};
use crate::check::{Way, Ways};

/// What is known when a call has found no path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Evidence {
    /// The ways to relays that the server names.
    offered: Ways,
    /// Whether one refused to serve this side.
    refused: bool,
    /// Whether this side reached one.
    here: bool,
    /// Whether the peer did.
    there: bool,
}

impl Evidence {
    /// What was in the way.
    const fn cause(self) -> Text {
        match self {
            Self { offered, .. } if offered.is_none() => Text::NoRelay,
            Self { here: true, there: true, .. } => Text::PathFailed,
            Self { here: true, there: false, .. } => Text::RelayBlockedThere,
            Self { refused: true, .. } => Text::RelayRefused,
            Self { there: true, .. } => Text::RelayBlockedHere,
            Self { there: false, .. } => Text::RelayBlockedBoth,
        }
    }
}

/// Whether a candidate is a relay's, or a description has one.
pub(super) fn is_relayed(raw: &Raw) -> bool {
    // The grammar of RFC 8839 section 5.1 has these words only there, and JSON escapes none of them.
    raw.as_json().contains(" typ relay")
}

/// The ways to the relays among these servers.
pub(super) fn ways(servers: &[IceServer]) -> Ways {
    servers.iter().flat_map(|server| &server.urls).filter_map(|url| Way::of_url(url)).collect()
}

impl Client {
    /// The ways to the server's relays.
    pub(super) fn offered(&self) -> Ways {
        self.link.session().map(|session| ways(&session.ice_servers)).unwrap_or_default()
    }

    /// Why there is no path for the media.
    pub(super) fn no_path(&self) -> Text {
        let Call::Active(Active { leg, .. }) = &self.call else { return Text::PathFailed };
        let evidence = Evidence {
            offered: self.offered(),
            refused: leg.relay_refused,
            here: leg.has_relay,
            there: leg.negotiation.peer_has_relay(),
        };
        evidence.cause()
    }
}
