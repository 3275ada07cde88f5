//! Candidates from one to the other, within calls that stand.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures_util::stream::{FuturesUnordered, TryStreamExt};
use tokio::{sync::mpsc, task::yield_now, time::sleep};

use super::{Found, Meter, Size};
use crate::{
    contestant::{Dialect, Server},
    load::{Pair, Progress},
    samples::{Kind, add_percentiles},
};

/// Who is measured, and how to talk to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target<'a> {
    pub(super) server: &'a Server,
    pub(super) dialect: Dialect,
}

impl Target<'_> {
    /// Pairs that are logged in. One after the other, so that the floors pair the right ones.
    pub(super) async fn pairs(self, count: usize) -> Result<Vec<Pair>> {
        let mut pairs = Vec::new();
        for number in 0..count {
            pairs.push(Pair::connect(self.server.address, self.dialect, number).await?);
        }
        Ok(pairs)
    }

    /// Pairs that are in a call.
    pub(super) async fn calls(self, count: usize) -> Result<Vec<Pair>> {
        let mut pairs = self.pairs(count).await?;
        for pair in &mut pairs {
            pair.begin().await?;
        }
        Ok(pairs)
    }
}

/// As fast as it goes, with so many messages of each pair on their way.
pub(super) async fn saturated(
    at: Target<'_>,
    size: &Size,
    in_flight: usize,
    meter: &Meter,
) -> Result<Found> {
    let mut pairs = at.calls(size.pairs).await?;
    let (found, latencies) = talk(at, &mut pairs, size, in_flight, meter).await?;
    let Talked { cpu_per_message, per_second, mut surroundings } = found;
    add_percentiles(&mut surroundings, latencies);
    surroundings.extend([(Kind::CpuPerMessage, cpu_per_message), (Kind::PerSecond, per_second)]);
    Ok(surroundings)
}

/// What was found while pairs talked.
pub(super) struct Talked {
    pub(super) cpu_per_message: f64,
    pub(super) per_second: f64,
    pub(super) surroundings: Found,
}

/// Lets pairs talk for the time of a measurement; returns how long each message took besides.
pub(super) async fn talk(
    at: Target<'_>,
    pairs: &mut [Pair],
    size: &Size,
    in_flight: usize,
    meter: &Meter,
) -> Result<(Talked, Vec<Duration>)> {
    let progress = Progress::default();
    let talking = pairs.iter_mut().map(|pair| async {
        let mut latencies = Vec::new();
        pair.relay(in_flight, &progress, &mut latencies).await?;
        anyhow::Ok(latencies)
    });
    let talking = talking.collect::<FuturesUnordered<_>>().try_concat();
    let measuring = async {
        // Not waited for: it is the time that is left out of the measurement.
        sleep(size.warm_up).await;
        let (begin, before) = (meter.mark(at.server)?, progress.done.get());
        progress.pass(size.time).await;
        let spent = meter.since(at.server, &begin)?;
        let count = progress.done.get() - before;
        progress.stop.set(true);
        let mut surroundings = Found::new();
        spent.note_surroundings(&mut surroundings);
        let cpu_per_message = spent.server_per(count);
        Ok(Talked { cpu_per_message, per_second: spent.per_second(count), surroundings })
    };
    let (latencies, talked) = tokio::try_join!(talking, measuring)?;
    Ok((talked, latencies))
}

/// At a fixed rate, the pairs in turns. How long a message took counts from when it was due, so that a server that keeps
/// the load from sending gains nothing by it.
pub(super) async fn paced(at: Target<'_>, size: &Size, meter: &Meter) -> Result<Found> {
    let mut pairs = at.calls(size.pairs).await?;
    // A server that is behind makes turns wait, and each is to count from when it was due: there is room for all there are.
    let count = (size.time.as_secs_f64() * f64::from(size.rate)) as u32;
    let each = (count as usize).div_ceil(pairs.len()).max(1);
    let (turns, queues): (Vec<_>, Vec<_>) =
        pairs.iter().map(|_| mpsc::channel::<Instant>(each)).unzip();
    let talking = pairs.iter_mut().zip(queues).map(|(pair, mut due)| async move {
        // Names differ in length from pair to pair, and so do the messages.
        let length = pair.length_on_arrival().await?;
        let mut latencies = Vec::new();
        while let Some(due) = due.recv().await {
            pair.once(length).await?;
            latencies.push(due.elapsed());
        }
        anyhow::Ok(latencies)
    });
    let talking = talking.collect::<FuturesUnordered<_>>().try_concat();
    let pacing = async {
        let begin = Instant::now();
        let mark = meter.mark(at.server)?;
        for (number, turn) in (0..count).zip(turns.iter().cycle()) {
            let due = begin + Duration::from_secs(1) * number / size.rate;
            // Not with a timer: the runtime's go by milliseconds.
            while Instant::now() < due {
                yield_now().await;
            }
            turn.try_send(due).ok().context("somebody has stopped to listen")?;
        }
        let spent = meter.since(at.server, &mark)?;
        drop(turns);
        let mut found = Found::new();
        spent.note_surroundings(&mut found);
        found.insert(Kind::CpuPerMessage, spent.server_per(u64::from(count)));
        Ok(found)
    };
    let (latencies, mut found) = tokio::try_join!(talking, pacing)?;
    add_percentiles(&mut found, latencies);
    Ok(found)
}
