//! At which addresses this machine is reached: those of its interfaces, and those that its public host stands for, which
//! behind a NAT are none of them.

use std::{collections::HashSet, io, net::IpAddr};

use tokio::{
    task::spawn_blocking,
    time::{Instant, timeout},
};
use tracing::warn;

use crate::limits::{RESOLVE_DEADLINE, RESOLVE_INTERVAL};

/// Finds them out, again and again, since they change.
#[derive(Debug)]
pub(crate) struct OwnAddresses {
    host: Option<Host>,
    interfaces: Option<Vec<IpAddr>>,
    /// Whether the operator was told of what cannot be found out.
    warned: bool,
}

#[derive(Debug)]
struct Host {
    name: String,
    addresses: Option<Vec<IpAddr>>,
    look_up_at: Instant,
}

impl OwnAddresses {
    /// `host` is the name or address that clients find this machine at, if it has one.
    pub(crate) fn new(host: Option<String>) -> Self {
        let look_up_at = Instant::now();
        let host = host.map(|name| Host { name, addresses: None, look_up_at });
        Self { host, interfaces: None, warned: false }
    }

    /// All of them. `None` as long as one or the other was never found out: then nobody can say what is ours.
    pub(crate) async fn find(&mut self) -> Option<HashSet<IpAddr>> {
        self.find_with(interfaces, look_up).await
    }

    async fn find_with<R>(
        &mut self,
        interfaces: fn() -> io::Result<Vec<IpAddr>>,
        look_up: impl FnOnce(String) -> R,
    ) -> Option<HashSet<IpAddr>>
    where
        R: Future<Output = io::Result<Vec<IpAddr>>>,
    {
        // It reads what the system has, and waits for nobody.
        let listed = spawn_blocking(interfaces).await;
        match listed.unwrap_or_else(|panicked| Err(io::Error::other(panicked))) {
            Ok(listed) => self.interfaces = Some(listed),
            Err(error) => self.warn("the addresses of this machine's interfaces", &error),
        }
        self.look_up_if_due(look_up).await;
        let named = match &self.host {
            Some(host) => host.addresses.as_deref()?,
            None => &[],
        };
        let all = self.interfaces.as_deref()?.iter().chain(named);
        Some(all.map(IpAddr::to_canonical).collect())
    }

    async fn look_up_if_due<R>(&mut self, look_up: impl FnOnce(String) -> R)
    where
        R: Future<Output = io::Result<Vec<IpAddr>>>,
    {
        let Some(host) = self.host.as_mut().filter(|host| host.look_up_at <= Instant::now()) else {
            return;
        };
        let found = timeout(RESOLVE_DEADLINE, look_up(host.name.clone())).await;
        host.look_up_at = Instant::now() + RESOLVE_INTERVAL;
        match found.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            // An earlier answer holds until there is a newer one.
            Ok(found) => host.addresses = Some(found),
            Err(error) => {
                let what = format!("the addresses of {} (--public-host)", host.name);
                self.warn(&what, &error);
            }
        }
    }

    fn warn(&mut self, what: &str, error: &io::Error) {
        if !self.warned {
            self.warned = true;
            warn!(
                %error,
                "cannot find out {what}: without them the relay reaches nobody outside, unless it knew them before"
            );
        }
    }
}

/// The addresses of this machine's interfaces, whether these are up or not.
pub(crate) fn interfaces() -> io::Result<Vec<IpAddr>> {
    Ok(if_addrs::get_if_addrs()?.into_iter().map(|interface| interface.ip()).collect())
}

async fn look_up(host: String) -> io::Result<Vec<IpAddr>> {
    let bare = host.trim_matches(['[', ']']);
    Ok(tokio::net::lookup_host((bare, 0)).await?.map(|address| address.ip()).collect())
}

#[cfg(test)]
mod tests {
    use std::{future::pending, io, net::IpAddr};

    use tokio::time::Instant;

    use super::{OwnAddresses, interfaces};
    use crate::limits::{RESOLVE_DEADLINE, RESOLVE_INTERVAL};

    fn parse(address: &str) -> IpAddr {
        address.parse().unwrap()
    }

    fn one() -> io::Result<Vec<IpAddr>> {
        Ok(vec![parse("::ffff:8.8.8.8")])
    }

    #[tokio::test]
    async fn the_interfaces_of_this_machine_are_its_own() {
        let found = OwnAddresses::new(None).find().await.unwrap();
        assert!(found.contains(&parse("127.0.0.1")), "{found:?}");
        for own in crate::own_addresses() {
            assert!(found.contains(&own), "{own} is what it sends from: {found:?}");
        }
        let literal = OwnAddresses::new(Some("[2001:db8::1]".to_owned())).find().await.unwrap();
        assert!(literal.contains(&parse("2001:db8::1")) && literal.len() > 1, "{literal:?}");
        assert!(!interfaces().unwrap().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_server_that_stays_silent_is_not_waited_for_and_nothing_is_known() {
        let mut own = OwnAddresses::new(Some("talk.example.org".to_owned()));
        let begin = Instant::now();
        assert_eq!(own.find_with(one, |_| pending()).await, None);
        assert_eq!(begin.elapsed(), RESOLVE_DEADLINE);
        // It is not asked again at once.
        assert_eq!(own.find_with(one, |_| async { one() }).await, None);
        tokio::time::advance(RESOLVE_INTERVAL).await;
        let found = own.find_with(one, |_| async { Ok(vec![parse("9.9.9.9")]) }).await.unwrap();
        assert_eq!(found, [parse("8.8.8.8"), parse("9.9.9.9")].into());
        // Known addresses hold while no others can be found out.
        tokio::time::advance(RESOLVE_INTERVAL).await;
        let none = || Err(io::ErrorKind::Other.into());
        assert_eq!(own.find_with(none, |_| pending()).await.unwrap().len(), 2);
    }

    #[tokio::test]
    async fn without_a_list_of_interfaces_nothing_is_known() {
        let none = || Err(io::ErrorKind::PermissionDenied.into());
        let mut own = OwnAddresses::new(None);
        assert_eq!(own.find_with(none, |_| pending()).await, None);
        assert!(own.find_with(one, |_| pending()).await.is_some());
    }
}
