//! What the page does, as a pure state machine.
//!
//! The shell calls [`Client::handle`] with everything that happens (a click, a message, an event of the peer
//! connection, the time), carries out the [`Effect`]s it gets back in their order, shows [`Client::view`], and calls
//! again with [`Input::Tick`] when [`Client::next_timeout`] has come. Nothing here reads a clock, draws a random number,
//! waits or knows a browser, so that whole calls run in a test in no time.
//!
//! Here is the state, and the way out of a call. `dispatch` is the way in for inputs, `show` makes the view; the other files
//! have a part of what the page does each, in the methods that [`Client`] has for it.

mod account;
mod active;
mod allowance;
mod awake;
pub mod block;
mod cause;
mod clock;
mod description;
mod devices;
mod dispatch;
mod early;
mod effect;
mod incoming;
mod input;
mod link;
mod missed;
mod negotiation;
mod outgoing;
mod prepare;
mod recovery;
mod servers;
mod show;
mod signal;
mod text;
mod view;

pub use account::Provider;
pub use active::PeerMedia;
pub use clock::{Millis, Rng};
pub use description::sdp;
pub use devices::{Device, MediaError, Permission, Permissions};
pub use effect::{Effect, Farewell, Found, Kept, PeerOp, Request};
pub use input::{Answer, Corner, Input, PeerEvent, PeerId, PeerState, RequestId, UserInput};
pub use missed::{Missed, MissedCalls};
pub use servers::usable as usable_servers;
pub use text::{Message, Text};
pub use view::{
    Controls, Entry, IncomingView, NoticeView, Page, PhaseView, RemoteView, Ring, View,
};

use account::Account;
use active::Active;
use allowance::Allowance;
use clock::Ids;
use devices::Devices;
use incoming::Incoming;
use link::Link;
use outgoing::Outgoing;
use protocol::{CallId, ClientMessage, Leave, LeaveReason};
use recovery::{KeptCall, Left, Returning};

/// What the browser can do, found out once at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Environment {
    /// All that a call needs.
    Capable,
    /// The page is not in a secure context, where browsers hide cameras and microphones.
    Insecure,
    /// There is no `RTCPeerConnection`.
    NoWebRtc,
}

/// Something the user should know, shown until it is dismissed or the next call starts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Notice {
    message: Message,
    call_again: Option<String>,
}

/// The call, if there is one, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Call {
    Idle,
    Outgoing(Outgoing),
    Incoming(Incoming),
    Active(Active),
    /// The page was reloaded in an accepted call, and the server has not said that it stands.
    Returning(Returning),
}

/// How many calls may be made ready for their answer: so many at once, and then one in so many ms. Each takes a peer connection
/// of the 500 that a browser has, and gives it back some time after it is closed.
type Preparations = Allowance<12, 5_000>;

/// The page's state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Client {
    ids: Ids,
    rng: Rng,
    environment: Environment,
    account: Account,
    link: Link,
    call: Call,
    devices: Devices,
    notice: Option<Notice>,
    missed: MissedCalls,
    /// What the shell was last told to keep of them.
    kept_missed: MissedCalls,
    /// Whose calls are declined without asking, the latest first.
    blocked: Vec<String>,
    /// Under which name this browser has been signed in last: whoever has that name now may be this user in another tab, or before
    /// a tab of theirs was killed.
    remembered: Option<String>,
    sign_in_error: Option<Text>,
    /// For how many seconds the server has refused the last sign-in, if it said so.
    refused_for: Option<u32>,
    callee_error: Option<Text>,
    /// Which character of the name that was typed last is wrong.
    bad_character: Option<char>,
    corner: Corner,
    /// Whether only relayed paths are used, so that the peer does not learn the user's address.
    hides_address: bool,
    /// Whether they show it to the peer of this call all the same: they have answered where it cannot be hidden.
    shows_address: bool,
    /// Whether the browser has said that it has no network, and nothing was heard since.
    offline: bool,
    last_id: u32,
    /// How many sockets were opened so far in this tab.
    sockets: u64,
    /// The call that this user has left last. What the peer still says in it crossed the word of that.
    left: Option<Left>,
    /// The call from before the page was loaded anew.
    kept_call: Option<KeptCall>,
    /// Since when the accepted call stands, also from before the page was loaded anew.
    began: Option<Millis>,
    preparations: Preparations,
    /// What the shell was last told to keep.
    kept: Option<Kept>,
    effects: Vec<Effect>,
}

impl Client {
    /// A page that was just opened. `seed` is 128 random bits, from which call ids and the jitter of retries are drawn.
    #[must_use]
    pub fn new(environment: Environment, seed: u128) -> Self {
        let mut ids = Ids::new(seed);
        Self {
            rng: Rng::new(ids.bits()),
            ids,
            environment,
            account: Account::default(),
            link: Link::Closed,
            call: Call::Idle,
            devices: Devices::default(),
            notice: None,
            missed: MissedCalls::default(),
            kept_missed: MissedCalls::default(),
            blocked: Vec::new(),
            remembered: None,
            sign_in_error: None,
            refused_for: None,
            callee_error: None,
            bad_character: None,
            corner: Corner::TopRight,
            hides_address: false,
            shows_address: false,
            offline: false,
            last_id: 0,
            sockets: 0,
            left: None,
            kept_call: None,
            began: None,
            preparations: Preparations::default(),
            kept: None,
            effects: Vec::new(),
        }
    }

    /// Whether somebody calls, and this user has not answered.
    #[must_use]
    pub const fn is_ringing(&self) -> bool {
        matches!(self.call, Call::Incoming(_))
    }

    fn dismiss_notice(&mut self) {
        match &mut self.call {
            Call::Idle => self.notice = None,
            Call::Outgoing(outgoing) => outgoing.note = None,
            Call::Incoming(incoming) => incoming.forget_problem(),
            Call::Active(active) => active.note = None,
            Call::Returning(_) => {}
        }
    }

    fn hang_up(&mut self) {
        let text = match &self.call {
            Call::Idle => return,
            Call::Incoming(_) => return self.decline(),
            Call::Outgoing(outgoing) if outgoing.replaces.is_none() => Text::CancelledByYou,
            Call::Outgoing(_) => Text::EndedByYou,
            Call::Active(_) | Call::Returning(_) => Text::EndedByYou,
        };
        self.leave(match text {
            Text::CancelledByYou => LeaveReason::Cancelled,
            _ => LeaveReason::Hangup,
        });
        self.end_call(text);
    }

    /// Tells the server that this user leaves the call, if the server knows of it.
    fn leave(&mut self, reason: LeaveReason) {
        let (name, call) = match &self.call {
            Call::Idle => return,
            Call::Outgoing(outgoing) if !outgoing.is_known_to_server() => {
                let Some(old) = &outgoing.replaces else { return };
                (outgoing.peer.clone(), Some(old.clone()))
            }
            // The tutorial's server dies of a `leave` to somebody who is not there, and does not say who is.
            Call::Outgoing(_) if self.link.session().is_some_and(|session| !session.knows_ours) => {
                return;
            }
            Call::Outgoing(outgoing) => (outgoing.peer.clone(), Some(outgoing.call.clone())),
            Call::Incoming(incoming) => (incoming.peer.clone(), incoming.call.clone()),
            Call::Active(active) => (active.peer.clone(), active.call.clone()),
            Call::Returning(returning) => (returning.peer.clone(), Some(returning.call.clone())),
        };
        self.left = call.clone().map(|call| Left { peer: name.clone(), call, reason });
        self.send(ClientMessage::Leave(Leave { name: Some(name), call, reason: Some(reason) }));
    }

    /// The one way out of a call: frees the peer connection and the devices, and says why it ended.
    fn end_call(&mut self, text: Text) {
        let (peer, leg) = match std::mem::replace(&mut self.call, Call::Idle) {
            Call::Idle => return,
            Call::Outgoing(outgoing) => (outgoing.peer, outgoing.stage.into_leg()),
            Call::Incoming(incoming) => (incoming.peer, incoming.preparation.into_leg()),
            Call::Active(active) => (active.peer, Some(active.leg)),
            Call::Returning(returning) => (returning.peer, None),
        };
        if let Some(leg) = leg {
            self.effects.push(Effect::ClosePeer(leg.id));
        }
        (self.kept_call, self.began, self.shows_address) = (None, None, false);
        self.stop_devices();
        let ways = text.names_ways().then(|| self.offered());
        self.notice = Some(Notice {
            message: Message { ways, ..Message::about(text, &peer) },
            call_again: text.offers_to_call_again().then_some(peer),
        });
    }

    /// The name of the one that the current call is with.
    fn call_peer(&self) -> Option<&str> {
        match &self.call {
            Call::Idle => None,
            Call::Outgoing(outgoing) => Some(&outgoing.peer),
            Call::Incoming(incoming) => Some(&incoming.peer),
            Call::Active(active) => Some(&active.peer),
            Call::Returning(returning) => Some(&returning.peer),
        }
    }

    /// Whether a message from this peer in this call belongs to the current one. Our server always names both, as it spells
    /// them; the tutorial's passes neither on, so that there what is absent counts as fitting.
    fn is_of_call(&self, name: Option<&str>, id: Option<&CallId>) -> bool {
        let names_all = self.link.session().is_some_and(|session| session.knows_ours);
        if matches!(self.call, Call::Idle) {
            return false;
        }
        let of_peer = match name {
            Some(name) => self.is_peer(name, id),
            None => !names_all,
        };
        of_peer && (id == self.call_id() || id.is_none() && !names_all)
    }

    /// Whether this is the peer of the current call. How the server spells the name of somebody who is called, the page may
    /// not know before the first message in that call, whose id nobody else knows.
    fn is_peer(&self, name: &str, id: Option<&CallId>) -> bool {
        match &self.call {
            Call::Outgoing(Outgoing { spelled: false, call, .. }) if id == Some(call) => true,
            _ => self.call_peer() == Some(name),
        }
    }

    /// The id of the current call.
    const fn call_id(&self) -> Option<&CallId> {
        match &self.call {
            Call::Idle => None,
            Call::Outgoing(outgoing) => Some(&outgoing.call),
            Call::Incoming(incoming) => incoming.call.as_ref(),
            Call::Active(active) => active.call.as_ref(),
            Call::Returning(returning) => Some(&returning.call),
        }
    }

    fn new_id(&mut self) -> u32 {
        self.last_id = self.last_id.wrapping_add(1);
        self.last_id
    }
}
