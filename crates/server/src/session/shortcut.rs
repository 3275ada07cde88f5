//! The short way of what is said most: candidates within a call that stands.
//!
//! What goes by it has the same effects as by [`Session::handle`], which has to decide all the rest: the tests hold the
//! two together.

use protocol::{ClientMessage, RelayedCandidate, ServerMessage, UserName};

use super::{Body, Envelope, Phase, Session, link::Link};

impl Session {
    /// Takes in a candidate of our user's client, as it came over the wire, and gives the envelope that is to be brought
    /// to this user. `None` for any other message, of which nothing is taken in.
    pub fn pass_on(&mut self, text: &str) -> Option<(&UserName, Envelope)> {
        let Phase::InCall(call) = &self.phase else { return None };
        let candidate = ClientMessage::candidate_for(text, call.peer.as_str(), call.key.id())?;
        if let Link::Attached(stream) = &mut self.link {
            stream.count();
        }
        let (from, guest, body) = (self.user.clone(), self.guest, Body::Candidate(candidate));
        Some((&call.peer, Envelope { from, guest, call: call.key.clone(), body }))
    }

    /// Takes in a candidate of the peer, and gives what is to be said to our user's client.
    ///
    /// # Errors
    /// Gives back any other envelope.
    pub fn hear(&mut self, envelope: Envelope) -> Result<ServerMessage, Envelope> {
        let (Phase::InCall(call), Link::Attached(stream)) = (&self.phase, &mut self.link) else {
            return Err(envelope);
        };
        match envelope {
            Envelope { from, call: key, body: Body::Candidate(candidate), .. }
                if call.is(&from, &key) =>
            {
                let (name, call) = (Some(from.into()), key.into_id());
                let message = ServerMessage::Candidate(RelayedCandidate { name, candidate, call });
                stream.keep(&message);
                Ok(message)
            }
            other => Err(other),
        }
    }
}
