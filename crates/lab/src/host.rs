//! A host: somebody's computer, or a server.

use std::{
    ffi::OsStr,
    net::IpAddr,
    process::Command,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Result;

use crate::{Door, Line, Network, line::Plugged, namespace::Namespace};

/// A host. Its clones are the same host; it is gone with the last of them.
#[derive(Clone, Debug)]
pub struct Host {
    // Lines end before the namespace that they lead into.
    lines: Arc<Mutex<Vec<(String, Plugged)>>>,
    namespace: Arc<Namespace>,
}

impl PartialEq for Host {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.namespace, &other.namespace)
    }
}

impl Eq for Host {}

impl Host {
    /// A host that is in no network yet.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new(name: &str) -> Result<Self> {
        let namespace = Namespace::new(name)?;
        // An address can be used at once: nobody else has it.
        for scope in ["all", "default"] {
            namespace.set(&format!("ipv6/conf/{scope}/accept_dad"), "0")?;
        }
        Ok(Self { lines: Arc::default(), namespace: Arc::new(namespace) })
    }

    /// A host in a network.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn within(name: &str, network: &Network, number: u8) -> Result<Self> {
        let host = Self::new(name)?;
        host.join(network, "eth0", number, Line::default())?;
        Ok(host)
    }

    /// Joins a network with a device of this name, as its host of this number.
    ///
    /// # Errors
    /// The name or the number is taken, or the line cannot be made.
    pub fn join(&self, network: &Network, device: &str, number: u8, line: Line) -> Result<IpAddr> {
        let plugged = line.plug(&self.namespace, device, network)?;
        self.namespace
            .ip(&format!("addr add {} dev {device}", network.address_with_prefix(number)))?;
        self.namespace.ip(&format!("link set {device} up"))?;
        self.lines().push((device.to_owned(), plugged));
        Ok(network.address(number))
    }

    /// Sends what is not for its own networks to this router.
    ///
    /// # Errors
    /// It is in no network of this host.
    pub fn route_by(&self, router: IpAddr) -> Result<()> {
        self.namespace.ip(&format!("route replace default via {router}")).map(drop)
    }

    /// Leaves a network: the device is gone, with its addresses and routes.
    ///
    /// # Errors
    /// There is no such device.
    pub fn leave(&self, device: &str) -> Result<()> {
        self.namespace.ip(&format!("link del {device}"))?;
        self.lines().retain(|(name, _)| name != device);
        Ok(())
    }

    /// A command that runs on this host.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        self.namespace.command(program)
    }

    /// Does something on this host, in a thread of its own: sockets that it opens are this host's, wherever they are used.
    ///
    /// # Errors
    /// The host cannot be entered.
    pub fn inside<T: Send>(&self, act: impl FnOnce() -> T + Send) -> Result<T> {
        self.namespace.inside(act)
    }

    /// A door to a port of this host's loopback.
    ///
    /// # Errors
    /// The test's own loopback has no port left.
    pub async fn door(&self, port: u16) -> Result<Door> {
        Door::open(Arc::clone(&self.namespace), port).await
    }

    pub(crate) fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    fn lines(&self) -> std::sync::MutexGuard<'_, Vec<(String, Plugged)>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
