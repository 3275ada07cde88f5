//! Which texts of the data channel are read: what a peer says, however often it says it.
//!
//! A peer may send tens of thousands of texts in a second, and browsers hand them to the page's thread in one go. What they say
//! of the peer's devices comes out at most once in [`PAUSE`], and what was said last counts. A peer that says more than a page
//! of ours ever does is not listened to until the pause is over.

use crate::call::PeerMedia;

/// The longest text that is read, in UTF-16 code units. Ours have less than 100; what is longer is not from our page.
pub const MAX_TEXT: u32 = 512;

/// How long after one text was told the next is, in ms: a tenth of a second, which nobody sees.
pub const PAUSE: u32 = 100;

/// How many texts are read in that time. Our page sends one when a device is switched.
const MAX_READ: u32 = 16;

/// What waits to be told.
#[derive(Debug, Default)]
pub struct Intake {
    /// Whether a pause is under way.
    pauses: bool,
    /// How many texts were read in it.
    read: u32,
    /// What they say.
    says: Option<PeerMedia>,
}

/// What to do when a text has come, or when a pause is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Tell this, if it says anything. A pause follows.
    Tell(Option<PeerMedia>),
    /// Nothing.
    Wait,
    /// Do not listen until the pause is over.
    Ignore,
}

impl Intake {
    /// A text came.
    pub fn arrived(&mut self, text: &str) -> Then {
        let says = PeerMedia::from_text(text);
        if !self.pauses {
            self.pauses = true;
            return Then::Tell(says);
        }
        self.says = says.or(self.says);
        self.read += 1;
        if self.read < MAX_READ { Then::Wait } else { Then::Ignore }
    }

    /// The pause is over. Another one follows if any text came in it.
    pub const fn pause_is_over(&mut self) -> Then {
        if self.read == 0 {
            self.pauses = false;
            return Then::Wait;
        }
        self.read = 0;
        Then::Tell(self.says.take())
    }
}
