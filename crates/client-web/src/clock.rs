//! The page's clock, which goes on while the machine sleeps. PURE: the shell reads the browser's two clocks.
//!
//! On Linux, macOS and phones `performance.now` stands still in sleep, and so do timers. The wall clock goes on, but may be set
//! while the page is open. So time is what the first one says, and after a sleep what the other one says.

use crate::call::Millis;

/// By how much the wall clock must have gone ahead of the other, in ms, for this to be a sleep. What is less is a correction of the
/// wall clock, or a sleep that no connection notices.
const SLEPT: Millis = 2_000;

/// The page's clock: in ms since 1970, where it starts, and never going back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    now: Millis,
    monotonic: Millis,
    wall: Millis,
}

impl Clock {
    /// Starts it with what the two clocks say.
    #[must_use]
    pub const fn new(monotonic: Millis, wall: Millis) -> Self {
        Self { now: wall, monotonic, wall }
    }

    /// The two clocks say this now. Gives whether the machine has slept since it was last asked.
    pub const fn read(&mut self, monotonic: Millis, wall: Millis) -> bool {
        let ran = monotonic.saturating_sub(self.monotonic);
        let passed = wall.saturating_sub(self.wall);
        let slept = passed > ran + SLEPT;
        self.now += if slept { passed } else { ran };
        (self.monotonic, self.wall) = (monotonic, wall);
        slept
    }

    /// The time when it was last read.
    #[must_use]
    pub const fn now(&self) -> Millis {
        self.now
    }
}

#[cfg(test)]
mod tests {
    use super::Clock;

    /// When the page was opened, by the wall clock.
    const OPENED: u64 = 1_700_000_000_000;

    #[test]
    fn it_goes_on_in_sleep_and_does_not_follow_a_clock_that_is_set() {
        // What passes by the monotonic and the wall clock, what passes for the page, and whether that was a sleep.
        for (ran, passed, expected, slept) in [
            (0, 0, 0, false),
            (25_000, 25_010, 25_000, false),
            (5_000, 6_500, 5_000, false),
            (300, 3_600_300, 3_600_300, true),
            (0, 2_001, 2_001, true),
            // Where it goes on in sleep, it needs no help.
            (3_600_000, 3_600_000, 3_600_000, false),
            // Back by an hour.
            (1_000, -3_599_000, 1_000, false),
        ] {
            let mut clock = Clock::new(400, OPENED);
            let wall = OPENED.saturating_add_signed(passed);
            assert_eq!(clock.read(400 + ran, wall), slept, "{ran} {passed}");
            assert_eq!(clock.now(), OPENED + expected, "{ran} {passed}");
            // Once is enough.
            assert!(!clock.read(400 + ran + 10, wall + 10));
            assert_eq!(clock.now(), OPENED + expected + 10, "{ran} {passed}");
        }
    }
}
