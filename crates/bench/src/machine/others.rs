//! How much of the machine others use while we measure.

use std::{
    fs,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

/// The kernel counts the time of the whole machine in hundredths of a second.
const TICK_MS: u64 = 10;

/// A moment, and how long the machine's cores had been busy until then.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Busy {
    at: Instant,
    /// All cores together.
    machine: Duration,
    /// What of it is ours: the server, the load, and what keeps the cores awake.
    ours: Duration,
}

impl Busy {
    pub(crate) fn now(ours: Duration) -> Result<Self> {
        let text = fs::read_to_string("/proc/stat")?;
        let machine = of_line(text.lines().next().unwrap_or_default())
            .context("/proc/stat begins with the whole machine's times")?;
        Ok(Self { at: Instant::now(), machine, ours })
    }

    /// How many cores others have kept busy since `earlier`, on average.
    pub(crate) fn others_since(&self, earlier: &Self) -> f64 {
        let busy = self.machine.saturating_sub(earlier.machine);
        let ours = self.ours.saturating_sub(earlier.ours);
        let elapsed = (self.at - earlier.at).as_secs_f64();
        busy.saturating_sub(ours).as_secs_f64() / elapsed.max(0.01)
    }
}

/// A line `cpu user nice system idle iowait irq softirq steal …`: what was neither idle nor waiting. What the host took
/// away (steal) counts, for it was not ours.
fn of_line(line: &str) -> Option<Duration> {
    let mut words = line.split_whitespace();
    words.next().filter(|word| *word == "cpu")?;
    let ticks: Vec<u64> = words.map_while(|word| word.parse().ok()).collect();
    let [user, nice, system, _, _, irq, softirq, steal, ..] = ticks[..] else { return None };
    Some(Duration::from_millis(TICK_MS * (user + nice + system + irq + softirq + steal)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::of_line;

    #[test]
    fn idling_and_waiting_is_not_busy() {
        let busy = of_line("cpu  1 2 4 1000 5000 8 16 32 64 128");
        assert_eq!(busy, Some(Duration::from_millis(10 * 63)));
        assert_eq!(of_line("cpu0 1 2 4 1000 5000 8 16 32 0 0"), None);
        assert_eq!(of_line("cpu 1 2"), None);
    }
}
