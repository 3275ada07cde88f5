//! Whole calls: offer, answer, candidates both ways, and the end.

use std::time::Instant;

use anyhow::Result;
use futures_util::stream::{FuturesUnordered, TryStreamExt};
use tokio::time::sleep;

use super::{Found, Meter, Size, relay::Target};
use crate::{
    load::Progress,
    samples::{Kind, add_percentiles},
};

/// `count` pairs call each other again and again, each for itself.
pub(super) async fn set_up(
    at: Target<'_>,
    size: &Size,
    count: usize,
    meter: &Meter,
) -> Result<Found> {
    let mut pairs = at.pairs(count).await?;
    let progress = Progress::default();
    let calling = pairs.iter_mut().map(|pair| async {
        let mut times = Vec::new();
        while !progress.stop.get() {
            pair.prepare();
            let begin = Instant::now();
            pair.set_up().await?;
            times.push(begin.elapsed());
            progress.add(1);
        }
        anyhow::Ok(times)
    });
    let calling = calling.collect::<FuturesUnordered<_>>().try_concat();
    let measuring = async {
        // Not waited for: it is the time that is left out of the measurement.
        sleep(size.warm_up).await;
        let (begin, before) = (meter.mark(at.server)?, progress.done.get());
        progress.pass(size.time).await;
        let spent = meter.since(at.server, &begin)?;
        let count = progress.done.get() - before;
        progress.stop.set(true);
        let mut found = Found::new();
        spent.note_surroundings(&mut found);
        found.insert(Kind::CpuPerCall, spent.server_per(count));
        found.insert(Kind::PerSecond, spent.per_second(count));
        Ok(found)
    };
    let (times, mut found) = tokio::try_join!(calling, measuring)?;
    add_percentiles(&mut found, times);
    Ok(found)
}
