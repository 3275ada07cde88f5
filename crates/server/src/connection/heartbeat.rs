//! Finds out whether anybody is still there. Pure: time is handed in.

use std::time::{Duration, Instant};

/// Says when to send a WebSocket ping (RFC 6455 section 5.5.2), and when to give the socket up.
///
/// Any frame that comes counts as a sign of life, not only a pong.
#[derive(Debug)]
pub(super) struct Heartbeat {
    interval: Duration,
    patience: Duration,
    state: State,
}

#[derive(Debug)]
enum State {
    /// All is well until it is time for a ping.
    Quiet { ping_at: Instant },
    /// A ping was sent, and nothing heard since.
    Waiting { ping_at: Instant, dead_at: Instant },
    /// A ping was sent, and something heard since.
    Heard { ping_at: Instant, look_at: Instant },
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Beat {
    Nothing,
    Ping,
    Dead,
}

impl Heartbeat {
    /// Pings every `interval`, and waits for a sign of life for as long as `patience`.
    pub(super) fn new(now: Instant, interval: Duration, patience: Duration) -> Self {
        Self { interval, patience, state: State::Quiet { ping_at: now + interval } }
    }

    /// A frame came.
    pub(super) const fn heard(&mut self) {
        if let State::Waiting { ping_at, dead_at } = self.state {
            self.state = State::Heard { ping_at, look_at: dead_at };
        }
    }

    /// When to call [`Self::beat`]. Does not change when something is heard, so that a timer need not be moved then.
    pub(super) const fn next(&self) -> Instant {
        match self.state {
            State::Quiet { ping_at } => ping_at,
            State::Waiting { dead_at, .. } => dead_at,
            State::Heard { look_at, .. } => look_at,
        }
    }

    /// Says what is due.
    pub(super) fn beat(&mut self, now: Instant) -> Beat {
        if now < self.next() {
            return Beat::Nothing;
        }
        match self.state {
            State::Quiet { .. } => {
                self.state =
                    State::Waiting { ping_at: now + self.interval, dead_at: now + self.patience };
                Beat::Ping
            }
            State::Waiting { .. } => Beat::Dead,
            State::Heard { ping_at, .. } => {
                self.state = State::Quiet { ping_at };
                Beat::Nothing
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Beat, Heartbeat};

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn silence_after_a_ping_is_death() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(start, 25 * SECOND, 10 * SECOND);
        assert_eq!(heartbeat.beat(start + 24 * SECOND), Beat::Nothing);
        assert_eq!(heartbeat.next(), start + 25 * SECOND);
        assert_eq!(heartbeat.beat(start + 25 * SECOND), Beat::Ping);
        assert_eq!(heartbeat.next(), start + 35 * SECOND);
        assert_eq!(heartbeat.beat(start + 34 * SECOND), Beat::Nothing);
        assert_eq!(heartbeat.beat(start + 35 * SECOND), Beat::Dead);
    }

    #[test]
    fn anything_heard_is_life_and_the_next_ping_comes_in_time() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(start, 25 * SECOND, 10 * SECOND);
        assert_eq!(heartbeat.beat(start + 25 * SECOND), Beat::Ping);
        heartbeat.heard();
        assert_eq!(heartbeat.beat(start + 35 * SECOND), Beat::Nothing);
        assert_eq!(heartbeat.next(), start + 50 * SECOND);
        assert_eq!(heartbeat.beat(start + 50 * SECOND), Beat::Ping);
        assert_eq!(heartbeat.beat(start + 60 * SECOND), Beat::Dead);
    }

    #[test]
    fn what_was_heard_before_the_ping_does_not_count_after_it() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(start, 25 * SECOND, 10 * SECOND);
        heartbeat.heard();
        assert_eq!(heartbeat.beat(start + 25 * SECOND), Beat::Ping);
        assert_eq!(heartbeat.beat(start + 35 * SECOND), Beat::Dead);
    }
}
