//! What holds of every step of a session, whatever is tested: `World` takes each through [`checked`].

use std::time::Instant;

use protocol::ServerMessage;

use super::super::{
    Body, Call, Effect, Effects, Envelope, Input, Phase, Return, Session, Welcomed, link::Link,
};

/// Hands an input to a session, and checks what comes of it. Gives its effects, and what it said to its client that it had
/// not said before.
///
/// What is said to a client that is away does not come out, and is the more to be checked when it is said: by a twin of
/// the session whose client is there.
pub(super) fn checked(
    session: &mut Session,
    now: Instant,
    input: Input,
) -> (Effects, Vec<ServerMessage>) {
    let mut twin = session.clone();
    if let Link::Away { stream, .. } = &twin.link {
        twin.link = Link::Attached(stream.clone());
    }
    let before = session.phase().clone();
    let named = match &input {
        Input::Return(back) => back.call.clone(),
        _ => None,
    };
    let returns = matches!(input, Input::Return(_));
    let kept = still_kept(session, &input);
    let shortened = shortened(session, &input);
    let outside = matches!(&input, Input::FromPeer(envelope) if is_outside(&before, envelope));
    let twins = if returns { Effects::new() } else { twin.handle(now, input.clone()) };
    let effects = session.handle(now, input);
    if let Some((shortened, shortly)) = shortened {
        assert_eq!((&shortened, &shortly), (&*session, &effects), "the short way is another");
    }
    if outside {
        assert_eq!(effects, Effects::new(), "it comes from outside the call");
        assert_eq!(*session.phase(), before);
    }
    let said = match effects.first() {
        // What is sent again was said and checked before.
        Some(Effect::Welcome(Welcomed { received: Some(_), .. })) => {
            check_recipients(&before, session, None, &effects[..1]);
            let (_, since) = effects.split_at(1 + kept);
            check_recipients(&before, session, None, since);
            since.iter().filter_map(to_client).cloned().collect()
        }
        _ => {
            check_recipients(&before, session, named.as_ref(), &effects);
            check_recipients(&before, session, named.as_ref(), &twins);
            match &session.link {
                // A call that rings, or did, is told once the client is back.
                Link::Away { stream, .. } => {
                    stream.unacknowledged().into_iter().skip(kept).collect()
                }
                _ => effects.iter().filter_map(to_client).cloned().collect(),
            }
        }
    };
    let waits = session.next_timeout().is_some() || !matches!(session.link, Link::Away { .. });
    assert!(waits || *session.phase() == Phase::Ended, "nobody ends this session: {session:?}");
    (effects, said)
}

/// How many messages of those that a client which is away has not got are still kept after this input, if it is kept at all
/// what is said.
fn still_kept(session: &Session, input: &Input) -> usize {
    let mut stream = match &session.link {
        Link::Attached(stream) | Link::Away { stream, .. } => stream.clone(),
        Link::Fresh | Link::Expected { .. } => return 0,
    };
    if let Input::Return(Return { received: Some(count), .. }) = input {
        stream.acknowledge(*count);
    }
    stream.unacknowledged().len()
}

/// What becomes of a session and comes of an input by the short way, if it goes by that.
fn shortened(session: &Session, input: &Input) -> Option<(Session, Effects)> {
    let mut twin = session.clone();
    let effect = match input {
        Input::FromClient(message) => {
            let (to, envelope) = twin.pass_on(&message.encode())?;
            Effect::ToPeer(to.clone(), envelope)
        }
        Input::FromPeer(envelope) => Effect::ToClient(twin.hear(envelope.clone()).ok()?),
        _ => {
            return None;
        }
    };
    Some((twin, vec![effect]))
}

/// Whether something is said within a call by somebody who is not the peer of the user's call, if there is one.
fn is_outside(phase: &Phase, envelope: &Envelope) -> bool {
    let begins = matches!(envelope.body, Body::Offer(_) | Body::Replace { .. } | Body::Restore);
    !begins && phase.call().is_none_or(|call| call.peer != envelope.from)
}

fn to_client(effect: &Effect) -> Option<&ServerMessage> {
    match effect {
        Effect::ToClient(message) => Some(message),
        Effect::Welcome(_) | Effect::ToPeer(..) | Effect::End => None,
    }
}

/// Whatever a session sends goes to the peer of its call, and stamped with its own name; whatever it tells its user is
/// from there. The exceptions are as harmless as they are few: errors, a `leave` for who offers a call or takes the user to
/// be in one, and one for the call that the client itself has named when it came back.
fn check_recipients(before: &Phase, session: &Session, named: Option<&Call>, effects: &[Effect]) {
    let after = session.phase();
    let calls: Vec<&Call> = [before.call(), after.call(), named].into_iter().flatten().collect();
    for effect in effects {
        match effect {
            Effect::Welcome(welcomed) => {
                if let Some((peer, _)) = &welcomed.call {
                    assert_eq!(after.call().map(|call| call.peer.as_str()), Some(peer.as_str()));
                }
            }
            Effect::ToPeer(to, envelope) => {
                assert_eq!(envelope.from, *session.user());
                assert_ne!(to, session.user());
                let in_call = calls.iter().any(|call| call.is(to, &envelope.call))
                    || after.admits(to, &envelope.call);
                assert!(in_call || matches!(envelope.body, Body::Leave(_)), "{to}: {envelope:?}");
            }
            Effect::ToClient(message) => {
                let sender = match message {
                    ServerMessage::Offer(m) => Some(m.name.as_str()),
                    ServerMessage::Answer(m) => m.name.as_deref(),
                    ServerMessage::Candidate(m) => m.name.as_deref(),
                    ServerMessage::Ringing(m) => m.name.as_deref(),
                    ServerMessage::Leave(m) => m.name.as_deref(),
                    ServerMessage::Restored(m) => Some(m.name.as_str()),
                    ServerMessage::Away(m) => Some(m.name.as_str()),
                    ServerMessage::Login(_)
                    | ServerMessage::Error(_)
                    | ServerMessage::Pong(_)
                    | ServerMessage::Missed(_)
                    | ServerMessage::Ice(_) => continue,
                };
                assert!(
                    calls.iter().any(|call| Some(call.peer.as_str()) == sender),
                    "{sender:?} is not in {calls:?}"
                );
            }
            Effect::End => assert_eq!(*after, Phase::Ended),
        }
    }
}
