//! What a page reads and writes, without serde: see [`json`].

use super::{
    Away, ClientMessage, Ice, IceServer, LeaveReason, LoginReply, Missed, Pong, Raw, Refusal,
    RelayedAnswer, RelayedCandidate, RelayedLeave, RelayedOffer, RelayedRinging, Restored,
    ServerMessage, Welcome,
};
use crate::{
    error::{DecodeError, ErrorCode},
    ids::CallId,
    json::{self, Mistake, Object, Writer},
    name_error::{NameError, NameReason},
};

impl From<Mistake> for DecodeError {
    fn from(mistake: Mistake) -> Self {
        Self::Malformed(mistake.0.to_owned())
    }
}

pub(super) fn decode(text: &str) -> Result<ServerMessage, DecodeError> {
    let object = Object::read(text)?;
    Ok(match &*json::string(object.must("type")?)? {
        "login" => ServerMessage::Login(login_reply(&object)?),
        "offer" => ServerMessage::Offer(RelayedOffer {
            name: object.must_text("name")?,
            offer: raw(&object, "offer")?,
            call: id(&object, "call")?,
            replaces: id(&object, "replaces")?,
            guest: guest(&object)?,
        }),
        "answer" => ServerMessage::Answer(RelayedAnswer {
            name: object.text("name")?,
            answer: raw(&object, "answer")?,
            call: id(&object, "call")?,
            guest: guest(&object)?,
        }),
        "candidate" => ServerMessage::Candidate(RelayedCandidate {
            name: object.text("name")?.map(Into::into),
            candidate: raw(&object, "candidate")?,
            call: id(&object, "call")?,
        }),
        "ringing" => ServerMessage::Ringing(RelayedRinging {
            name: object.text("name")?,
            call: id(&object, "call")?,
            guest: guest(&object)?,
        }),
        "leave" => ServerMessage::Leave(RelayedLeave {
            name: object.text("name")?,
            call: id(&object, "call")?,
            reason: object.text("reason")?.map(|word| LeaveReason::of_word(&word)),
        }),
        "error" => ServerMessage::Error(Refusal {
            message: object.must_text("message")?,
            code: code(&object)?,
            name: object.text("name")?,
            call: id(&object, "call")?,
            fault: fault(&object)?,
            seconds: small(&object, "seconds")?,
        }),
        "pong" => ServerMessage::Pong(Pong { received: object.number("received")? }),
        "ice" => ServerMessage::Ice(Ice {
            ice_servers: ice_servers(&object)?.ok_or(Mistake("missing field"))?,
        }),
        "restored" => ServerMessage::Restored(Restored {
            name: object.must_text("name")?,
            call: id(&object, "call")?.ok_or(Mistake("missing field"))?,
        }),
        "missed" => ServerMessage::Missed(Missed {
            name: object.must_text("name")?,
            call: id(&object, "call")?,
            guest: guest(&object)?,
        }),
        "away" => ServerMessage::Away(Away {
            name: object.must_text("name")?,
            call: id(&object, "call")?.ok_or(Mistake("missing field"))?,
            back: object.boolean("back")?.unwrap_or(false),
        }),
        _ => return Err(DecodeError::UnknownType),
    })
}

fn login_reply(object: &Object<'_>) -> Result<LoginReply, Mistake> {
    // Every field is read, whichever reply it is: one that is wrong is refused in both.
    let success = object.boolean("success")?.ok_or(Mistake("missing field"))?;
    let (code, message) = (code(object)?, object.text("message")?);
    let fault = fault(object)?;
    let seconds = small(object, "seconds")?;
    let welcome = Welcome {
        name: object.text("name")?,
        session: object.text("session")?,
        received: object.number("received")?,
        peer: object.text("peer")?,
        call: id(object, "call")?,
        ice_servers: ice_servers(object)?.unwrap_or_default(),
        version: small(object, "version")?,
        grace: small(object, "grace")?,
    };
    Ok(if success {
        LoginReply::Welcome(Box::new(welcome))
    } else {
        LoginReply::Refused { code, message, fault, seconds }
    })
}

fn ice_servers(object: &Object<'_>) -> Result<Option<Vec<IceServer>>, Mistake> {
    let servers = object.array("iceServers")?;
    servers.map(|list| list.into_iter().map(ice_server).collect()).transpose()
}

fn ice_server(json: &str) -> Result<IceServer, Mistake> {
    let object = Object::read(json)?;
    let urls = object.must("urls")?;
    // W3C allows one URL where there may be several.
    let urls = if urls.starts_with('[') { json::items(urls)? } else { vec![urls] };
    let urls = urls.into_iter().map(|url| Ok(json::string(url)?.into_owned()));
    Ok(IceServer {
        urls: urls.collect::<Result<_, Mistake>>()?,
        username: object.text("username")?,
        credential: object.text("credential")?,
    })
}

fn raw(object: &Object<'_>, key: &str) -> Result<Raw, Mistake> {
    object.must(key).map(|json| Raw(json.into()))
}

fn id(object: &Object<'_>, key: &str) -> Result<Option<CallId>, Mistake> {
    let text = object.text(key)?;
    text.map(|text| CallId::try_from(&*text).map_err(|_| Mistake("this is no call id"))).transpose()
}

fn small(object: &Object<'_>, key: &str) -> Result<Option<u32>, Mistake> {
    let number = object.number(key)?.map(u32::try_from).transpose();
    number.map_err(|_| Mistake("a number is too large"))
}

fn guest(object: &Object<'_>) -> Result<bool, Mistake> {
    Ok(object.boolean("guest")?.unwrap_or(false))
}

fn code(object: &Object<'_>) -> Result<Option<ErrorCode>, Mistake> {
    Ok(object.text("code")?.map(|word| ErrorCode::of_word(&word)))
}

fn fault(object: &Object<'_>) -> Result<Option<NameError>, Mistake> {
    let Some(fault) = object.get("fault")? else { return Ok(None) };
    let fault = Object::read(fault)?;
    let character = fault.text("character")?.map(|text| {
        let mut chars = text.chars();
        chars.next().filter(|_| chars.next().is_none()).ok_or(Mistake("this is no character"))
    });
    Ok(Some(NameError {
        reason: NameReason::of_word(&fault.must_text("reason")?),
        character: character.transpose()?,
    }))
}

pub(super) fn encode(message: &ClientMessage) -> String {
    let start = |kind| Writer::new().text("type", kind);
    let writer = match message {
        ClientMessage::Login(m) => start("login")
            .text("name", &m.name)
            .maybe_text("session", m.session.as_deref())
            .maybe_text("ticket", m.ticket.as_deref())
            .maybe_number("received", m.received)
            .flag("anew", m.anew)
            .maybe_number("attempt", m.attempt)
            .maybe_text("peer", m.peer.as_deref())
            .maybe_text("call", word(&m.call))
            .flag("calling", m.calling)
            .maybe_text("continued", word(&m.continued)),
        ClientMessage::Offer(m) => start("offer")
            .text("name", &m.name)
            .raw("offer", m.offer.as_json())
            .maybe_text("call", word(&m.call))
            .maybe_text("replaces", word(&m.replaces)),
        ClientMessage::Answer(m) => start("answer")
            .maybe_text("name", m.name.as_deref())
            .raw("answer", m.answer.as_json())
            .maybe_text("call", word(&m.call)),
        ClientMessage::Candidate(m) => start("candidate")
            .maybe_text("name", m.name.as_deref())
            .raw("candidate", m.candidate.as_json())
            .maybe_text("call", word(&m.call)),
        ClientMessage::Ringing(m) => {
            start("ringing").maybe_text("name", m.name.as_deref()).maybe_text("call", word(&m.call))
        }
        ClientMessage::Leave(m) => start("leave")
            .maybe_text("name", m.name.as_deref())
            .maybe_text("call", word(&m.call))
            .maybe_text("reason", m.reason.map(LeaveReason::as_str)),
        ClientMessage::Ping(m) => start("ping").maybe_number("received", m.received),
    };
    writer.finish()
}

fn word(id: &Option<CallId>) -> Option<&str> {
    id.as_ref().map(CallId::as_str)
}
