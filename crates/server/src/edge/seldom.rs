//! Limits how often something is logged, so that clients cannot fill the log.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// Something that is to be said once in a while at most.
#[derive(Debug)]
pub(crate) struct Seldom {
    interval: Duration,
    last: Mutex<Option<Instant>>,
}

impl Seldom {
    pub(crate) const fn new(interval: Duration) -> Self {
        Self { interval, last: Mutex::new(None) }
    }

    /// Whether the last time was long enough ago. Then this is the last time.
    pub(crate) fn is_due(&self) -> bool {
        let now = Instant::now();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.is_none_or(|at| now.duration_since(at) >= self.interval);
        if due {
            *last = Some(now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Seldom;

    #[tokio::test(start_paused = true)]
    async fn a_log_is_not_filled_with_one_and_the_same_warning() {
        let interval = Duration::from_secs(60);
        let seldom = Seldom::new(interval);
        assert!(seldom.is_due());
        assert!(!seldom.is_due());
        tokio::time::advance(interval).await;
        assert!(seldom.is_due() && !seldom.is_due());
    }
}
