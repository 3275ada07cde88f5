//! When the page is drawn. PURE: the shell draws, and wakes up when it is told to.

use crate::call::{Client, Millis};

/// How long after the accepting nothing is drawn, at most, in ms. To draw, to open the devices and to find the path compete for
/// the processor and for the page's only thread, and nobody notices less than a tenth of a second.
pub const UNDRAWN: Millis = 90;

/// What the shell does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Whether it draws the page now.
    pub draw: bool,
    /// When it looks again, if nothing happens before.
    pub wake: Option<Millis>,
}

/// When the page is drawn: at once, but for the moment after a call was accepted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Drawing {
    /// Until when a call that is being connected need not be drawn.
    undrawn: Option<Millis>,
}

impl Drawing {
    /// To be asked after everything that happens.
    #[must_use]
    pub fn plan(&mut self, client: &Client, now: Millis) -> Plan {
        let undrawn = self.undrawn_until(client, now);
        let wake = [client.next_timeout(), client.next_view_change(now), undrawn];
        Plan { draw: undrawn.is_none(), wake: wake.into_iter().flatten().min() }
    }

    /// Until when drawing can wait.
    fn undrawn_until(&mut self, client: &Client, now: Millis) -> Option<Millis> {
        if !client.is_connecting() {
            self.undrawn = None;
            return None;
        }
        let until = *self.undrawn.get_or_insert(now + UNDRAWN);
        (now < until).then_some(until)
    }
}
