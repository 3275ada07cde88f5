//! What is shown, and when.

use super::{App, now};
use crate::call::Millis;

/// How long after the accepting nothing is drawn, at most, in ms. To draw, to open the devices and to find the path compete for
/// the processor and for the page's only thread, and nobody notices less than a tenth of a second.
const UNDRAWN: Millis = 90;

impl App {
    /// Shows the machine's state, and wakes up when it is to change by itself.
    pub(super) fn show(&mut self) {
        if !self.client.is_ringing() {
            self.finding = None;
        }
        self.play_remote();
        let (phase, ring) = (self.client.phase(), self.client.what_rings());
        self.sound.ring(ring);
        if let Some(timing) = &mut self.timing {
            timing.reached(phase, ring);
        }
        let now = now();
        let undrawn = self.undrawn_until(now);
        if undrawn.is_none() {
            self.page.render(self.client.view(now), now);
        }
        let next = [self.client.next_timeout(), self.client.next_view_change(now), undrawn];
        self.alarm.set(now, next.into_iter().flatten().min(), &self.post);
    }

    /// Plays the peer's tracks. Not while it rings: browsers want a gesture of the user first, and to accept is one.
    fn play_remote(&mut self) {
        if self.remote_media
            && !self.client.is_ringing()
            && let Some((_, peer)) = &self.peer
        {
            self.remote_media = false;
            self.page.show_remote(Some(peer.remote()));
        }
    }

    /// Until when drawing can wait.
    fn undrawn_until(&mut self, now: Millis) -> Option<Millis> {
        if !self.client.is_connecting() {
            self.undrawn = None;
            return None;
        }
        let until = *self.undrawn.get_or_insert(now + UNDRAWN);
        (now < until).then_some(until)
    }
}
