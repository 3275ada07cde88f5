//! Two clients who call each other.

use std::{
    cell::Cell,
    collections::VecDeque,
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use tokio::{task::yield_now, time::sleep};

use super::{
    Client,
    words::{self, CANDIDATES, Message},
};
use crate::contestant::Dialect;

/// A caller and a callee, connected and logged in.
#[derive(Debug)]
pub(crate) struct Pair {
    caller: Client,
    callee: Client,
    call: Call,
    number: usize,
    /// How many calls there were before this one.
    calls: u32,
}

/// What the two say in a call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    offer: Message,
    answer: Message,
    /// The caller's.
    candidate: Message,
    /// The callee's.
    candidate_back: Message,
    leave: Message,
}

impl Call {
    fn new(caller: &str, callee: &str, id: &str) -> Self {
        Self {
            offer: words::offer(callee, id),
            answer: words::answer(caller, id),
            candidate: words::candidate(callee, id),
            candidate_back: words::candidate(caller, id),
            leave: words::leave(callee, id),
        }
    }

    fn move_to(&mut self, id: &str) {
        let Self { offer, answer, candidate, candidate_back, leave } = self;
        for message in [offer, answer, candidate, candidate_back, leave] {
            message.move_to(id);
        }
    }
}

/// The id of a pair's call: always as long, and never the same again.
fn id(number: usize, calls: u32) -> String {
    format!("{number:07}-{calls:08}")
}

/// What a pair reports while it talks.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// Whether to go on.
    pub(crate) stop: Cell<bool>,
    /// Messages that arrived, or calls that were set up.
    pub(crate) done: Cell<u64>,
}

impl Progress {
    pub(crate) fn add(&self, count: usize) {
        self.done.set(self.done.get() + count as u64);
    }

    /// Lets the time of a measurement pass, and more if nothing arrived in it: on a busy machine the server may not have
    /// run at all. Nothing arrives for ever where something is wrong; the measurement's own limit ends that.
    pub(crate) async fn pass(&self, time: Duration) {
        let before = self.done.get();
        // What is measured is what happens in this time.
        sleep(time).await;
        while self.done.get() == before {
            yield_now().await;
        }
    }
}

impl Pair {
    pub(crate) async fn connect(
        address: SocketAddr,
        dialect: Dialect,
        number: usize,
    ) -> Result<Self> {
        Self::connect_from(Ipv4Addr::LOCALHOST, address, dialect, number).await
    }

    /// The same from an address of this machine's loopback network.
    pub(crate) async fn connect_from(
        from: Ipv4Addr,
        address: SocketAddr,
        dialect: Dialect,
        number: usize,
    ) -> Result<Self> {
        let (caller, callee) = (format!("caller{number}"), format!("callee{number}"));
        // Both at once, one right after the other: the floors pair them in this order.
        let (one, other) = tokio::join!(
            Client::connect_from(from, address, dialect, &caller),
            Client::connect_from(from, address, dialect, &callee)
        );
        let call = Call::new(&caller, &callee, &id(number, 0));
        Ok(Self { caller: one?, callee: other?, call, number, calls: 0 })
    }

    /// Begins the call within which candidates are sent.
    pub(crate) async fn begin(&mut self) -> Result<()> {
        self.caller.send(&self.call.offer.frame).await?;
        expect("offer", &self.callee.hear().await?)?;
        self.callee.send(&self.call.answer.frame).await?;
        expect("answer", &self.caller.hear().await?)
    }

    /// Sends candidates to the callee, `in_flight` at a time, until told to stop; then waits for the last of them. Notes
    /// how long each took.
    pub(crate) async fn relay(
        &mut self,
        in_flight: usize,
        progress: &Progress,
        latencies: &mut Vec<Duration>,
    ) -> Result<()> {
        let length = self.length_on_arrival().await?;
        let frame = &self.call.candidate.frame;
        let mut sent = VecDeque::with_capacity(in_flight);
        for _ in 0..in_flight {
            sent.push_back(Instant::now());
            self.caller.send(frame).await?;
        }
        while !sent.is_empty() {
            let arrived = self.callee.count(length).await?;
            let now = Instant::now();
            if arrived > sent.len() {
                bail!("more messages came than were sent");
            }
            progress.add(arrived);
            latencies.extend(sent.drain(..arrived).map(|at| now - at));
            if progress.stop.get() {
                continue;
            }
            for _ in 0..arrived {
                sent.push_back(Instant::now());
                self.caller.send(frame).await?;
            }
        }
        Ok(())
    }

    /// Sends one candidate to the callee and waits for it.
    pub(crate) async fn once(&mut self, length: usize) -> Result<()> {
        self.caller.send(&self.call.candidate.frame).await?;
        match self.callee.count(length).await? {
            1 => Ok(()),
            _ => bail!("more messages came than were sent"),
        }
    }

    /// How long a candidate is when it arrives, in bytes: with whatever the server adds to it. Looks at what it says.
    pub(crate) async fn length_on_arrival(&mut self) -> Result<usize> {
        self.caller.send(&self.call.candidate.frame).await?;
        let text = self.callee.hear().await?;
        expect("candidate", &text)?;
        let opaque = |text: &str| {
            let begin = text.find("{\"candidate\"").unwrap_or_default();
            let end = text[begin..].find('}').unwrap_or_default();
            text[begin..begin + end].to_owned()
        };
        if opaque(&text) != opaque(&self.call.candidate.text) {
            bail!("a candidate does not arrive as it was sent: {text}");
        }
        Ok(text.len())
    }

    /// Makes the next call another one than the last.
    pub(crate) fn prepare(&mut self) {
        self.calls += 1;
        self.call.move_to(&id(self.number, self.calls));
    }

    /// A call from the offer to the end: answered at once, with all the candidates of both, and left when they are
    /// there.
    pub(crate) async fn set_up(&mut self) -> Result<()> {
        let Self { caller, callee, call, .. } = self;
        caller.send(&call.offer.frame).await?;
        expect("offer", &callee.hear().await?)?;
        callee.send(&call.answer.frame).await?;
        for _ in 0..CANDIDATES {
            callee.send(&call.candidate_back.frame).await?;
        }
        expect("answer", &caller.hear().await?)?;
        for _ in 0..CANDIDATES {
            caller.send(&call.candidate.frame).await?;
        }
        for client in [&mut *caller, &mut *callee] {
            for _ in 0..CANDIDATES {
                expect("candidate", &client.hear().await?)?;
            }
        }
        caller.send(&call.leave.frame).await?;
        expect("leave", &callee.hear().await?)
    }
}

/// Whether a message is of this type. All here write it with double quotes and no spaces.
fn expect(kind: &str, text: &str) -> Result<()> {
    if text.contains(&format!("\"type\":\"{kind}\"")) {
        return Ok(());
    }
    bail!("where a message of type {kind} should come, there comes: {text}")
}
