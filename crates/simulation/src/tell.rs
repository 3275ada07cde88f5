//! What happens in a world, in lines that people can read.

use client_web::call::{Effect, PeerEvent, PeerOp, UserInput};
use protocol::{CallId, ClientMessage, LoginReply, Raw, ServerMessage};
use serde_json::Value;
use server::session::Body;

use crate::{
    event::{Event, News},
    world::World,
};

/// An event. Empty for a timer, which is of no interest by itself: what its owner does then follows.
pub(crate) fn event(world: &World, event: &Event) -> String {
    let name = |user: usize| world.pages[user].name;
    match event {
        Event::Act(user, input) => format!("{} {}", name(*user), act(input)),
        Event::Notice(_) | Event::Timer(_) | Event::SessionTimer(_) | Event::OpDone(..) => {
            String::new()
        }
        Event::AtPage(user, socket, news) => {
            format!("{} <- server over socket {socket}: {}", name(*user), down(news))
        }
        Event::AtServer(socket, news) => {
            let news = match news {
                News::Opened => "is open".to_owned(),
                News::Text(text) => ClientMessage::decode(text)
                    .map_or_else(|_| text.clone(), |message| from_client(&message)),
                News::Closed(code) => format!("closes, {code}"),
            };
            format!("server <- socket {socket}: {news}")
        }
        Event::AtLiar(socket, news) => {
            format!("the liar <- server over socket {socket}: {}", down(news))
        }
        Event::Mail(session, _, envelope) => format!(
            "session {session} <- {}: {}, call {}",
            envelope.from,
            body(&envelope.body),
            envelope.call.id().map_or("without an id", short),
        ),
        Event::Fetched((user, _), request, answer) => {
            let status = answer.as_ref().map(|answer| answer.status);
            format!("{} <- server: {request:?} {status:?}", name(*user))
        }
        Event::Media((user, _), _, result) => match result {
            Ok((audio, video)) => {
                format!("{}'s browser gives microphone {audio}, camera {video}", name(*user))
            }
            Err(error) => format!("{}'s browser gives no device: {error:?}", name(*user)),
        },
        Event::Peer((user, _), peer, event) => {
            format!("{}'s connection {}: {}", name(*user), peer.0, peer_event(event))
        }
        Event::Check(..) | Event::GiveUp(..) => String::new(),
        Event::Unplugged(user, device) => format!("{}'s {device:?} is gone", name(*user)),
        Event::BreakSocket(user) => match world.pages[*user].socket {
            Some(socket) => format!("{}'s socket {socket} BREAKS", name(*user)),
            None => format!("{} has no socket to break", name(*user)),
        },
        Event::Close(user, time) => {
            format!("{}'s page is CLOSED, and loaded again after {time} ms", name(*user))
        }
        Event::Load((user, _)) => format!("{}'s page is loaded again", name(*user)),
        Event::LeavePage(user) => format!("{} LEAVES THE PAGE", name(*user)),
        Event::Lie(lie) => format!("the liar: {:?}", lie.kind),
        Event::Reload(user) => format!("{}'s page is LOADED ANEW", name(*user)),
        Event::NetworkChanged(user) => format!("{} comes to ANOTHER NETWORK", name(*user)),
        Event::Restart { killed, has_roster, down_for } => {
            let how = if *killed { "is KILLED" } else { "STOPS" };
            let knows = if *has_roster { "knows who was there" } else { "knows nobody" };
            format!("the server {how}, is back after {down_for} ms and {knows}")
        }
        Event::Path(true) => "the path of the media is back".to_owned(),
        Event::Path(false) => "the path of the media BREAKS".to_owned(),
    }
}

fn down(news: &News) -> String {
    match news {
        News::Opened => "is open".to_owned(),
        News::Text(text) => ServerMessage::decode(text)
            .map_or_else(|_| text.clone(), |message| from_server(&message)),
        News::Closed(code) => format!("closes, {code}"),
    }
}

fn act(input: &UserInput) -> String {
    match input {
        UserInput::SignIn { name } => format!("signs in as {name}"),
        UserInput::Call { name } => format!("CALLS {name}"),
        UserInput::Accept { camera: true } => "ACCEPTS".to_owned(),
        UserInput::Accept { camera: false } => "ACCEPTS without camera".to_owned(),
        UserInput::Decline => "DECLINES".to_owned(),
        UserInput::DeclineForGood => "DECLINES, for good".to_owned(),
        UserInput::Unblock { name } => format!("unblocks {name}"),
        UserInput::HangUp => "HANGS UP".to_owned(),
        UserInput::SignOut => "signs out".to_owned(),
        other => format!("presses {other:?}"),
    }
}

/// Something that a page does; empty where that is shown elsewhere, or shows in nothing.
pub(crate) fn effect(name: &str, effect: &Effect) -> String {
    let what = match effect {
        Effect::OpenSocket => "opens a socket".to_owned(),
        Effect::Fetch(request) => format!("asks for {request:?}"),
        Effect::CloseSocket(farewell) => format!("closes its socket: {farewell:?}"),
        Effect::Send(message) => format!("says {}", from_client(message)),
        Effect::OpenMedia { audio, video, .. } => {
            format!("asks for microphone {audio}, camera {video}")
        }
        Effect::StopCamera => "stops the camera".to_owned(),
        Effect::StopMicrophone => "stops the microphone".to_owned(),
        Effect::CreatePeer { id, .. } => format!("builds connection {}", id.0),
        Effect::ClosePeer(id) => format!("closes connection {}", id.0),
        Effect::Peer(id, op) => format!("connection {}: {}", id.0, peer_op(op)),
        Effect::Keep(kept) => match kept.as_ref().and_then(|kept| kept.call.as_ref()) {
            Some((peer, call)) => format!("keeps the call {} with {peer}", short(call)),
            None => return String::new(),
        },
        Effect::KeepMissed(missed) => format!("has missed {} calls", missed.calls.len()),
        Effect::KeepBlocked(names) => format!("has blocked {names:?}"),
        Effect::FindDevices
        | Effect::KeepMedia(_)
        | Effect::DropMedia(_)
        | Effect::EnableMicrophone(_)
        | Effect::SuggestName(_)
        | Effect::ClearName
        | Effect::RememberName(_) => return String::new(),
    };
    format!("    {name} {what}")
}

fn peer_op(op: &PeerOp) -> String {
    match op {
        PeerOp::AddTransceivers => "add transceivers".to_owned(),
        PeerOp::AttachTracks => "attach tracks".to_owned(),
        PeerOp::Offer { ice_restart: true } => "offer, with an ICE restart".to_owned(),
        PeerOp::Offer { ice_restart: false } => "offer".to_owned(),
        PeerOp::ApplyOffer(raw) => format!("apply offer {}", described(raw)),
        PeerOp::Answer => "answer".to_owned(),
        PeerOp::TellAnswer => "tell the answer".to_owned(),
        PeerOp::ApplyAnswer(raw) => format!("apply answer {}", described(raw)),
        PeerOp::AddCandidate(raw) => format!("add candidate {}", described(raw)),
        PeerOp::SendText(_) => "send a text".to_owned(),
        PeerOp::UseServers(_) => "use other servers".to_owned(),
        PeerOp::FindRoute => "find out how the path goes".to_owned(),
    }
}

fn peer_event(event: &PeerEvent) -> String {
    match event {
        PeerEvent::OfferReady(raw) => format!("offer {}", described(raw)),
        PeerEvent::AnswerReady(raw) => format!("answer {}", described(raw)),
        PeerEvent::Candidate(raw) => format!("candidate {}", described(raw)),
        PeerEvent::State(state) => format!("{state:?}"),
        other => format!("{other:?}"),
    }
}

fn from_client(message: &ClientMessage) -> String {
    match message {
        ClientMessage::Login(login) => {
            let count = login.received.map_or_else(String::new, |count| format!(", got {count}"));
            let anew = if login.anew { ", anew" } else { "" };
            let calling = if login.calling { ", calling" } else { "" };
            let peer = login.peer.as_ref().map_or_else(String::new, |peer| format!(" with {peer}"));
            let (name, call) = (&login.name, in_call(login.call.as_ref()));
            format!("login as {name}{count}{anew}{call}{peer}{calling}")
        }
        ClientMessage::Offer(m) => {
            let old = m.replaces.as_ref().map(|old| format!(", in the place of {}", short(old)));
            let (call, old) = (in_call(m.call.as_ref()), old.unwrap_or_default());
            format!("offer {} to {}{call}{old}", described(&m.offer), m.name)
        }
        ClientMessage::Answer(m) => {
            format!("answer {}{}", described(&m.answer), in_call(m.call.as_ref()))
        }
        ClientMessage::Candidate(m) => {
            format!("candidate {}{}", described(&m.candidate), in_call(m.call.as_ref()))
        }
        ClientMessage::Ringing(m) => format!("ringing{}", in_call(m.call.as_ref())),
        ClientMessage::Leave(m) => format!("leave {:?}{}", m.reason, in_call(m.call.as_ref())),
        ClientMessage::Ping(ping) => format!("ping {:?}", ping.received),
    }
}

fn from_server(message: &ServerMessage) -> String {
    match message {
        ServerMessage::Login(LoginReply::Welcome(welcome)) => {
            let count = welcome
                .received
                .map_or_else(|| ", begins at 0".to_owned(), |count| format!(", got {count}"));
            format!("welcome{count}{}", in_call(welcome.call.as_ref()))
        }
        ServerMessage::Login(LoginReply::Refused { code, .. }) => format!("refused {code:?}"),
        ServerMessage::Offer(m) => {
            let old = m.replaces.as_ref().map(|old| format!(", in the place of {}", short(old)));
            let (call, old) = (in_call(m.call.as_ref()), old.unwrap_or_default());
            format!("offer {} of {}{call}{old}", described(&m.offer), m.name)
        }
        ServerMessage::Answer(m) => {
            format!("answer {}{}", described(&m.answer), in_call(m.call.as_ref()))
        }
        ServerMessage::Candidate(m) => {
            format!("candidate {}{}", described(&m.candidate), in_call(m.call.as_ref()))
        }
        ServerMessage::Ringing(m) => format!("ringing{}", in_call(m.call.as_ref())),
        ServerMessage::Leave(m) => format!("leave {:?}{}", m.reason, in_call(m.call.as_ref())),
        ServerMessage::Error(m) => {
            format!("error {:?}{}: {}", m.code, in_call(m.call.as_ref()), m.message)
        }
        ServerMessage::Pong(pong) => format!("pong {:?}", pong.received),
        ServerMessage::Ice(_) => "other servers".to_owned(),
        ServerMessage::Restored(m) => format!("restored with {} {}", m.name, m.call.as_str()),
        ServerMessage::Missed(m) => format!("missed {}", m.name),
        ServerMessage::Away(m) if m.back => format!("{} is back", m.name),
        ServerMessage::Away(m) => format!("{} is away", m.name),
    }
}

fn body(body: &Body) -> String {
    match body {
        Body::Offer(raw) => format!("offer {}", described(raw)),
        Body::Reoffer(raw) => format!("offer {} within the call", described(raw)),
        Body::Ringing => "ringing".to_owned(),
        Body::Answer(raw) => format!("answer {}", described(raw)),
        Body::Candidate(raw) => format!("candidate {}", described(raw)),
        Body::Leave(reason) => format!("leave {reason:?}"),
        Body::Restore => "restore".to_owned(),
        Body::Restored => "restored".to_owned(),
        Body::Away { back: true } => "is back".to_owned(),
        Body::Away { back: false } => "is away".to_owned(),
        Body::Replace { offer, old } => format!(
            "offer {} in the place of {}",
            described(offer),
            old.id().map_or("a call without an id", short),
        ),
    }
}

fn in_call(call: Option<&CallId>) -> String {
    call.map(|call| format!(", call {}", short(call))).unwrap_or_default()
}

/// Enough of an id to tell it from others.
fn short(call: &CallId) -> &str {
    call.as_str().get(..6).unwrap_or(call.as_str())
}

/// Which of the world's peer connections a description or candidate is of, and the how manyeth.
fn described(raw: &Raw) -> String {
    let value: Value = serde_json::from_str(raw.as_json()).unwrap_or_default();
    format!("{}/{}", value["pc"], value["n"])
}
