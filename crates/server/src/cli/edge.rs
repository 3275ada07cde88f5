//! What stands between the server and its clients, and how much of each it takes.

use clap::{Args, ValueEnum};
use ipnet::IpNet;
use server::edge::{AddressLimits, Proxies, ProxyHeader};

use super::help::heading;

/// What stands between the server and its clients, and how much of each it takes.
#[derive(Debug, Args)]
pub(super) struct EdgeOptions {
    /// A reverse proxy, or a network of them, that is believed when it tells whom it speaks for, such as `127.0.0.1` or
    /// `10.0.0.0/8`. May be given several times.
    #[arg(long, env = "PRONTO_TRUSTED_PROXY", help_heading = heading::NETWORK, value_name = "NETWORK", value_delimiter = ',', value_parser = network)]
    trusted_proxy: Vec<IpNet>,

    /// The header in which it tells that: the one that it sets itself, and does not pass on from clients.
    #[arg(
        long,
        env = "PRONTO_PROXY_HEADER", help_heading = heading::NETWORK,
        value_name = "X-FORWARDED-FOR|FORWARDED",
        default_value = "x-forwarded-for",
        hide_possible_values = true
    )]
    proxy_header: HeaderChoice,

    /// How many users may be signed in from one address (or /64 of IPv6), such as that of an office. How often it may log
    /// in, and how many connections it may have, grow with it. A /56 may have twice as much, and a /48 or a /24 of IPv4 four times.
    #[arg(long, env = "PRONTO_USERS_PER_ADDRESS", help_heading = heading::LIMITS, value_name = "NUMBER", default_value_t = AddressLimits::default().users, value_parser = clap::value_parser!(u32).range(1..))]
    users_per_address: u32,

    /// How many connections there may be in all.
    #[arg(long, env = "PRONTO_MAX_CONNECTIONS", help_heading = heading::LIMITS, value_name = "NUMBER", default_value_t = AddressLimits::default().connections, value_parser = clap::value_parser!(u32).range(1..))]
    max_connections: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum HeaderChoice {
    XForwardedFor,
    Forwarded,
}

impl EdgeOptions {
    pub(super) const fn limits(&self) -> AddressLimits {
        AddressLimits { users: self.users_per_address, connections: self.max_connections }
    }

    pub(super) fn into_proxies(self) -> Proxies {
        let header = match self.proxy_header {
            HeaderChoice::XForwardedFor => ProxyHeader::XForwardedFor,
            HeaderChoice::Forwarded => ProxyHeader::Forwarded,
        };
        Proxies { trusted: self.trusted_proxy, header }
    }
}

/// A network, or one address.
pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let alone = text.parse::<std::net::IpAddr>().ok().map(IpNet::from);
    alone
        .or_else(|| text.parse().ok())
        .ok_or_else(|| "it is an address or a network, such as 127.0.0.1 or 10.0.0.0/8".to_owned())
}

#[cfg(test)]
mod tests {
    use crate::cli::tests::parse;

    #[test]
    fn proxies_are_addresses_and_networks() {
        let config = parse(&["--trusted-proxy=127.0.0.1,10.0.0.0/8", "--users-per-address=7"]);
        let config = config.unwrap().into_config().unwrap();
        assert_eq!(config.proxies.trusted.len(), 2);
        assert_eq!(config.limits.map(|limits| limits.users), Some(7));
        assert!(parse(&["--limits=off"]).unwrap().into_config().unwrap().limits.is_none());
        assert!(parse(&["--trusted-proxy=proxy.example"]).is_err());
        assert!(parse(&["--users-per-address=0"]).is_err());
    }
}
