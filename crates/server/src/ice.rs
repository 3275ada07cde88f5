//! What clients are told of STUN and TURN servers, with credentials that are theirs alone.

mod reached;

use std::{
    fmt,
    hash::{BuildHasher, Hasher, RandomState},
    sync::Arc,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use protocol::{IceServer, UserName};
use relay::{Carried, Credential, Relay, Secret, limits::CREDENTIAL_LIFETIME};

pub(crate) use reached::is_loopback;
pub use reached::{Door, Reached};

use crate::{
    config::StunUrl,
    config::TurnUrl,
    limits::{ICE_RENEWED_BEFORE, RELAYED_CALL_BYTES},
};

/// The servers that clients are told of.
#[derive(Debug)]
pub struct Ice {
    stun: Vec<StunUrl>,
    turn: Source,
}

/// Where TURN servers come from.
#[derive(Debug)]
pub enum Source {
    /// There are none.
    Nowhere,
    /// It is this server. With `tls` it can be talked to over TLS, too.
    Here {
        /// It.
        relay: Arc<Relay>,
        /// Whether over TLS, too.
        tls: bool,
    },
    /// Others are.
    Elsewhere {
        /// Their URLs.
        urls: Vec<TurnUrl>,
        /// The secret that they share with us.
        secret: Secret,
    },
}

/// A session's right to a relay: it lasts for as long as the session does. Dropped, it takes the session's credentials
/// and allocations with it, as far as they are with this server.
#[derive(Debug)]
pub(crate) struct Grant {
    ice: Arc<Ice>,
    /// The user with something random, so that the credentials of one session are not those of the next.
    user: Box<str>,
    renew_at: Instant,
}

impl Ice {
    /// Tells of `stun`, which others run, and of what comes from `turn`.
    #[must_use]
    pub const fn new(stun: Vec<StunUrl>, turn: Source) -> Self {
        Self { stun, turn }
    }

    /// The right of a user's session; `None` if there is nothing to have a right to.
    pub(crate) fn grant(self: &Arc<Self>, user: &UserName, now: Instant) -> Option<Grant> {
        if matches!(self.turn, Source::Nowhere) {
            return None;
        }
        // Random enough: it only keeps sessions apart, and whoever guesses it has no credential yet.
        let random = RandomState::new().build_hasher().finish();
        let user = relay::session_of(user.as_str(), random).into();
        Some(Grant { ice: Arc::clone(self), user, renew_at: now })
    }

    /// The servers that need no credential: others' and, if it is here, ours.
    fn open(&self, reached: Option<&Reached>) -> Vec<IceServer> {
        let ours = match (&self.turn, reached) {
            (Source::Here { relay, .. }, Some(reached)) if relay.has_udp() => {
                Some(format!("stun:{reached}"))
            }
            _ => None,
        };
        let urls: Vec<_> =
            ours.into_iter().chain(self.stun.iter().map(ToString::to_string)).collect();
        if urls.is_empty() {
            Vec::new()
        } else {
            vec![IceServer { urls, username: None, credential: None }]
        }
    }

    fn relays(&self, reached: Option<&Reached>, user: &str) -> Option<IceServer> {
        let (urls, credential) = match (&self.turn, reached) {
            (Source::Nowhere, _) | (Source::Here { .. }, None) => return None,
            (Source::Here { relay, tls }, Some(reached)) => {
                (urls(reached, relay.has_udp(), *tls), relay.mint(user))
            }
            (Source::Elsewhere { urls, secret }, _) => {
                let urls = urls.iter().map(ToString::to_string).collect();
                (urls, secret.mint(user, unix(), CREDENTIAL_LIFETIME))
            }
        };
        let Credential { username, password } = credential;
        Some(IceServer { urls, username: Some(username), credential: Some(password) })
    }

    /// What a client is told at login. It reached us as `reached`, if that can be said.
    pub(crate) fn servers(
        &self,
        grant: Option<&mut Grant>,
        reached: Option<&Reached>,
        now: Instant,
    ) -> Vec<IceServer> {
        let mut servers = self.open(reached);
        if let Some(grant) = grant {
            grant.renew_at = now + (CREDENTIAL_LIFETIME - ICE_RENEWED_BEFORE);
            servers.extend(self.relays(reached, &grant.user));
        }
        servers
    }
}

/// By which way sound and picture of a call went, as far as this server can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Not by a relay.
    Direct,
    /// By the relay of this server, over UDP.
    Udp,
    /// By the relay of this server, over TCP or TLS.
    Tcp,
    /// There are other relays, which do not tell.
    Unknown,
}

impl Way {
    /// The way of a call in which so much was relayed.
    const fn of(relayed: Carried) -> Self {
        match relayed {
            Carried { udp, stream } if udp.saturating_add(stream) < RELAYED_CALL_BYTES => {
                Self::Direct
            }
            Carried { udp, stream } if udp >= stream => Self::Udp,
            Carried { .. } => Self::Tcp,
        }
    }
}

/// As it stands in the log.
impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Direct => "direct",
            Self::Udp => "relay over udp",
            Self::Tcp => "relay over tcp",
            Self::Unknown => "unknown",
        })
    }
}

impl Grant {
    /// What this server's relay has carried so far for the user and for a peer; `None` if others relay.
    pub(crate) fn carried(&self, peer: &UserName) -> Option<Carried> {
        let Source::Here { relay, .. } = &self.ice.turn else { return None };
        let ours = relay.carried(&self.user);
        let theirs = relay.carried(&relay::session_of(peer.as_str(), 0));
        Some(Carried { udp: ours.udp + theirs.udp, stream: ours.stream + theirs.stream })
    }

    /// By which way a call went at whose beginning the relay had carried so much.
    pub(crate) fn way(&self, peer: &UserName, before: Option<Carried>) -> Way {
        let Some((now, before)) = self.carried(peer).zip(before) else { return Way::Unknown };
        let since = |now: u64, before: u64| now.saturating_sub(before);
        Way::of(Carried {
            udp: since(now.udp, before.udp),
            stream: since(now.stream, before.stream),
        })
    }

    /// When the client needs other credentials.
    pub(crate) const fn renew_at(&self) -> Instant {
        self.renew_at
    }
}

impl Drop for Grant {
    fn drop(&mut self) {
        if let Source::Here { relay, .. } = &self.ice.turn {
            relay.revoke(&self.user);
        }
    }
}

/// The ways to our relay, in the order in which browsers should try them: datagrams suit media best, TCP gets through
/// where they do not, and TLS where nothing else does.
fn urls(reached: &Reached, udp: bool, tls: bool) -> Vec<String> {
    let mut urls = Vec::new();
    if udp {
        urls.push(format!("turn:{reached}?transport=udp"));
    }
    urls.push(format!("turn:{reached}?transport=tcp"));
    if tls {
        urls.push(format!("turns:{reached}?transport=tcp"));
    }
    urls
}

fn unix() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use relay::Carried;

    use super::{RELAYED_CALL_BYTES, Way};

    #[test]
    fn only_sound_and_picture_make_a_call_a_relayed_one() {
        let most = RELAYED_CALL_BYTES;
        for (udp, stream, way) in [
            (0, 0, "direct"),
            (most - 1, 0, "direct"),
            (most, 0, "relay over udp"),
            (most, 1, "relay over udp"),
            (1, most, "relay over tcp"),
            (u64::MAX, u64::MAX, "relay over udp"),
        ] {
            assert_eq!(Way::of(Carried { udp, stream }).to_string(), way, "{udp} {stream}");
        }
    }
}
