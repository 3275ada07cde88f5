//! What a session wants done.

use protocol::{CallId, ErrorCode, NameError, Refusal, ServerMessage, UserName};

use super::{Call, Envelope, Welcomed};

/// What a session wants done, in this order.
pub type Effects = Vec<Effect>;

/// Something that a session wants done.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub enum Effect {
    /// Answer the client's login: it is in. Comes before everything else that is said to the client.
    Welcome(Welcomed),
    /// Say this to the user's client.
    ToClient(ServerMessage),
    /// Bring this to that user's session; if that cannot be done, hand in an
    /// [`Undeliverable`](super::Input::Undeliverable).
    ToPeer(UserName, Envelope),
    /// The session is over: release its name.
    End,
}

impl Effect {
    /// An error for the user's client.
    pub(super) fn error(
        code: ErrorCode,
        message: impl Into<String>,
        name: Option<&UserName>,
        call: Option<CallId>,
    ) -> Self {
        Self::ToClient(ServerMessage::Error(Refusal {
            message: message.into(),
            code: Some(code),
            name: name.map(ToString::to_string),
            call,
            fault: None,
            seconds: None,
        }))
    }

    /// Nobody can have the name that was called.
    pub(super) fn bad_name(fault: NameError, call: Option<CallId>) -> Self {
        Self::ToClient(ServerMessage::Error(Refusal {
            message: fault.to_string(),
            code: Some(ErrorCode::BadName),
            name: None,
            call,
            fault: Some(fault),
            seconds: None,
        }))
    }

    /// It may be tried again after so many seconds.
    pub(super) fn after(self, wait: u64) -> Self {
        match self {
            Self::ToClient(ServerMessage::Error(refusal)) => {
                let seconds = u32::try_from(wait).ok();
                Self::ToClient(ServerMessage::Error(Refusal { seconds, ..refusal }))
            }
            other => other,
        }
    }

    /// Nobody is logged in under the name that was called; nor can anybody be, if it is one that only an earlier version let in.
    pub(super) fn offline(call: &Call) -> Self {
        if let Err(fault) = UserName::parse(call.peer.as_str()) {
            return Self::bad_name(fault, call.key.id().cloned());
        }
        let message = format!("{} is not here right now.", call.peer);
        Self::error(ErrorCode::Offline, message, Some(&call.peer), call.key.id().cloned())
    }
}
