//! What the page does when it may have missed something: the machine slept, the browser let the page rest, or the network is another.

use super::{
    Call, Client, Link, Millis,
    active::{Active, Path},
};

/// How late a timer may be, in ms, before that means that the machine slept. Browsers let the timers of hidden tabs wait for
/// up to a minute, which looks the same, and then this costs one ping.
const SLEPT: Millis = 5_000;

impl Client {
    /// The browser is online again, or over another network.
    pub(super) fn network_changed(&mut self, now: Millis) {
        self.offline = false;
        self.replace_socket(now);
        self.restart_ice();
        self.ask_at_once(now);
    }

    /// Timers came late: the machine slept, and the network may be another.
    pub(super) fn notice_sleep(&mut self, now: Millis) {
        if self.next_timeout().is_some_and(|at| at + SLEPT < now) {
            self.probe(now);
            self.seek_path_at_once(now);
        }
    }

    /// The page rested, or the machine did: nobody knows what has become of the socket. An attempt to open one has a time of its own,
    /// and ends by it.
    pub(super) fn wake(&mut self, now: Millis) {
        if let Link::Up(_) | Link::Waiting(..) = self.link {
            self.probe(now);
        }
        self.seek_path_at_once(now);
    }

    fn seek_path_at_once(&mut self, now: Millis) {
        if let Call::Active(Active { path: Path::Broken { restart_at, .. }, .. }) = &mut self.call {
            *restart_at = now;
        }
    }
}
