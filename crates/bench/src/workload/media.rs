//! Calls by the relay: what 1 Mbit/s each way costs it.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use relay::Secret;

use super::{Found, Meter, Size};
use crate::{
    contestant::{SECRET, Server},
    load::{PACKET, TurnClient},
    samples::Kind,
};

/// What each side sends, in bits a second: a picture of modest size.
const RATE: u64 = 1_000_000;
/// How long from one packet of a client to its next.
const INTERVAL: Duration = Duration::from_nanos(PACKET as u64 * 8 * 1_000_000_000 / RATE);
/// How long the credentials are good for: longer than any run.
const LIFETIME: Duration = Duration::from_secs(24 * 3600);
/// How many packets a call is each second, both ways together.
const PACKETS: f64 = 2.0 / INTERVAL.as_secs_f64();

/// Lets so many calls go by the relay, and reads off what that costs.
pub(super) fn relayed(server: &Server, calls: usize, size: &Size, meter: &Meter) -> Result<Found> {
    // What the first call costs besides, the later ones do not.
    let mut clients = set_up(server, 0..1)?;
    exchange(&clients, size.warm_up)?;
    let memory = server.memory()?;
    clients.extend(set_up(server, 1..calls + 1)?);
    exchange(&clients, size.warm_up)?;

    let begin = meter.mark(server)?;
    let (sent, arrived) = exchange(&clients, size.time)?;
    let spent = meter.since(server, &begin)?;
    let more = server.memory()?.saturating_sub(memory);
    ensure!(arrived > 0, "the relay carries nothing");

    let mut found = Found::new();
    spent.note_surroundings(&mut found);
    // What is lost costs little, and is not to make anybody look cheaper.
    let seconds_of_a_call = arrived as f64 / PACKETS;
    found.insert(Kind::CpuPerRelayedCall, spent.server_seconds() * 100.0 / seconds_of_a_call);
    found.insert(Kind::MemoryPerRelayedCall, more as f64 / 1024.0 / calls as f64);
    // Some of what arrives was on its way before.
    found.insert(Kind::Lost, (100.0 * (1.0 - arrived as f64 / sent as f64)).max(0.0));
    Ok(found)
}

/// The two clients of each of these calls, one behind the other.
fn set_up(server: &Server, calls: std::ops::Range<usize>) -> Result<Vec<TurnClient>> {
    let secret = Secret::new(SECRET);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs();
    let mut clients = Vec::new();
    for call in calls {
        let client = |side| {
            let credential = secret.mint(&format!("{side}{call}"), now, LIFETIME);
            TurnClient::allocate(server.address, credential)
        };
        let (caller, callee) = (client("caller")?, client("callee")?);
        caller.reach(&callee)?;
        callee.reach(&caller)?;
        caller.is_set_up()?;
        callee.is_set_up()?;
        clients.extend([caller, callee]);
    }
    Ok(clients)
}

/// Each client sends at the rate, spread over the time, and takes what has come for it. Gives how many packets were sent
/// and how many arrived.
fn exchange(clients: &[TurnClient], time: Duration) -> Result<(u64, u64)> {
    let (begin, step) = (Instant::now(), INTERVAL / clients.len() as u32);
    let rounds = time.as_nanos().div_ceil(INTERVAL.as_nanos()) as u32;
    let (mut sent, mut arrived) = (0, 0);
    for round in 0..rounds {
        for (turn, client) in (0..).zip(clients) {
            let due = begin + INTERVAL * round + step * turn;
            // To be woken costs whoever wakes, which would be the server.
            while Instant::now() < due {
                std::hint::spin_loop();
            }
            client.send()?;
            sent += 1;
            arrived += client.take()?;
        }
    }
    // What was sent last is on its way yet.
    let end = Instant::now() + INTERVAL;
    while Instant::now() < end && arrived < sent {
        for client in clients {
            arrived += client.take()?;
        }
    }
    Ok((sent, arrived))
}
