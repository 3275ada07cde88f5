//! One line of the log for each call that has ended. It names nobody.

use std::time::Instant;

use protocol::{LeaveReason, ServerMessage, UserName};
use relay::Carried;
use tracing::info;

use super::SessionHandle;
use crate::{
    directory::Directory,
    ice::{Grant, Way},
    session::{Body, Effect, Effects, Phase},
};

/// A call that was answered, while it lasts.
pub(super) struct Standing {
    peer: UserName,
    since: Instant,
    /// What the relay had carried for both by then.
    carried: Option<Carried>,
}

impl<D: Directory> SessionHandle<D> {
    /// The machine has taken something in, and this came of it: perhaps a call begins, or ends.
    pub(super) fn note_call(&mut self, now: Instant, effects: &Effects) {
        let peer = match self.machine.phase() {
            Phase::InCall(call) | Phase::Rejoining { call, .. } | Phase::Restoring { call, .. } => {
                Some(&call.peer)
            }
            _ => None,
        };
        if let Some(ended) = self.standing.take_if(|standing| Some(&standing.peer) != peer)
            // Both sessions know of it. One of them says so.
            && *self.machine.user() < ended.peer
        {
            let way = self
                .grant
                .as_ref()
                .map_or(Way::Direct, |grant| grant.way(&ended.peer, ended.carried));
            let seconds = now.saturating_duration_since(ended.since).as_secs();
            info!(cause = cause(effects).as_str(), seconds, path = %way, "a call has ended");
        }
        if let Phase::InCall(call) = self.machine.phase()
            && self.standing.is_none()
        {
            let carried = self.grant.as_ref().and_then(|grant: &Grant| grant.carried(&call.peer));
            let peer = call.peer.clone();
            self.standing = Some(Box::new(Standing { peer, since: now, carried }));
        }
    }
}

/// Why a call has ended, by what is said of that to either side.
fn cause(effects: &Effects) -> LeaveReason {
    let told = effects.iter().find_map(|effect| match effect {
        Effect::ToClient(ServerMessage::Leave(leave)) => leave.reason,
        Effect::ToPeer(_, envelope) => match envelope.body {
            Body::Leave(reason) => Some(reason),
            _ => None,
        },
        _ => None,
    });
    told.unwrap_or(LeaveReason::Hangup)
}
