//! The clock, and the one timer of the page.

use gloo_timers::callback::Timeout;

use super::queue::{Event, Post};
use crate::call::Millis;

/// The longest wait, in ms; after it one waits again. Timers stand still while the machine sleeps: so long after a sleep it is
/// noticed at the latest.
const MAX_WAIT: Millis = 5_000;

/// Milliseconds since the page was opened, on a clock that never goes back. It may stand still while the machine sleeps.
#[must_use]
pub fn now() -> Millis {
    // Only browsers that never had WebRTC lack this clock.
    web_sys::window()
        .and_then(|window| window.performance())
        .map_or(0, |performance| performance.now() as Millis)
}

/// Milliseconds since 1970, on a clock that may be set.
#[must_use]
pub fn wall_clock() -> Millis {
    js_sys::Date::now() as Millis
}

/// Wakes the page at a given time. Setting it anew forgets the time before.
#[derive(Debug, Default)]
pub struct Alarm(Option<(Millis, Timeout)>);

impl Alarm {
    /// Wakes with [`Event::Alarm`] at `at`, or not at all.
    pub fn set(&mut self, now: Millis, at: Option<Millis>, post: &Post) {
        if self.0.as_ref().map(|(at, _)| *at) == at {
            return;
        }
        self.0 = at.map(|at| {
            let wait = at.saturating_sub(now).min(MAX_WAIT);
            let post = post.clone();
            (at, Timeout::new(wait as u32, move || post.event(Event::Alarm)))
        });
    }

    /// The alarm has rung.
    pub fn rang(&mut self) {
        self.0 = None;
    }
}
