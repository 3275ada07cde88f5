//! Which pages may have their way with this server. Any page on the web can make its visitor's browser ask, and the browser
//! says which: the `Origin` header (RFC 6454), which no script can forge.
//!
//! The rule stands here for all that asks: a page may open a WebSocket if it is the server's own, or one that the operator
//! has let in. Anything that uses a user's cookie is for the server's own page alone.

use hyper::{
    HeaderMap,
    header::{FORWARDED, HOST, HeaderName, ORIGIN, VIA},
};

use super::Site;
use crate::{
    config::{Origin, Origins},
    directory::Directory,
    edge::Remote,
    ice::is_loopback,
};

/// Headers that proxies add.
const SIGNS_OF_A_PROXY: [HeaderName; 4] = [
    FORWARDED,
    VIA,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-real-ip"),
];

impl<D: Directory> Site<D> {
    /// Whether a page may open a WebSocket here. A client that sends no `Origin` is no browser, and could
    /// send any.
    ///
    /// While one works on the page, another server on this machine has it: so pages of this machine may connect, if nothing
    /// says that anybody else reaches the server.
    pub(super) fn may_connect(&self, headers: &HeaderMap, remote: Option<&Remote>) -> bool {
        if !headers.contains_key(ORIGIN) {
            return true;
        }
        let Origins::Only(allowed) = &self.origins else { return true };
        // `null`, the origin of sandboxed frames and local files, is none that could be allowed.
        let Some(origin) = origin(headers) else { return false };
        allowed.contains(&origin)
            || self.is_own(&origin, headers, remote)
            || origin.is_loopback() && self.is_for_this_machine(headers, remote)
    }

    /// Whether a request is of the server's own page. Browsers say with every POST which page it is of.
    pub(super) fn is_of_own_page(&self, headers: &HeaderMap, remote: Option<&Remote>) -> bool {
        origin(headers).is_some_and(|origin| self.is_own(&origin, headers, remote))
    }

    /// A page is the server's own if it came from the host that it connects to, or from the one that the operator says
    /// people find us at.
    ///
    /// The host alone is not enough on loopback: any page's host can be made to resolve to it once the page is loaded (DNS
    /// rebinding). There it must be a loopback one, or one that the operator has named; and a page of loopback is not ours
    /// if the request came from elsewhere through a proxy. Elsewhere the same trick works with any name, unless the
    /// operator has said what ours is.
    fn is_own(&self, origin: &Origin, headers: &HeaderMap, remote: Option<&Remote>) -> bool {
        let is_secure = remote.is_some_and(|remote| remote.secure);
        let is_proxied = is_proxied(headers, remote);
        if is_secure && !origin.is_secure() || is_proxied && origin.is_loopback() {
            return false;
        }
        if self.door.public.as_ref().is_some_and(|public| origin.is_at(public)) {
            return true;
        }
        let Some(host) = headers.get(HOST).and_then(|host| host.to_str().ok()) else {
            return false;
        };
        origin.is_of_host(host) && self.door.may_be_called(host) && self.is_known(origin, host)
    }

    /// Whether a host is one of this machine where only this machine is listened to, or else one that the operator has named.
    fn is_known(&self, origin: &Origin, host: &str) -> bool {
        let is_allowed = || match &self.origins {
            Origins::Any => false,
            Origins::Only(allowed) => allowed.contains(origin),
        };
        let is_public = || self.door.public.as_ref().is_some_and(|public| origin.has_host(public));
        !self.door.on_loopback || is_own_host(host) || is_allowed() || is_public()
    }

    /// Whether nobody but this machine reaches the server, as far as can be seen.
    fn is_for_this_machine(&self, headers: &HeaderMap, remote: Option<&Remote>) -> bool {
        let nobody_else_is_named = self.door.public.is_none()
            && matches!(&self.origins, Origins::Only(only) if only.is_empty());
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        self.door.on_loopback
            && nobody_else_is_named
            && !is_proxied(headers, remote)
            && host.is_some_and(is_own_host)
    }
}

fn origin(headers: &HeaderMap) -> Option<Origin> {
    let mut lines = headers.get_all(ORIGIN).iter();
    let (line, None) = (lines.next()?, lines.next()) else { return None };
    line.to_str().ok()?.parse().ok()
}

/// Whether a request came through a proxy, trusted or not. The one of `trunk serve` names the host that it was asked for, and
/// that is this machine.
fn is_proxied(headers: &HeaderMap, remote: Option<&Remote>) -> bool {
    let forwarded_host = headers.get("x-forwarded-host");
    remote.is_some_and(|remote| remote.proxied)
        || SIGNS_OF_A_PROXY.iter().any(|sign| headers.contains_key(sign))
        || forwarded_host.is_some_and(|host| !host.to_str().is_ok_and(is_own_host))
}

/// Whether a host, perhaps with a port, is this machine.
fn is_own_host(host: &str) -> bool {
    host.parse::<crate::config::PublicHost>().is_ok_and(|host| is_loopback(host.host()))
}
