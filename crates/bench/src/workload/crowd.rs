//! Thousands of users: they log in all at once, stay, are in the way of others or not, and go all at once.

use std::{pin::pin, time::Instant};

use anyhow::{Context, Result};
use futures_util::{
    future::{Either, select},
    stream::{self, FuturesUnordered, StreamExt, TryStreamExt},
};
use tokio::time::sleep;

use super::{
    Found, Meter, Size,
    relay::{self, Target},
};
use crate::{
    contestant::Dialect,
    load::{Client, Pair},
    samples::{Kind, add_percentiles},
};

/// How many log in at the same time: fewer than a listener's queue holds, or some would wait a second to try again.
const AT_ONCE: usize = 100;

/// A number for pairs that no other pair has.
const LATE_PAIR: usize = 1_000_000;

pub(super) async fn come_and_go(
    at: Target<'_>,
    size: &Size,
    users: usize,
    meter: &Meter,
) -> Result<Found> {
    let mut found = Found::new();
    // What the first users cost besides, the later ones do not.
    let mut pairs = at.calls(size.pairs).await?;
    let memory = at.server.memory()?;
    let crowd = come(at, users, meter, &mut found).await?;

    let mut staying = crowd.into_iter().map(Client::stay).collect::<FuturesUnordered<_>>();
    let meanwhile = async {
        // Buffers are given back when nobody has said anything for a while, which nothing tells.
        sleep(size.rest).await;
        let more = at.server.memory()?.saturating_sub(memory);
        found.insert(Kind::Memory, more as f64 / 1024.0 / users as f64);
        let (talked, _) = relay::talk(at, &mut pairs, size, 1, meter).await?;
        found.insert(Kind::CpuAmongCrowd, talked.cpu_per_message);
        anyhow::Ok(())
    };
    match select(pin!(meanwhile), staying.next()).await {
        Either::Left((done, _)) => done?,
        // Who stays, never returns but with an error.
        Either::Right((left, _)) => left.context("there is no crowd")??,
    }

    drop(staying);
    if at.dialect != Dialect::Bytes {
        let begin = Instant::now();
        log_in(at).await.context("nobody can log in after the crowd went")?;
        found.insert(Kind::FreshLogin, 1e3 * begin.elapsed().as_secs_f64());
    }
    Ok(found)
}

/// Everybody logs in, as fast as they are let in.
async fn come(
    at: Target<'_>,
    users: usize,
    meter: &Meter,
    found: &mut Found,
) -> Result<Vec<Client>> {
    let begin = meter.mark(at.server)?;
    let coming = stream::iter(0..users).map(|number| async move {
        let begin = Instant::now();
        let name = format!("idle{number}");
        let client = Client::connect(at.server.address, at.dialect, &name).await?;
        anyhow::Ok((client, begin.elapsed()))
    });
    let came: Vec<_> = coming.buffer_unordered(AT_ONCE).try_collect().await?;
    let spent = meter.since(at.server, &begin)?;
    let (crowd, times): (Vec<_>, Vec<_>) = came.into_iter().unzip();

    spent.note_surroundings(found);
    found.insert(Kind::CpuPerLogin, spent.server_per(users as u64));
    if at.dialect != Dialect::Bytes {
        // There the kernel answers for the server.
        found.insert(Kind::PerSecond, spent.per_second(users as u64));
        add_percentiles(found, times);
    }
    Ok(crowd)
}

/// One more who logs in; two where there are only pairs.
async fn log_in(at: Target<'_>) -> Result<()> {
    if at.dialect.has_users() {
        Client::connect(at.server.address, at.dialect, "late").await.map(drop)
    } else {
        Pair::connect(at.server.address, at.dialect, LATE_PAIR).await.map(drop)
    }
}
