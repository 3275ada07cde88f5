//! Which server the page uses, and whose is what it keeps.
//!
//! A page belongs to the server that it was loaded from, its *own* server. `?server=` in its address names another one. The
//! page opens that only after its user has pressed a button which names it in full, since a link can say anything. All that
//! the page keeps or is given (names, sessions, calls, tickets) belongs to one server's URL, and is used with no other.

/// How long a server's URL may be, in bytes: as long as many programs take one, and short enough to be read by a person.
const MAX_URL_BYTES: usize = 2_000;

/// A server, by its WebSocket URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    url: String,
    own: bool,
}

/// What the page's address says of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The page is to use this one: its own, or another that its user is to be asked about.
    Server(Server),
    /// It names something that is no server's URL. Nothing is used then: the page's own server is not what was asked for.
    Unusable,
}

impl Asked {
    /// What the address of a page asks for. `folder` is the URL of the folder that the page lies in, up to its last slash: its own
    /// server is beside it, also where a web server puts both under a path. `named` is the parameter as the browser's `URL` reads
    /// and writes it (WHATWG URL section 4), which is one spelling for one URL, and empty for what is no URL.
    #[must_use]
    pub fn of(named: Option<&str>, folder: &str) -> Self {
        // `http` becomes `ws`, and `https` `wss`.
        let own = format!("ws{}ws", folder.strip_prefix("http").unwrap_or_default());
        match named.map(usable) {
            None => Self::Server(Server { url: own, own: true }),
            Some(Some(url)) => Self::Server(Server { own: url == own, url }),
            Some(None) => Self::Unusable,
        }
    }
}

/// A WebSocket URL without what the protocol has no use for (RFC 6455 section 3); `None` for any other URL, and for one with a
/// user's name or password in it: it reads as if another server were meant.
fn usable(url: &str) -> Option<String> {
    if url.len() > MAX_URL_BYTES {
        return None;
    }
    let url = url.split('#').next()?;
    let url = url.strip_suffix('?').unwrap_or(url);
    let [scheme, authority, _] = parts(url)?;
    let is_usable = matches!(scheme, "ws://" | "wss://") && !authority.contains('@');
    is_usable.then(|| url.to_owned())
}

/// Scheme, authority (host and port), and all that follows.
fn parts(url: &str) -> Option<[&str; 3]> {
    let (scheme, rest) = url.split_at(url.find("://")? + "://".len());
    let (authority, rest) = rest.split_at(rest.find('/')?);
    (!authority.is_empty()).then_some([scheme, authority, rest])
}

impl Server {
    /// Its WebSocket URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether the page comes from it.
    #[must_use]
    pub const fn is_own(&self) -> bool {
        self.own
    }

    /// Under which key a browser keeps something for this server, and for no other. A server that is not the page's own has its
    /// URL in the key, and so has one under a path, since there may be others at the same host.
    #[must_use]
    pub fn key(&self, what: &str) -> String {
        let key = format!("pronto.{what}");
        let [.., path] = self.parts();
        if self.own && path == "/ws" { key } else { key + " " + &self.url }
    }

    /// Its URL in parts: the scheme, the host with its port, and the rest.
    #[must_use]
    pub fn parts(&self) -> [&str; 3] {
        parts(&self.url).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, MAX_URL_BYTES, Server};

    fn asked(named: &str) -> Asked {
        Asked::of(Some(named), "http://h:1/")
    }

    fn server(url: &str) -> Server {
        let Asked::Server(server) = asked(url) else { panic!("{url}") };
        server
    }

    #[test]
    fn without_a_word_it_is_the_pages_own_server() {
        for (folder, url) in [
            ("http://h:1/", "ws://h:1/ws"),
            ("https://h:1/", "wss://h:1/ws"),
            ("https://http/https/ws/", "wss://http/https/ws/ws"),
        ] {
            let own = Server { url: url.to_owned(), own: true };
            assert_eq!(Asked::of(None, folder), Asked::Server(own));
        }
    }

    #[test]
    fn the_pages_own_server_may_be_named() {
        for url in ["ws://h:1/ws", "ws://h:1/ws#x", "ws://h:1/ws?", "ws://h:1/ws?#"] {
            let server = server(url);
            assert_eq!((server.url(), server.is_own()), ("ws://h:1/ws", true), "{url}");
        }
    }

    #[test]
    fn any_other_url_is_another_server() {
        for url in [
            "wss://h:1/ws",
            "ws://h/ws",
            "ws://h:1/",
            "ws://h:1/ws/",
            "ws://h:1/ws?x",
            "ws://h:1/WS",
            "ws://h:1/%77s",
            "ws://h.:1/ws",
            "ws://h:10/ws",
            "ws://h:1.evil/ws",
            "ws://evil/h:1/ws",
            "ws://evil/@h:1/ws",
            "ws://[::1]:1/ws",
            "wss://xn--h-xga/ws",
        ] {
            let server = server(url);
            assert_eq!((server.url(), server.is_own()), (url, false));
        }
    }

    #[test]
    fn what_is_no_servers_url_is_refused() {
        let long = format!("ws://evil/{}", "x".repeat(MAX_URL_BYTES));
        for url in [
            "",
            "http://h:1/ws",
            "https://evil/",
            "javascript:alert(1)",
            "javascript://evil/",
            "data:text/html,x",
            "h:1",
            "ws:",
            "ws://",
            "ws:///x",
            "ws://evil",
            "ws://user@evil/",
            "ws://h:1%2Fws@evil/",
            "ws://:password@evil/",
            "blob:ws://h:1/ws",
            &long,
        ] {
            assert_eq!(asked(url), Asked::Unusable, "{url}");
        }
    }

    #[test]
    fn what_is_kept_for_one_server_is_found_for_no_other() {
        let own = server("ws://h:1/ws");
        assert_eq!(own.key("session"), "pronto.session");
        let others = ["ws://evil/ws", "wss://evil/ws", "ws://evil/ws?pronto.session"];
        let mut keys: Vec<_> = others.iter().map(|url| server(url).key("session")).collect();
        assert_eq!(keys[0], "pronto.session ws://evil/ws");
        keys.push(own.key("session"));
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), 4);
        // Two servers at one host.
        for (folder, key) in [
            ("http://h:1/call/", "pronto.session ws://h:1/call/ws"),
            ("http://h:1/talk/", "pronto.session ws://h:1/talk/ws"),
        ] {
            let Asked::Server(own) = Asked::of(None, folder) else { panic!("{folder}") };
            assert_eq!((own.is_own(), own.key("session").as_str()), (true, key));
        }
    }

    #[test]
    fn a_server_is_named_in_full() {
        for (url, parts) in [
            ("ws://evil:1/a?b", ["ws://", "evil:1", "/a?b"]),
            ("wss://[::1]/", ["wss://", "[::1]", "/"]),
            ("ws://h:1/ws", ["ws://", "h:1", "/ws"]),
        ] {
            let server = server(url);
            assert_eq!((server.parts(), server.parts().concat()), (parts, url.to_owned()));
        }
    }
}
