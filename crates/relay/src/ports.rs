//! Ports of relayed addresses that have no socket.

use std::net::{IpAddr, SocketAddr};

use ring::rand::{SecureRandom, SystemRandom};

use crate::{hub::Ports, limits::FIRST_PORT};

/// How many ports there are from [`FIRST_PORT`] on.
const PORTS: u16 = u16::MAX - FIRST_PORT;

/// Gives out ports that are only numbers. They are drawn at random, so that nobody can tell the next one (RFC 6056):
/// a client that may reach other allocations cannot guess where they are.
#[derive(Debug, Default)]
pub struct VirtualPorts;

impl Ports for VirtualPorts {
    fn open(
        &mut self,
        address: IpAddr,
        even: bool,
        is_taken: &dyn Fn(SocketAddr) -> bool,
    ) -> Option<u16> {
        let mut drawn = [0; 2];
        SystemRandom::new().fill(&mut drawn).ok()?;
        let first = u16::from_be_bytes(drawn) % PORTS;
        let ports = (0..PORTS).map(|next| FIRST_PORT + first.wrapping_add(next) % PORTS);
        let mut free = ports
            .filter(|port| !even || port % 2 == 0)
            .filter(|port| !is_taken(SocketAddr::new(address, *port)));
        free.next()
    }

    fn close(&mut self, _: SocketAddr) {}
}

#[cfg(test)]
mod tests {
    use std::{
        collections::HashSet,
        net::{IpAddr, Ipv4Addr},
    };

    use super::{FIRST_PORT, PORTS, Ports, VirtualPorts};
    use crate::limits::ALLOCATIONS;

    const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[test]
    fn every_port_is_given_out_once_and_then_none() {
        let mut taken = HashSet::new();
        while let Some(port) =
            VirtualPorts.open(ADDRESS, false, &|address| taken.contains(&address.port()))
        {
            assert!(port >= FIRST_PORT);
            assert!(taken.insert(port));
        }
        assert_eq!(taken.len(), usize::from(PORTS));
        assert!(taken.len() >= ALLOCATIONS);
    }

    #[test]
    fn an_even_port_is_even() {
        for _ in 0..20 {
            let port = VirtualPorts.open(ADDRESS, true, &|_| false).unwrap();
            assert_eq!(port % 2, 0);
        }
    }
}
