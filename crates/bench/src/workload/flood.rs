//! Calls that are set up while networks flood the server with all that it lets them do.

use std::{
    collections::VecDeque,
    convert::Infallible,
    net::Ipv4Addr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::{MissedTickBehavior, interval, timeout},
};

use super::{Found, Meter, Size, relay::Target};
use crate::{
    contestant::PROXY,
    load::{Pair, UPGRADE, connect_from, login, offer},
    samples::{Kind, add_percentiles, add_percentiles_as},
};

/// How often one pair calls: as often as two may in a hurry.
const CALLS: usize = 10;
/// How many connections of the flood stay open at most, as long as the server lets them.
const OPEN: usize = 8_000;
/// How many of them connect at once: what the load's own core cannot do is no flood.
const UNDER_WAY: usize = 100;
/// How long a connection of the flood waits for anything.
const PATIENCE: Duration = Duration::from_secs(2);

/// Pairs of strangers call each other, one call after another, at a fixed rate: first alone, and then in the flood.
pub(super) async fn beset(
    at: Target<'_>,
    size: &Size,
    files: usize,
    meter: &Meter,
) -> Result<Found> {
    let mut found = Found::new();
    let alone = call(at, size, 0).await?;
    add_percentiles(&mut found, alone);

    let flood = Arc::new(Flood {
        server: at.server.address,
        open: Mutex::default(),
        most: OPEN.min(files / 4),
    });
    let calling = async {
        // The flood needs a moment to reach its rate, which is not measured.
        tokio::time::sleep(size.warm_up).await;
        let (begin, before) = (meter.mark(at.server)?, flood.count());
        let times = call(at, size, size.pairs).await?;
        let spent = meter.since(at.server, &begin)?;
        anyhow::Ok((times, spent, flood.count() - before))
    };
    let (times, spent, connections) = tokio::select! {
        called = calling => called.context("in the flood")?,
        never = Arc::clone(&flood).rolls(size.flood) => match never {},
    };
    add_percentiles_as(&mut found, [Kind::P50Flooded, Kind::P99Flooded], times);
    spent.note_surroundings(&mut found);
    found.insert(Kind::PerSecond, spent.per_second(connections));
    Ok(found)
}

/// How long each call took.
async fn call(at: Target<'_>, size: &Size, first: usize) -> Result<Vec<Duration>> {
    let mut pairs = Vec::new();
    for number in first..first + size.pairs {
        let byte = |number: usize| u8::try_from(number % 250).unwrap_or_default();
        let from = Ipv4Addr::new(127, 64 + byte(number / 250), byte(number), 1);
        pairs.push(Pair::connect_from(from, at.server.address, at.dialect, number).await?);
    }
    let calls = CALLS * size.pairs;
    let mut ticks = interval(size.time / u32::try_from(calls).unwrap_or(u32::MAX));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut times = Vec::with_capacity(calls);
    for _ in 0..CALLS {
        for pair in &mut pairs {
            ticks.tick().await;
            pair.prepare();
            let begin = Instant::now();
            pair.set_up().await?;
            times.push(begin.elapsed());
        }
    }
    Ok(times)
}

/// Those who flood a server.
#[derive(Debug)]
struct Flood {
    server: std::net::SocketAddr,
    open: Mutex<Open>,
    /// How many connections it may hold.
    most: usize,
}

#[derive(Debug, Default)]
struct Open {
    connections: VecDeque<TcpStream>,
    /// How many there ever were.
    count: u64,
}

impl Flood {
    fn open(&self) -> std::sync::MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self) -> u64 {
        self.open().count
    }

    /// So many connections a second, without end.
    async fn rolls(self: Arc<Self>, rate: u32) -> Infallible {
        let mut ticks = interval(Duration::from_secs(1) / rate);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut connections = JoinSet::new();
        let mut number = 0;
        loop {
            ticks.tick().await;
            let flood = Arc::clone(&self);
            connections.spawn(async move { timeout(PATIENCE, flood.connect(number)).await });
            while connections.len() >= UNDER_WAY {
                connections.join_next().await;
            }
            number += 1;
        }
    }

    /// One connection, and what it says. Whether the server lets it is what this is about.
    async fn connect(&self, number: usize) -> Result<()> {
        let (from, client) = source(number);
        let mut stream = connect_from(from, self.server).await?;
        self.open().count += 1;
        let head = match client {
            Some(ip) => UPGRADE.replacen("\r\n", &format!("\r\nX-Forwarded-For: {ip}\r\n"), 1),
            None => UPGRADE.to_owned(),
        };
        match number / 3 % 4 {
            // Nothing, or not all of a request.
            0 => stream.write_all(&head.as_bytes()[..head.len() / 2]).await?,
            // A WebSocket that says nothing.
            1 => stream.write_all(head.as_bytes()).await?,
            // A message that does not end, as long as it may be.
            2 => {
                stream.write_all(head.as_bytes()).await?;
                let frame = [&[0x81, 0xfe, 0xff, 0xff, 0, 0, 0, 0][..], &[b' '; 4_000]].concat();
                stream.write_all(&frame).await?;
            }
            // A user who calls whom nobody knows.
            _ => {
                stream.write_all(head.as_bytes()).await?;
                let name = format!("flood{number}");
                stream.write_all(&login(&name, false).frame).await?;
                for call in 0..5 {
                    let call = offer(&format!("x{number}x{call}"), &format!("c{call}"));
                    stream.write_all(&call.frame).await?;
                }
                // Reads the first answers, so that the server has something to write to.
                let mut answers = [0; 4 * 1024];
                for _ in 0..3 {
                    if stream.read(&mut answers).await? == 0 {
                        break;
                    }
                }
                return Ok(());
            }
        }
        let mut open = self.open();
        open.connections.push_back(stream);
        if open.connections.len() > self.most {
            open.connections.pop_front();
        }
        Ok(())
    }
}

/// Where a connection comes from, and whom the proxy names if it comes from there: a /48, a /24, and ten thousand strangers.
fn source(number: usize) -> (Ipv4Addr, Option<String>) {
    let which = number / 3;
    let byte = |number: usize| u8::try_from(number % 250).unwrap_or_default();
    match number % 3 {
        0 => (PROXY, Some(format!("2001:db8:1:{:x}::1", which % 1_000))),
        1 => (Ipv4Addr::new(127, 1, 2, 1 + byte(which)), None),
        _ => (Ipv4Addr::new(127, 10 + byte(which / 250) % 40, byte(which), 1), None),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::source;

    #[test]
    fn a_flood_comes_from_a_48_a_24_and_many_strangers() {
        let sources: BTreeSet<_> = (0..60_000).map(source).collect();
        let behind_proxy = sources.iter().filter(|(_, client)| client.is_some()).count();
        let of_the_24 =
            sources.iter().filter(|(from, _)| from.octets()[..3] == [127, 1, 2]).count();
        assert_eq!((behind_proxy, of_the_24, sources.len()), (1_000, 250, 1_000 + 250 + 10_000));
    }
}
