//! Tries the ways to the server's relays, each by a call of this page with itself.

use std::{cell::RefCell, rc::Rc};

use futures_channel::mpsc::{UnboundedReceiver, unbounded};
use futures_util::{
    StreamExt,
    future::{Either, join_all, select},
};
use gloo_timers::future::TimeoutFuture;
use protocol::{ClientMessage, IceServer, Login, LoginReply, ServerMessage};

use super::{
    media::Tracks,
    peer::{Paths, Peer, Report},
    socket::{Socket, SocketEvent},
    timer::now,
};
use crate::{
    call::{PeerEvent, PeerOp, usable_servers},
    check::{Check, Outcome, Way},
};

/// How long a way may take, in ms, and reaching the server. A call on a bad line is set up in three seconds.
const PATIENCE: u32 = 10_000;

/// Checks the connection; `show` is called with what is known whenever that changes. `name` is one that nobody has.
pub async fn run(server_url: String, name: String, show: impl Fn(&Check)) {
    let check = Rc::new(RefCell::new(Check::default()));
    show(&check.borrow());
    // The credentials are good for as long as this socket is open.
    let Some((_socket, servers)) = within(PATIENCE, sign_in(server_url, name)).await.flatten()
    else {
        check.borrow_mut().server_is_away();
        show(&check.borrow());
        return;
    };
    let relays: Vec<(Way, IceServer)> = servers.iter().flat_map(relays).collect();
    let ways: Vec<Way> = relays.iter().map(|(way, _)| *way).collect();
    check.borrow_mut().relays_are_known(&ways);
    show(&check.borrow());
    let tried = relays.iter().map(async |(way, relay)| {
        let begin = now();
        let outcome = match within(PATIENCE, call_oneself(relay)).await {
            Some(Ok(())) => Outcome::Works(now().saturating_sub(begin)),
            Some(Err(Failure::Refused(code))) => Outcome::Refused(code),
            Some(Err(Failure::Browser)) | None => Outcome::Blocked,
        };
        check.borrow_mut().was_tried(*way, outcome);
        show(&check.borrow());
    });
    join_all(tried).await;
}

/// The relays of a server, one URL each.
fn relays(server: &IceServer) -> impl Iterator<Item = (Way, IceServer)> {
    server.urls.iter().filter_map(|url| {
        let way = Way::of_url(url)?;
        Some((way, IceServer { urls: vec![url.clone()], ..server.clone() }))
    })
}

/// Signs in, and learns of the STUN and TURN servers; `None` if that does not succeed.
async fn sign_in(url: String, name: String) -> Option<(Socket, Vec<IceServer>)> {
    let (events, mut heard) = unbounded();
    let mut socket = Socket::open(url, move |event| {
        // Nobody listens any more once the answer is there.
        let _ = events.unbounded_send(event);
    });
    loop {
        match heard.next().await? {
            SocketEvent::Opened => {
                let login = Login { name: name.clone(), ..Login::default() };
                socket.send(ClientMessage::Login(Box::new(login)).encode());
            }
            SocketEvent::Text(text) => match ServerMessage::decode(&text) {
                Ok(ServerMessage::Login(LoginReply::Welcome(welcome))) => {
                    return Some((socket, usable_servers(welcome.ice_servers)));
                }
                Ok(ServerMessage::Login(LoginReply::Refused { .. })) => return None,
                _ => {}
            },
            SocketEvent::Closed(_) => return None,
        }
    }
}

/// One end of a call with oneself.
struct End {
    peer: Peer,
    /// Candidates that were found before the other end had the description which they belong to.
    early: Vec<PeerOp>,
    described: bool,
}

/// Why a call with oneself does not come about.
enum Failure {
    /// The relay refuses, with this error code.
    Refused(u16),
    /// The browser will have none.
    Browser,
}

/// Two connections of this page that reach each other by this relay only.
async fn call_oneself(relay: &IceServer) -> Result<(), Failure> {
    let (events, heard) = unbounded();
    let end = |side: usize| {
        let events = events.clone();
        let report = move |report| {
            // Nobody listens any more once it has been found out.
            let _ = events.unbounded_send((side, report));
        };
        let peer = Peer::new(std::slice::from_ref(relay), Paths::Relayed, report);
        let peer = peer.map_err(|_| Failure::Browser)?;
        Ok(End { peer, early: Vec::new(), described: false })
    };
    let mut ends = [end(0)?, end(1)?];
    ends[0].peer.carry_out(PeerOp::AddTransceivers, Tracks::default());
    ends[0].peer.carry_out(PeerOp::Offer { ice_restart: false }, Tracks::default());
    introduce(&mut ends, heard).await
}

/// Carries descriptions and candidates from one end to the other, until something got through.
async fn introduce(
    ends: &mut [End; 2],
    mut heard: UnboundedReceiver<(usize, Report)>,
) -> Result<(), Failure> {
    loop {
        let (from, report) = heard.next().await.ok_or(Failure::Browser)?;
        let Report::Event(event) = report else { continue };
        match event {
            PeerEvent::OfferReady(offer) => {
                ends[1].peer.carry_out(PeerOp::ApplyOffer(offer), Tracks::default());
                ends[1].peer.carry_out(PeerOp::Answer, Tracks::default());
                catch_up(ends, from);
            }
            PeerEvent::AnswerReady(answer) => {
                ends[0].peer.carry_out(PeerOp::ApplyAnswer(answer), Tracks::default());
                catch_up(ends, from);
            }
            PeerEvent::Candidate(candidate) => {
                ends[from].early.push(PeerOp::AddCandidate(candidate));
                if ends[from].described {
                    catch_up(ends, from);
                }
            }
            PeerEvent::ChannelOpen => return Ok(()),
            PeerEvent::OperationFailed => return Err(Failure::Browser),
            PeerEvent::RelayRefused(code) => return Err(Failure::Refused(code)),
            PeerEvent::State(_)
            | PeerEvent::NegotiationNeeded
            | PeerEvent::PeerMedia(_)
            | PeerEvent::Route { .. } => {}
        }
    }
}

/// The other end has this one's description, and can use its candidates.
fn catch_up(ends: &mut [End; 2], from: usize) {
    ends[from].described = true;
    for op in std::mem::take(&mut ends[from].early) {
        ends[1 - from].peer.carry_out(op, Tracks::default());
    }
}

/// What comes of something, unless it takes longer, in ms.
async fn within<T>(patience: u32, what: impl Future<Output = T>) -> Option<T> {
    match select(Box::pin(what), TimeoutFuture::new(patience)).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(_) => None,
    }
}
