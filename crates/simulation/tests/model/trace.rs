//! How a state came about, for people.

use protocol::{ClientMessage, ServerMessage};
use server::session::Body;

use crate::{
    settle::Known,
    state::{Action, Down, NAMES, PageId, SocketId, State, Up},
};

/// The steps to a state, what is wrong there, and how it goes on.
pub(crate) fn of(steps: Vec<(State, Option<Action>)>) -> String {
    let mut lines = Vec::new();
    let mut last = None;
    for (state, action) in steps {
        if let Some(action) = action {
            lines.push(state.tell(action));
        }
        last = Some(state);
    }
    let Some(mut state) = last else { return String::new() };
    let wrong = state.settles(&Known::default()).err();
    lines.push(format!(
        "Wrong: {}",
        state.violation.map(str::to_owned).or(wrong).unwrap_or_default()
    ));
    lines.push("From there, if nothing breaks any more:".to_owned());
    for _ in 0..100 {
        let before = state.clone();
        let Some(action) = state.fair_step() else { break };
        lines.push(format!("{} ms: {}", state.clock, before.tell(action)));
    }
    lines.push(state.summary());
    lines.join("\n")
}

impl State {
    /// A step, before it is taken, and what all do then.
    fn tell(&self, action: Action) -> String {
        let name = |page: PageId| match page {
            0 | 1 => NAMES[page].to_owned(),
            _ => format!("{}'s other tab", NAMES[self.pages[page].user]),
        };
        let socket = |socket: SocketId| format!("{}'s socket {}", name(socket.page), socket.number);
        let what = match action {
            Action::Call(page) => format!("{} calls", name(page)),
            Action::Accept(page) => format!("{} accepts", name(page)),
            Action::Decline(page) => format!("{} declines", name(page)),
            Action::HangUp(page) => format!("{} hangs up", name(page)),
            Action::ToServer(id) => format!("{} to the server: {}", socket(id), self.next_up(id)),
            Action::ToPage(page) => {
                format!("the server to {}: {}", name(page), self.next_down(page))
            }
            Action::Mail(user) => {
                format!("session to session {}: {}", NAMES[user], self.next_mail(user))
            }
            Action::Reconnect(page) => format!("{} opens a socket", name(page)),
            Action::Tick(page) => format!("a deadline of {}'s page passes", name(page)),
            Action::TimeIsUp(user) => format!("a deadline of {}'s session passes", NAMES[user]),
            Action::Break(page) => format!("{}'s socket breaks", name(page)),
            Action::PageLearns(page) => format!("{} sees that the socket is lost", name(page)),
            Action::ServerLearns(id) => format!("the server sees that {} is lost", socket(id)),
            Action::Reload(page) => format!("{}'s page is loaded anew", name(page)),
            Action::Double(page) => format!("{}'s tab is duplicated", name(page)),
            Action::Move(page) => format!("{} comes to another network", name(page)),
            Action::LeavePage(page) => format!("{} leaves the page", name(page)),
            Action::SignOut(page) => format!("{} signs out", name(page)),
            Action::Lie(lie) => format!("the liar: {lie:?}"),
            Action::Cut => "the path of the media breaks".to_owned(),
            Action::Restart { has_roster: true } => "the server starts anew".to_owned(),
            Action::Restart { has_roster: false } => {
                "the server starts anew and knows nobody".to_owned()
            }
        };
        format!("{what:<70} [{}]", self.summary())
    }

    fn next_up(&self, id: SocketId) -> String {
        match self.sockets.get(&id).and_then(|socket| socket.up.front()) {
            Some(Up::Message(message)) => match message {
                ClientMessage::Login(login) => {
                    format!("login {:?}", login.call.as_ref().map(short))
                }
                ClientMessage::Offer(m) => format!("offer {:?}", m.call.as_ref().map(short)),
                ClientMessage::Answer(m) => format!("answer {:?}", m.call.as_ref().map(short)),
                ClientMessage::Candidate(_) => "candidate".to_owned(),
                ClientMessage::Ringing(m) => format!("ringing {:?}", m.call.as_ref().map(short)),
                ClientMessage::Leave(m) => format!("leave {:?}", m.call.as_ref().map(short)),
                ClientMessage::Ping(_) => "ping".to_owned(),
            },
            Some(Up::Close(code)) => format!("closed, {code}"),
            None => "nothing".to_owned(),
        }
    }

    fn next_down(&self, page: PageId) -> String {
        let socket = self.pages[page].socket.and_then(|id| self.sockets.get(&id));
        match socket.and_then(|socket| socket.down.front()) {
            Some(Down::Message(message)) => match message {
                ServerMessage::Login(_) => "login".to_owned(),
                ServerMessage::Offer(m) => format!("offer {:?}", m.call.as_ref().map(short)),
                ServerMessage::Answer(m) => format!("answer {:?}", m.call.as_ref().map(short)),
                ServerMessage::Ringing(m) => format!("ringing {:?}", m.call.as_ref().map(short)),
                ServerMessage::Leave(m) => {
                    format!("leave {:?} {:?}", m.call.as_ref().map(short), m.reason)
                }
                ServerMessage::Error(m) => {
                    format!("error {:?} {:?}", m.call.as_ref().map(short), m.code)
                }
                other => other.encode().chars().take(40).collect(),
            },
            Some(Down::Close(code)) => format!("closed, {code}"),
            None => "nothing".to_owned(),
        }
    }

    fn next_mail(&self, user: usize) -> String {
        let Some((_, envelope)) = self.sessions.get(&user).and_then(|live| live.mailbox.front())
        else {
            return "nothing".to_owned();
        };
        let body = match &envelope.body {
            Body::Offer(_) => "offer".to_owned(),
            Body::Reoffer(_) => "offer within the call".to_owned(),
            Body::Ringing => "ringing".to_owned(),
            Body::Answer(_) => "answer".to_owned(),
            Body::Candidate(_) => "candidate".to_owned(),
            Body::Leave(reason) => format!("leave {reason:?}"),
            Body::Restore => "restore".to_owned(),
            Body::Restored => "restored".to_owned(),
            Body::Away { back } => format!("away, or back: {back}"),
            Body::Replace { old, .. } => format!("continues {:?}", old.id().map(short)),
        };
        format!("{body} {:?}", envelope.call.id().map(short))
    }
}

/// Enough of an id to tell it from others.
fn short(id: &protocol::CallId) -> &str {
    &id.as_str()[..4]
}
