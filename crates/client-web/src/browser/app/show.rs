//! What is shown.

use super::App;

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
        let now = self.clock.now();
        let plan = self.drawing.plan(&self.client, now);
        if plan.draw {
            self.page.render(self.client.view(now), now);
        }
        self.alarm.set(now, plan.wake, &self.post);
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
}
