//! A network: a switch that hosts are plugged into.

use std::{
    net::IpAddr,
    sync::atomic::{AtomicU32, Ordering},
};

use anyhow::{Context, Result, ensure};

use crate::namespace::Namespace;

/// The switch's own device.
const BRIDGE: &str = "switch";

/// A network: a switch, in a namespace of its own, and the addresses that its hosts have.
#[derive(Debug)]
pub struct Network {
    switch: Namespace,
    base: IpAddr,
    prefix: u8,
    ports: AtomicU32,
}

impl Network {
    /// A network of these addresses, such as `203.0.113.0/24` or `2001:db8:1::/64`.
    ///
    /// # Errors
    /// The addresses are none, or it cannot be made.
    pub fn new(name: &str, addresses: &str) -> Result<Self> {
        let (base, prefix) = addresses.split_once('/').context("a network is ADDRESS/LENGTH")?;
        let (base, prefix) = (base.parse::<IpAddr>()?, prefix.parse()?);
        // The number of a host is the last byte of its address.
        let longest = if base.is_ipv4() { 24 } else { 120 };
        ensure!(prefix <= longest, "{addresses} has no room for 254 hosts");
        let switch = Namespace::new(name)?;
        switch.ip(&format!("link add {BRIDGE} type bridge mcast_snooping 0"))?;
        switch.ip(&format!("link set {BRIDGE} up"))?;
        Ok(Self { switch, base, prefix, ports: AtomicU32::new(0) })
    }

    /// The address of a host by its number.
    #[must_use]
    pub const fn address(&self, host: u8) -> IpAddr {
        match self.base {
            IpAddr::V4(base) => {
                let [a, b, c, _] = base.octets();
                IpAddr::V4(std::net::Ipv4Addr::new(a, b, c, host))
            }
            IpAddr::V6(base) => {
                let mut octets = base.octets();
                octets[15] = host;
                IpAddr::V6(std::net::Ipv6Addr::from_octets(octets))
            }
        }
    }

    /// The same with the length of the network's prefix, as `ip` wants it.
    pub(crate) fn address_with_prefix(&self, host: u8) -> String {
        format!("{}/{}", self.address(host), self.prefix)
    }

    pub(crate) const fn switch(&self) -> &Namespace {
        &self.switch
    }

    /// A name for the next thing that is plugged in.
    pub(crate) fn port(&self) -> String {
        format!("port{}", self.ports.fetch_add(1, Ordering::Relaxed))
    }

    /// Connects a device of the switch's namespace.
    pub(crate) fn connect(&self, port: &str) -> Result<()> {
        self.switch.ip(&format!("link set {port} master {BRIDGE}"))?;
        self.switch.ip(&format!("link set {port} up")).map(drop)
    }
}
