//! Where the page finds its server.

/// The WebSocket URL of the server: the one named by `?server=`, or else `/ws` on the page's own origin.
///
/// `named` is the decoded parameter, `protocol` and `host` are those of the page's `location`. What is named but is no
/// `ws:` or `wss:` URL does not count; whether such a URL leads anywhere is found out by opening it.
#[must_use]
pub fn of_server(named: Option<&str>, protocol: &str, host: &str) -> String {
    match named.map(str::trim) {
        Some(url) if is_web_socket(url) => url.to_owned(),
        _ if protocol == "https:" => format!("wss://{host}/ws"),
        _ => format!("ws://{host}/ws"),
    }
}

/// Whether this is a URL with the scheme `ws` or `wss` (RFC 6455 section 3) and a host. Schemes know no case.
fn is_web_socket(url: &str) -> bool {
    url.split_once("://").is_some_and(|(scheme, rest)| {
        (scheme.eq_ignore_ascii_case("ws") || scheme.eq_ignore_ascii_case("wss"))
            && rest.chars().next().is_some_and(|first| !matches!(first, '/' | '?' | '#'))
    })
}

#[cfg(test)]
mod tests {
    use super::of_server;

    #[test]
    fn the_server_is_the_named_one_or_the_pages_own() {
        let cases = [
            (None, "http:", "ws://h:1/ws"),
            (None, "https:", "wss://h:1/ws"),
            (Some("ws://other:9090/"), "http:", "ws://other:9090/"),
            (Some("wss://other/path?x=1"), "https:", "wss://other/path?x=1"),
            (Some(" WS://other:9090 "), "http:", "WS://other:9090"),
            (Some(""), "http:", "ws://h:1/ws"),
            (Some("ws://"), "http:", "ws://h:1/ws"),
            (Some("ws:///x"), "http:", "ws://h:1/ws"),
            (Some("http://other"), "https:", "wss://h:1/ws"),
            (Some("javascript:alert(1)"), "https:", "wss://h:1/ws"),
            (Some("other:9090"), "http:", "ws://h:1/ws"),
        ];
        for (named, protocol, expected) in cases {
            assert_eq!(of_server(named, protocol, "h:1"), expected, "{named:?} {protocol}");
        }
    }
}
