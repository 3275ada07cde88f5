use std::time::{Duration, Instant};

use protocol::{ClientMessage, LeaveReason, Raw, UserName};
use tokio_util::sync::CancellationToken;

use super::{Outbound, SessionHandle};
use crate::{
    directory::{Directory, LocalDirectory},
    session::{Body, CallKey, Envelope, Input, Limits, Return, Session},
};

/// A session of this user, for which nothing is ever too late.
async fn session(
    user: &UserName,
    directory: &LocalDirectory,
    stop: &CancellationToken,
    _now: Instant,
) -> SessionHandle<LocalDirectory> {
    let claimed = directory.claim(user).await.unwrap();
    let minute = Duration::from_secs(60);
    let limits = Limits { ring: minute, grace: minute, reload: minute };
    let machine = Session::new(user.clone(), 1, limits);
    SessionHandle::new(machine, claimed, directory.clone(), stop.clone())
}

/// Two tasks see the end of the server at different moments.
#[tokio::test]
async fn a_peer_that_is_not_there_any_more_when_the_server_stops_is_not_gone() {
    for stops in [false, true] {
        let directory = LocalDirectory::default();
        let [alice, bob] = ["alice", "bob"].map(|name| UserName::parse(name).unwrap());
        let (alice_is_there, _mailbox) = directory.claim(&alice).await.unwrap();
        let (now, stop) = (Instant::now(), CancellationToken::new());
        let mut handle = session(&bob, &directory, &stop, now).await;
        let mut out = Outbound::default();
        let say = |json: &str| Input::FromClient(ClientMessage::decode(json).unwrap());
        handle.handle(now, Input::Return(Return::default()), &mut out).await.unwrap();
        let offer = say(r#"{"type":"offer","name":"alice","offer":1}"#);
        handle.handle(now, offer, &mut out).await.unwrap();
        if stops {
            stop.cancel();
        }
        drop(alice_is_there);
        let candidate = say(r#"{"type":"candidate","candidate":1}"#);
        handle.handle(now, candidate, &mut out).await.unwrap();
        assert_eq!(out.is_empty(), stops, "what the client is told");
    }
}

#[tokio::test]
async fn an_ending_session_answers_the_offers_that_it_never_read() {
    let directory = LocalDirectory::default();
    let [alice, bob] = ["alice", "bob"].map(|name| UserName::parse(name).unwrap());
    let (_alice_is_there, mut heard) = directory.claim(&alice).await.unwrap();
    let now = Instant::now();
    let handle = session(&bob, &directory, &CancellationToken::new(), now).await;
    let call = CallKey::Numbered(1);
    let body = Body::Offer(Raw::from_json("1".to_owned()).unwrap());
    let offer = Envelope { from: alice, guest: false, call: call.clone(), body };
    directory.send(&bob, offer).await.unwrap();
    handle.end(now).await;
    let body = Body::Leave(LeaveReason::Gone);
    assert_eq!(heard.try_recv(), Some(Envelope { from: bob.clone(), guest: false, call, body }));
    assert!(directory.claim(&bob).await.is_ok(), "the name is free");
}

/// Who is idle holds no room for it.
#[tokio::test]
async fn the_address_of_the_peer_is_forgotten_with_the_call() {
    let directory = LocalDirectory::default();
    let [alice, bob] = ["alice", "bob"].map(|name| UserName::parse(name).unwrap());
    let (_alice_is_there, mut heard) = directory.claim(&alice).await.unwrap();
    let now = Instant::now();
    let mut handle = session(&bob, &directory, &CancellationToken::new(), now).await;
    let mut out = Outbound::default();
    let say = |json: &str| Input::FromClient(ClientMessage::decode(json).unwrap());
    handle.handle(now, Input::Return(Return::default()), &mut out).await.unwrap();
    let offer = say(r#"{"type":"offer","name":"alice","offer":1,"call":"c"}"#);
    handle.handle(now, offer, &mut out).await.unwrap();
    let call = heard.try_recv().unwrap().call;
    let body = Body::Answer(Raw::from_json("1".to_owned()).unwrap());
    let answer = Envelope { from: alice, guest: false, call, body };
    handle.on_mail(now, answer, &mut out).await.unwrap();

    let candidate = r#"{"type":"candidate","name":"alice","candidate":1,"call":"c"}"#;
    let envelope = *handle.pass_on(candidate).unwrap_err();
    handle.find_peer(now, envelope, &mut out).await.unwrap();
    assert!(handle.peer.is_some());
    assert_eq!(handle.pass_on(candidate).ok(), Some(true));
    let leave = say(r#"{"type":"leave","name":"alice","call":"c"}"#);
    handle.handle(now, leave, &mut out).await.unwrap();
    assert!(handle.peer.is_none());
}
