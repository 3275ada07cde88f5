//! Who relays media.

use std::{net::IpAddr, num::NonZeroU64};

use clap::Args;
use ipnet::IpNet;
use relay::{Rate, Secret, limits::BITS_PER_SECOND_PER_USER};
use server::config::{Embedded, Turn, TurnUrl};

use super::{Switch, edge::network, help::heading};

/// In bits a second.
const MBIT: u64 = 1_000_000;
/// In Mbit/s.
const DEFAULT_RATE: u64 = BITS_PER_SECOND_PER_USER / MBIT;
/// In Mbit/s: more than any line carries is a slip of the finger.
const MOST_RATE: u64 = 1_000_000;

/// Who relays media between browsers that cannot reach each other.
#[derive(Debug, Args)]
pub(super) struct RelayOptions {
    /// Whether this server relays media, as a TURN server, between browsers that cannot reach each other.
    #[arg(
        long,
        env = "PRONTO_RELAY", help_heading = heading::RELAY,
        value_name = "ON|OFF",
        default_value = "on",
        hide_possible_values = true
    )]
    relay: Switch,

    /// The address that relayed media seems to come from, one of each family. By default the one that is listened on, or
    /// that this machine sends from. Needed only with --relay-allow, behind a NAT.
    #[arg(long, env = "PRONTO_RELAY_ADDRESS", help_heading = heading::RELAY, value_name = "IP", value_delimiter = ',')]
    relay_address: Vec<IpAddr>,

    /// A network that media may be relayed to besides other users of the relay, such as `0.0.0.0/0` for all public
    /// addresses. A private or otherwise special network has to be named itself, and so has each address of this machine.
    /// May be given several times.
    #[arg(long, env = "PRONTO_RELAY_ALLOW", help_heading = heading::RELAY, value_name = "NETWORK", value_delimiter = ',', value_parser = network)]
    relay_allow: Vec<IpNet>,

    /// How much is relayed for a user, in Mbit/s for each direction; what is more is dropped. One address has 32 times as
    /// much for all its users. 0 for any amount. A call in 1080p takes 3 to 4.
    #[arg(long, env = "PRONTO_RELAY_RATE", help_heading = heading::RELAY, value_name = "MBIT/S", default_value_t = DEFAULT_RATE,
        value_parser = clap::value_parser!(u64).range(0..=MOST_RATE))]
    relay_rate: u64,

    /// A TURN server that relays instead of this one, such as `turn:turn.example.org:3478?transport=udp`. Needs
    /// --turn-secret. May be given several times, in the order in which browsers should try them.
    #[arg(long, env = "PRONTO_TURN_URL", help_heading = heading::RELAY, value_name = "URL", value_delimiter = ',')]
    turn_url: Vec<TurnUrl>,

    /// The secret that TURN credentials are made with: coturn's `static-auth-secret`. Better in the environment, where
    /// other users of this machine do not see it.
    #[arg(long, env = "PRONTO_TURN_SECRET", help_heading = heading::RELAY, value_name = "SECRET", hide_env_values = true)]
    turn_secret: Option<String>,
}

impl RelayOptions {
    /// # Errors
    /// Says which options do not go together.
    pub(super) fn into_turn(self) -> Result<Turn, String> {
        let secret = self.turn_secret.as_deref().map(Secret::new);
        if self.turn_secret.as_ref().is_some_and(String::is_empty) {
            return Err("--turn-secret is empty.".to_owned());
        }
        if !self.turn_url.is_empty() {
            let secret = secret.ok_or("--turn-url needs --turn-secret.")?;
            return Ok(Turn::Fleet { urls: self.turn_url, secret });
        }
        Ok(match self.relay {
            Switch::Off => Turn::Off,
            Switch::On => Turn::Embedded(Embedded {
                addresses: self.relay_address,
                allow: self.relay_allow,
                rate: NonZeroU64::new(self.relay_rate * MBIT)
                    .map_or(Rate::UNLIMITED, Rate::bits_per_second),
                secret,
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use relay::Rate;
    use server::config::Turn;

    use crate::cli::tests::parse;

    fn turn(arguments: &[&str]) -> Result<Turn, String> {
        parse(arguments).unwrap().into_config().map(|config| config.turn)
    }

    #[test]
    fn somebody_relays_and_is_named() {
        assert!(matches!(turn(&[]), Ok(Turn::Embedded(own)) if own.allow.is_empty()));
        assert!(matches!(turn(&["--relay=off"]), Ok(Turn::Off)));
        let own = turn(&["--relay-allow=0.0.0.0/0,10.1.2.3", "--relay-address=192.0.2.1"]);
        assert!(
            matches!(own, Ok(Turn::Embedded(own)) if own.allow.len() == 2 && own.addresses.len() == 1)
        );
        for (arguments, rate) in [
            (&[][..], Rate::default()),
            (&["--relay-rate=8"], Rate::bits_per_second(NonZeroU64::new(8_000_000).unwrap())),
            (&["--relay-rate=0"], Rate::UNLIMITED),
        ] {
            let turn = turn(arguments);
            assert!(matches!(&turn, Ok(Turn::Embedded(own)) if own.rate == rate), "{turn:?}");
        }
        for bad in ["--relay-rate=fast", "--relay-rate=-1", "--relay-rate=1000001"] {
            assert!(parse(&[bad]).is_err(), "{bad}");
        }
        let fleet = turn(&["--turn-url=turn:a?transport=udp,turns:a", "--turn-secret=north"]);
        assert!(matches!(fleet, Ok(Turn::Fleet { urls, .. }) if urls.len() == 2));
    }
}
