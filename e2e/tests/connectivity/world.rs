//! The networks that scenarios are played in.

use std::net::IpAddr;

use anyhow::Result;
use lab::{Firewall, Host, Line, Nat, Network, Router};

/// The numbers of the server and of two that are on the internet themselves.
const SERVER: u8 = 10;
const CALLER: u8 = 20;
const CALLEE: u8 = 30;
/// The number of a host behind a router.
const INSIDE: u8 = 2;

/// An internet with the server, and where the caller and the callee are.
pub(crate) struct World {
    pub(crate) server: Host,
    pub(crate) address: IpAddr,
    pub(crate) caller: Host,
    pub(crate) callee: Host,
    /// Where the caller can go in a call.
    elsewhere: Option<Site>,
    // What lies between; it goes after the hosts.
    _sites: Vec<Site>,
    _internet: Network,
}

/// A network behind a router.
struct Site {
    network: Network,
    router: Router,
}

impl Site {
    fn new(internet: &Network, number: u8, nat: Nat, firewall: Firewall) -> Result<Self> {
        let addresses = if internet.address(number).is_ipv4() {
            format!("192.168.{number}.0/24")
        } else {
            format!("fd00:{number}::/64")
        };
        let network = Network::new("site", &addresses)?;
        let router = Router::new("router", &network, (internet, number), nat, firewall)?;
        Ok(Self { network, router })
    }

    fn host(&self, name: &str, number: u8) -> Result<Host> {
        self.router.host(name, &self.network, number)
    }
}

/// How somebody is connected.
#[derive(Clone, Copy)]
enum Access {
    /// With an address of the internet.
    Direct(Line),
    /// Behind a router of their own.
    Behind(Nat, Firewall),
}

const DIRECT: Access =
    Access::Direct(Line { delay: std::time::Duration::ZERO, loss: 0, udp_loss: 0 });
const HOME: Access = Access::Behind(Nat::Cone, Firewall::Open);

/// Everybody is connected in their own way.
fn apart(addresses: &str, caller: Access, callee: Access) -> Result<World> {
    let internet = Network::new("internet", addresses)?;
    let mut sites = Vec::new();
    let mut connect = |name, number, access| match access {
        Access::Direct(line) => {
            let host = Host::new(name)?;
            host.join(&internet, "eth0", number, line)?;
            anyhow::Ok(host)
        }
        Access::Behind(nat, firewall) => {
            let site = Site::new(&internet, number, nat, firewall)?;
            let host = site.host(name, INSIDE)?;
            sites.push(site);
            Ok(host)
        }
    };
    let caller = connect("caller", CALLER, caller)?;
    let callee = connect("callee", CALLEE, callee)?;
    World::new(internet, caller, callee, sites)
}

/// Behind one router, as a home has it.
fn together(one_host: bool) -> Result<World> {
    let internet = Network::new("internet", INTERNET)?;
    let home = Site::new(&internet, CALLER, Nat::Cone, Firewall::Open)?;
    let caller = home.host("caller", INSIDE)?;
    let callee = if one_host { caller.clone() } else { home.host("callee", INSIDE + 1)? };
    World::new(internet, caller, callee, vec![home])
}

/// Addresses that are nobody's (RFC 5737, RFC 3849).
const INTERNET: &str = "203.0.113.0/24";
const INTERNET_V6: &str = "2001:db8:113::/64";

impl World {
    fn new(internet: Network, caller: Host, callee: Host, sites: Vec<Site>) -> Result<Self> {
        let server = Host::within("server", &internet, SERVER)?;
        let address = internet.address(SERVER);
        Ok(Self {
            server,
            address,
            caller,
            callee,
            elsewhere: None,
            _sites: sites,
            _internet: internet,
        })
    }

    pub(crate) fn same_host() -> Result<Self> {
        together(true)
    }

    pub(crate) fn same_lan() -> Result<Self> {
        together(false)
    }

    pub(crate) fn one_nat() -> Result<Self> {
        apart(INTERNET, HOME, DIRECT)
    }

    pub(crate) fn two_nats() -> Result<Self> {
        apart(INTERNET, HOME, HOME)
    }

    pub(crate) fn symmetric_nats() -> Result<Self> {
        let symmetric = Access::Behind(Nat::Symmetric, Firewall::Open);
        apart(INTERNET, symmetric, symmetric)
    }

    pub(crate) fn udp_blocked() -> Result<Self> {
        apart(INTERNET, Access::Behind(Nat::Cone, Firewall::NoUdp), HOME)
    }

    pub(crate) fn only_tcp_443() -> Result<Self> {
        apart(INTERNET, Access::Behind(Nat::Cone, Firewall::OnlyTcp443), HOME)
    }

    pub(crate) fn only_tls_443() -> Result<Self> {
        let office = Access::Behind(Nat::Cone, Firewall::OnlyTls443);
        apart(INTERNET, office, office)
    }

    pub(crate) fn ipv6_only() -> Result<Self> {
        apart(INTERNET_V6, DIRECT, DIRECT)
    }

    pub(crate) fn ipv6_udp_blocked() -> Result<Self> {
        apart(INTERNET_V6, Access::Behind(Nat::Cone, Firewall::NoUdp), HOME)
    }

    /// The caller's line is bad in both directions, as one by satellite is.
    pub(crate) fn bad_line() -> Result<Self> {
        let delay = std::time::Duration::from_millis(150);
        let line = Line { delay, loss: 5, ..Line::default() };
        apart(INTERNET, Access::Direct(line), HOME)
    }

    pub(crate) fn good_lines() -> Result<Self> {
        apart(INTERNET, DIRECT, DIRECT)
    }

    /// Of the datagrams to and from each of the two one in five is lost. The server is reached over TCP without loss, so that
    /// pages load and sign in as ever.
    pub(crate) fn lossy_lines() -> Result<Self> {
        let line = Access::Direct(Line { udp_loss: 20, ..Line::default() });
        apart(INTERNET, line, line)
    }

    /// The caller is at home, and can leave for somewhere else.
    pub(crate) fn two_homes() -> Result<Self> {
        let mut world = apart(INTERNET, HOME, HOME)?;
        let site = Site::new(&world._internet, CALLER + 1, Nat::Cone, Firewall::Open)?;
        world.elsewhere = Some(site);
        Ok(world)
    }

    /// The caller leaves the one network, and joins the other with another device, as from Wi-Fi to mobile.
    pub(crate) fn caller_moves(&self) -> Result<()> {
        let Some(site) = &self.elsewhere else { anyhow::bail!("there is nowhere to go") };
        self.caller.leave("eth0")?;
        self.caller.join(&site.network, "eth1", INSIDE, Line::default())?;
        self.caller.route_by(site.router.inside())
    }
}
