//! What there is to see of Pronto's page.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) const SCRIPT: &str = include_str!("look.js");

/// What there is to see of Pronto's page. What is hidden is `None`. A sentence is told by its key in index.html and
/// what stands in its slots: `busy: bob`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Look {
    /// The id of the page that is shown.
    pub page: Option<String>,
    /// How far the call is.
    pub phase: Option<String>,
    /// What is to be heard: `incoming` or `outgoing`.
    pub ring: Option<String>,
    /// What the live region says.
    pub status: Option<String>,
    /// The document's title.
    pub title: String,
    /// What is wrong with the server.
    pub banner: Option<String>,
    /// The server that one is asked about.
    pub other_server: Option<String>,
    /// What stands in the field of the sign-in.
    pub name: String,
    /// What is wrong with it.
    pub name_error: Option<String>,
    /// How one gets in: `open`, `guest`, `provider`, `naming` or `known`.
    pub entry: Option<String>,
    /// What the links say by which one signs in with a provider.
    pub providers: Vec<String>,
    /// Why one is not signed in, or not any more.
    pub login_notice: Option<String>,
    /// What is said of the account that one has, before one is signed in.
    pub account: Option<String>,
    /// What is wrong with the name of somebody to call.
    pub callee_error: Option<String>,
    /// Under which name one is signed in.
    pub self_name: Option<String>,
    /// What is said beside it.
    pub self_note: Option<String>,
    /// Why the last call ended, or what is missing in this one.
    pub notice: Option<String>,
    /// Whether it offers to call again.
    pub can_call_again: bool,
    /// Whether one can call.
    pub can_call: bool,
    /// Whether one can hurry the next attempt to reach the server.
    pub can_retry: bool,
    /// Who calls.
    pub caller: Option<String>,
    /// Whether the other is marked as a guest.
    pub guest: bool,
    /// Whether one can answer.
    pub can_answer: bool,
    /// Whether the other's picture is shown.
    pub remote_picture: bool,
    /// The name that stands where the picture would be.
    pub remote_placeholder: Option<String>,
    /// Whether the other's microphone is off.
    pub remote_muted: bool,
    /// How long the call has gone on.
    pub timer: Option<String>,
    /// Whether the own picture is shown.
    pub own_picture: bool,
    /// In which corner it lies.
    pub corner: Option<String>,
    /// Whether the preview is switched on.
    pub preview_on: bool,
    /// Whether the microphone is switched off.
    pub microphone_off: bool,
    /// Whether the camera is switched off.
    pub camera_off: bool,
    /// Whether both can be switched.
    pub can_switch: bool,
    /// Whose calls were missed, newest first.
    pub missed: Vec<String>,
    /// Who is blocked, the latest first.
    pub blocked: Vec<String>,
    /// How many of them are marked as those of guests.
    pub missed_guests: usize,
    /// The id of what has the focus, or its kind of element.
    pub focus: String,
}

impl Look {
    /// The id of the page that is shown.
    #[must_use]
    pub fn page(&self) -> &str {
        self.page.as_deref().unwrap_or_default()
    }

    /// How far the call is.
    #[must_use]
    pub fn phase(&self) -> &str {
        self.phase.as_deref().unwrap_or_default()
    }

    /// What the live region says.
    #[must_use]
    pub fn status(&self) -> &str {
        self.status.as_deref().unwrap_or_default()
    }

    /// Whether one is signed in, and the server is there.
    #[must_use]
    pub fn is_signed_in(&self) -> bool {
        self.page() == "callPage" && self.status().starts_with("ready: ")
    }

    /// How long the call has gone on, in seconds.
    #[must_use]
    pub fn seconds(&self) -> Option<u64> {
        let (minutes, seconds) = self.timer.as_deref()?.split_once(':')?;
        Some(minutes.parse::<u64>().ok()? * 60 + seconds.parse::<u64>().ok()?)
    }
}

/// As JSON, without what is not there or not so.
impl fmt::Display for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut look = serde_json::to_value(self).map_err(|_| fmt::Error)?;
        if let Value::Object(fields) = &mut look {
            fields.retain(|_, value| !matches!(value, Value::Null | Value::Bool(false)));
        }
        look.fmt(f)
    }
}
