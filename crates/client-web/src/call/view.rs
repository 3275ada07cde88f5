//! What is visible and enabled, and which sentence is shown.

use super::{Corner, Message, Missed, Provider, Text};

/// Everything that the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Which of the pages.
    pub page: Page,
    /// How far the call is.
    pub phase: PhaseView,
    /// What is going on, in the live region.
    pub status: Message,
    /// The document's title.
    pub title: Message,
    /// Whether the sign-in is under way.
    pub signing_in: bool,
    /// What is wrong with the name, beside its field.
    pub sign_in_error: Option<Text>,
    /// Why somebody is not signed in, or not any more.
    pub sign_in_notice: Option<Text>,
    /// For how many seconds, where that says so.
    pub refused_for: Option<u64>,
    /// How one gets in.
    pub entry: Entry,
    /// The providers that one can sign in with.
    pub providers: Vec<Provider>,
    /// Whether they are known so late that they must not push anything aside.
    pub late: bool,
    /// What is said of the account that the user has, before they are signed in.
    pub account: Option<Message>,
    /// Whether the connection can be checked from here, which is done as a guest.
    pub can_check: bool,
    /// Under which name the user is signed in.
    pub self_name: Option<String>,
    /// What is said beside it: who has proven it, or that nobody has.
    pub self_note: Option<Message>,
    /// What is wrong with the connection to the server.
    pub server_trouble: Option<Message>,
    /// Whether there is something to hurry: an attempt is waited for.
    pub can_retry: bool,
    /// Whether a call can be made.
    pub can_call: bool,
    /// What is wrong with the callee's name, beside its field.
    pub callee_error: Option<Text>,
    /// The character that is wrong in the name of the one or the other.
    pub bad_character: Option<char>,
    /// Whether it is to be said that the user's address is to be hidden, and there is nothing to hide it behind.
    pub hides_in_vain: bool,
    /// Why the last call ended, or what is missing in this one.
    pub notice: Option<NoticeView>,
    /// The missed calls, newest first.
    pub missed: Vec<Missed>,
    /// Whose calls are declined without asking, the latest first.
    pub blocked: Vec<String>,
    /// The incoming call.
    pub incoming: Option<IncomingView>,
    /// The other's side of the stage.
    pub remote: Option<RemoteView>,
    /// Whether the own picture is there to be shown.
    pub own_picture: bool,
    /// Whether the preview outside of a call is on, or about to be.
    pub preview: bool,
    /// Where the own picture lies.
    pub corner: Corner,
    /// The buttons of a call.
    pub controls: Option<Controls>,
    /// How long the call has gone on, in seconds.
    pub duration: Option<u64>,
    /// What is to be heard.
    pub ring: Ring,
}

/// Which of the pages is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// This browser cannot do it.
    Unsupported,
    /// Sign in.
    Login,
    /// All the rest.
    Call,
}

/// How one gets in, as the attribute `data-entry` of the sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Under any name.
    Open,
    /// With a provider, or under any name as a guest.
    Guest,
    /// With a provider only.
    Provider,
    /// The user has an account, and chooses its name.
    Naming,
    /// The user has an account with a name.
    Known,
}

impl Entry {
    /// The value of the attribute.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Guest => "guest",
            Self::Provider => "provider",
            Self::Naming => "naming",
            Self::Known => "known",
        }
    }

    /// Whether a name is asked for.
    #[must_use]
    pub const fn asks_for_name(self) -> bool {
        matches!(self, Self::Open | Self::Guest | Self::Naming)
    }
}

/// How far the call is, as the attribute `data-phase`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhaseView {
    /// No call.
    Idle,
    /// This user calls.
    Calling,
    /// Somebody calls this user.
    Ringing,
    /// Accepted, not yet connected.
    Connecting,
    /// Connected.
    InCall,
    /// Broken, to be mended.
    Reconnecting,
}

impl PhaseView {
    /// The value of the attribute.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Calling => "calling",
            Self::Ringing => "ringing",
            Self::Connecting => "connecting",
            Self::InCall => "in-call",
            Self::Reconnecting => "reconnecting",
        }
    }
}

/// The card about the last call, or about what is missing in this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeView {
    /// What it says.
    pub message: Message,
    /// Whether it offers to call again.
    pub call_again: bool,
}

/// The card of an incoming call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncomingView {
    /// Who calls.
    pub name: String,
    /// Whether nobody has proven that name, where names can be proven.
    pub guest: bool,
    /// Whether the user has answered, and the devices are being opened.
    pub answering: bool,
    /// Whether to answer is to show the user's address, which is to be hidden and cannot be.
    pub shows_address: bool,
}

/// The other's side of the stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteView {
    /// Who it is.
    pub name: String,
    /// Whether nobody has proven that name, where names can be proven.
    pub guest: bool,
    /// Whether their picture is to be seen.
    pub picture: bool,
    /// Whether their microphone is off.
    pub muted: bool,
    /// What is going on with them, over the stage.
    pub status: Option<Message>,
}

/// The buttons of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Controls {
    /// Whether the microphone is off.
    pub microphone_off: bool,
    /// Whether the camera is off.
    pub camera_off: bool,
    /// Whether camera and microphone can be switched now.
    pub enabled: bool,
    /// Whether the microphone is being opened, as the user wants it: the browser may be asking them.
    pub microphone_opening: bool,
    /// The same of the camera.
    pub camera_opening: bool,
    /// Whether the microphone is off since the system silences it.
    pub microphone_silenced: bool,
    /// The same of the camera.
    pub camera_silenced: bool,
}

/// What is to be heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ring {
    /// Nothing.
    Silent,
    /// Somebody calls.
    Incoming,
    /// It rings at the other's.
    Outgoing,
}
