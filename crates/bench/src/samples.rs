//! What was measured, over all repetitions.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    contestant::Contestant,
    workload::{Found, Workload},
};

/// What a number says. In the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// The server's CPU time, in µs for each message that arrived.
    CpuPerMessage,
    /// The server's CPU time, in µs for each call, from the offer to the end.
    CpuPerCall,
    /// The server's CPU time, in µs for each login.
    CpuPerLogin,
    /// Half of the messages, calls or logins took less: µs.
    P50,
    /// All but one in a hundred took less: µs.
    P99,
    /// The same as the two above, while others flood the server.
    P50Flooded,
    /// See there.
    P99Flooded,
    /// Messages, calls or logins a second; or connections of a flood.
    PerSecond,
    /// The server's memory, in KiB for each user who only stays.
    Memory,
    /// The server's CPU time, in µs for each message, while the crowd stays.
    CpuAmongCrowd,
    /// How long a login takes right after the whole crowd went away: ms.
    FreshLogin,
    /// What the server uses of a core for each call that it relays, in per cent.
    CpuPerRelayedCall,
    /// The server's memory, in KiB for each call that it relays.
    MemoryPerRelayedCall,
    /// What of the packets does not arrive, in per cent.
    Lost,
    /// What the load used of its core, in per cent. At 100 it is the load that is the limit.
    Load,
    /// What others used of the machine meanwhile, in per cent of one core.
    Others,
}

impl Kind {
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::CpuPerMessage => "server CPU a message, µs",
            Self::CpuPerCall => "server CPU a call, µs",
            Self::CpuPerLogin => "server CPU a login, µs",
            Self::P50 => "p50, µs",
            Self::P99 => "p99, µs",
            Self::P50Flooded => "p50 in the flood, µs",
            Self::P99Flooded => "p99 in the flood, µs",
            Self::PerSecond => "a second",
            Self::Memory => "memory an idle user (PSS), KiB",
            Self::CpuAmongCrowd => "server CPU a message with the crowd there, µs",
            Self::FreshLogin => "a login after all disconnected, ms",
            Self::CpuPerRelayedCall => "server CPU a call, % of a core",
            Self::MemoryPerRelayedCall => "memory a call (PSS), KiB",
            Self::Lost => "packets lost, %",
            Self::Load => "the load's own CPU, % of its core",
            Self::Others => "others on this machine, % of a core",
        }
    }

    /// Whether a ratio of it says something about the servers.
    pub(crate) const fn compares(self) -> bool {
        !matches!(self, Self::Lost | Self::Load | Self::Others)
    }
}

/// The sizes of a sorted list below which half, or 99 of 100, of it lie, in µs.
pub(crate) fn add_percentiles(found: &mut Found, times: Vec<Duration>) {
    add_percentiles_as(found, [Kind::P50, Kind::P99], times);
}

/// The same under other names.
pub(crate) fn add_percentiles_as(
    found: &mut Found,
    [half, most]: [Kind; 2],
    mut times: Vec<Duration>,
) {
    times.sort_unstable();
    for (kind, share) in [(half, 50), (most, 99)] {
        let at = times.len() * share / 100;
        if let Some(time) = times.get(at.min(times.len().saturating_sub(1))) {
            found.insert(kind, 1e6 * time.as_secs_f64());
        }
    }
}

/// All that was measured.
#[derive(Debug, Default)]
pub(crate) struct Samples(BTreeMap<(Workload, Kind, Contestant), Vec<f64>>);

/// The middle one of several numbers, and the least and the greatest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) greatest: f64,
}

impl Spread {
    fn of(mut numbers: Vec<f64>) -> Option<Self> {
        numbers.sort_unstable_by(f64::total_cmp);
        let (&least, &greatest) = (numbers.first()?, numbers.last()?);
        let middle = numbers.len() / 2;
        let median = if numbers.len() % 2 == 1 {
            numbers[middle]
        } else {
            f64::midpoint(numbers[middle - 1], numbers[middle])
        };
        Some(Self { median, least, greatest })
    }
}

impl Samples {
    pub(crate) fn add(&mut self, workload: Workload, contestant: Contestant, found: Found) {
        for (kind, number) in found {
            self.0.entry((workload, kind, contestant)).or_default().push(number);
        }
    }

    /// What was measured of a workload, in order.
    pub(crate) fn kinds(&self, workload: Workload) -> Vec<Kind> {
        let mut kinds: Vec<Kind> =
            self.0.keys().filter(|key| key.0 == workload).map(|key| key.1).collect();
        kinds.dedup();
        kinds
    }

    pub(crate) fn spread(
        &self,
        workload: Workload,
        kind: Kind,
        contestant: Contestant,
    ) -> Option<Spread> {
        Spread::of(self.numbers(workload, kind, contestant).to_vec())
    }

    /// How the one's number relates to the other's. What disturbs one repetition disturbs both, so each repetition has
    /// its own ratio, and the median is of those.
    pub(crate) fn ratio(&self, one: Key, other: Key) -> Option<Spread> {
        let pairs =
            self.numbers(one.0, one.1, one.2).iter().zip(self.numbers(other.0, other.1, other.2));
        Spread::of(pairs.map(|(one, other)| one / other).collect())
    }

    /// Every single number, a line each.
    pub(crate) fn lines(&self) -> String {
        let mut lines = String::from("workload\tcontestant\twhat\trepetitions\n");
        for ((workload, kind, contestant), numbers) in &self.0 {
            let numbers: Vec<String> = numbers.iter().map(|n| format!("{n:.3}")).collect();
            let (workload, contestant) = (workload.option(), contestant.option());
            let line = [&workload, &contestant, kind.title(), &numbers.join("\t")].join("\t");
            lines = lines + &line + "\n";
        }
        lines
    }

    fn numbers(&self, workload: Workload, kind: Kind, contestant: Contestant) -> &[f64] {
        self.0.get(&(workload, kind, contestant)).map_or(&[], Vec::as_slice)
    }
}

/// Whose number of what.
pub(crate) type Key = (Workload, Kind, Contestant);

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Found, Kind, Samples, Spread, add_percentiles};
    use crate::{contestant::Contestant, workload::Workload};

    #[test]
    fn the_median_is_in_the_middle() {
        for (numbers, median) in [(vec![3.0, 1.0, 2.0], 2.0), (vec![4.0, 1.0], 2.5)] {
            assert_eq!(Spread::of(numbers).unwrap().median, median);
        }
        assert_eq!(Spread::of(Vec::new()), None);
    }

    #[test]
    fn percentiles_are_of_the_sorted_times() {
        let mut found = Found::new();
        add_percentiles(&mut found, (0..1000).rev().map(Duration::from_micros).collect());
        assert_eq!((found[&Kind::P50], found[&Kind::P99]), (500.0, 990.0));
        let mut nothing = Found::new();
        add_percentiles(&mut nothing, Vec::new());
        assert!(nothing.is_empty());
    }

    #[test]
    fn ratios_are_taken_within_a_repetition() {
        let mut samples = Samples::default();
        let at = |contestant| (Workload::Relay1, Kind::P50, contestant);
        // The second repetition was twice as slow for both, the third a little better for the other.
        for (one, other) in [(1.0, 2.0), (2.0, 4.0), (1.0, 1.9)] {
            samples.add(Workload::Relay1, Contestant::Pronto, [(Kind::P50, one)].into());
            samples.add(Workload::Relay1, Contestant::Tcp, [(Kind::P50, other)].into());
        }
        let ratio = samples.ratio(at(Contestant::Pronto), at(Contestant::Tcp)).unwrap();
        assert_eq!((ratio.median, ratio.least), (0.5, 0.5));
        assert_eq!(samples.ratio(at(Contestant::Pronto), at(Contestant::Tutorial)), None);
    }
}
