//! The line between a host and its network: a good one, or one that loses and delays.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result};
use tokio::{
    runtime::Handle,
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, sleep_until},
};
use tun_rs::{AsyncDevice, DeviceBuilder, Layer};

use crate::{Network, namespace::Namespace, program::run};

/// How many frames may be under way on a delayed line in each direction: at 150 ms, 30 Mbit/s of full frames. What
/// comes when there are so many is lost, as on a line that is full.
const UNDER_WAY: usize = 512;

/// An Ethernet frame without offloading: 1,500 bytes and its header.
const FRAME: usize = 1514;

/// What a line does to what goes over it, in each direction. The default is a good one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// How long everything takes to get to the other end.
    pub delay: Duration,
    /// How many of a hundred frames get lost, by chance.
    pub loss: u8,
    /// How many of a hundred frames of UDP get lost: what is sent over TCP is spared.
    pub udp_loss: u8,
}

/// A line that is plugged in. Dropped, a delayed one carries nothing any more.
#[derive(Debug)]
pub(crate) struct Plugged {
    carriers: Vec<JoinHandle<()>>,
}

impl Drop for Plugged {
    fn drop(&mut self) {
        for carrier in &self.carriers {
            carrier.abort();
        }
    }
}

impl Line {
    /// Makes a device in a host's namespace that leads to a network.
    pub(crate) fn plug(self, host: &Namespace, device: &str, network: &Network) -> Result<Plugged> {
        let port = network.port();
        let carriers = if self.delay.is_zero() {
            veth(host, device, network.switch(), &port)?;
            Vec::new()
        } else {
            delayed(self.delay, (host, device), (network.switch(), &port))?
        };
        network.connect(&port)?;
        for (percent, what) in [(self.loss, ""), (self.udp_loss, "meta l4proto udp")] {
            if percent > 0 {
                lose(host, device, percent, what)?;
                lose(network.switch(), &port, percent, what)?;
            }
        }
        Ok(Plugged { carriers })
    }
}

fn veth(host: &Namespace, device: &str, switch: &Namespace, port: &str) -> Result<()> {
    let (host, switch) = (host.name(), switch.name());
    let words = format!("link add {device} netns {host} type veth peer name {port} netns {switch}");
    run(std::process::Command::new("ip").args(words.split(' ')), "").map(drop)
}

/// Frames are dropped where they come in, so that their sender does not notice.
fn lose(namespace: &Namespace, device: &str, percent: u8, what: &str) -> Result<()> {
    let last = percent - 1;
    namespace.nft(&format!(
        "table netdev loss-{device} {{
            chain lose {{
                type filter hook ingress device {device} priority filter
                {what} numgen random mod 100 <= {last} drop
            }}
        }}"
    ))
}

type End<'a> = (&'a Namespace, &'a str);

/// Two TAP devices, and tasks that carry each frame from the one to the other when its time has come.
fn delayed(delay: Duration, one: End<'_>, other: End<'_>) -> Result<Vec<JoinHandle<()>>> {
    let (one, other) = (Arc::new(tap(one)?), Arc::new(tap(other)?));
    let mut carriers = Vec::new();
    for (from, to) in [(&one, &other), (&other, &one)] {
        let (sender, receiver) = mpsc::channel(UNDER_WAY);
        carriers.push(tokio::spawn(take(Arc::clone(from), delay, sender)));
        carriers.push(tokio::spawn(deliver(receiver, Arc::clone(to))));
    }
    Ok(carriers)
}

fn tap((namespace, device): End<'_>) -> Result<AsyncDevice> {
    let runtime = Handle::try_current().context("a delayed line needs a runtime")?;
    let made = namespace.inside(|| {
        let _guard = runtime.enter();
        DeviceBuilder::new().name(device).layer(Layer::L2).build_async()
    })?;
    made.with_context(|| format!("no TAP device {device} can be made"))
}

struct Frame {
    due: Instant,
    bytes: Vec<u8>,
}

async fn take(from: Arc<AsyncDevice>, delay: Duration, sender: mpsc::Sender<Frame>) {
    let mut buffer = [0; FRAME];
    while let Ok(length) = from.recv(&mut buffer).await {
        let frame = Frame { due: Instant::now() + delay, bytes: buffer[..length].to_vec() };
        // A line that is full loses what comes.
        if let Err(mpsc::error::TrySendError::Closed(_)) = sender.try_send(frame) {
            return;
        }
    }
}

async fn deliver(mut receiver: mpsc::Receiver<Frame>, to: Arc<AsyncDevice>) {
    while let Some(Frame { due, bytes }) = receiver.recv().await {
        sleep_until(due).await;
        // A device that is down takes nothing, and may be up again later.
        let _ = to.send(&bytes).await;
    }
}
