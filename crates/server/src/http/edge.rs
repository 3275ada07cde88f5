//! What a browser may do with our answers: the headers that keep the page's world closed.
//!
//! The content security policy (CSP Level 3) lets the page run its own files and nothing else: no script or style that
//! stands in markup, no `eval`, nothing of another origin. WebAssembly needs `wasm-unsafe-eval`.

use std::fmt::Write;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use hyper::{
    HeaderMap, StatusCode, Uri,
    header::{
        CONTENT_SECURITY_POLICY, HOST, HeaderName, HeaderValue, REFERRER_POLICY,
        STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    },
};
use sha2::{Digest, Sha256};

use crate::config::PublicHost;

/// On everything that is served. What a call uses of the browser is allowed to the page itself, and what it does not use to
/// nobody (Permissions Policy).
const HEADERS: [(HeaderName, HeaderValue); 6] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    // Whoever opens the page, or is opened by it, gets no handle on its window.
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static(
            "camera=(self), microphone=(self), autoplay=(self), fullscreen=(self), \
             picture-in-picture=(self), screen-wake-lock=(self), accelerometer=(), \
             display-capture=(), geolocation=(), gyroscope=(), hid=(), magnetometer=(), midi=(), \
             payment=(), publickey-credentials-get=(), serial=(), usb=()",
        ),
    ),
    // For browsers that do not know `frame-ancestors`.
    (HeaderName::from_static("x-frame-options"), HeaderValue::from_static("DENY")),
];

/// For what is no page: it does nothing at all.
const NOTHING: HeaderValue =
    HeaderValue::from_static("default-src 'none'; base-uri 'none'; frame-ancestors 'none'");

/// For how long browsers are to come back over HTTPS alone (RFC 6797): half a year, renewed with each visit. Without the names
/// below ours, which may be others'.
const HTTPS_ALONE: HeaderValue = HeaderValue::from_static("max-age=15768000");

/// Tells browsers to come back over HTTPS alone, where the operator has named a host and others vouch for its certificate: who
/// once told them so and has no such certificate any more shuts them out.
pub(super) async fn keep_to_https(
    State(https_only): State<bool>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    if https_only {
        response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, HTTPS_ALONE);
    }
    response
}

/// Puts the headers on an answer. A handler that answers with a page gives its own policy.
pub(super) async fn guard(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    // A WebSocket is no document.
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        let headers = response.headers_mut();
        for (name, value) in HEADERS {
            headers.insert(name, value);
        }
        headers.entry(CONTENT_SECURITY_POLICY).or_insert(NOTHING);
    }
    response
}

/// Where the page that a request asks for connects to. Besides the server that it comes from, that is the one that its
/// address names (`?server=`).
#[derive(Clone, Debug, Default)]
pub(super) struct Servers(String);

impl Servers {
    pub(super) fn of(uri: &Uri, headers: &HeaderMap) -> Self {
        let mut servers = String::new();
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let host = host.and_then(|host| host.parse::<PublicHost>().ok());
        // Not every browser takes `'self'` for the WebSocket of the same host.
        if let Some(host) = host.filter(|host| !is_v6(host)) {
            let authority = authority(&host);
            let _ = write!(servers, " ws://{authority} wss://{authority}");
        }
        let query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        let mut named = query.filter(|(key, _)| key == "server");
        if let Some(source) = named.next().and_then(|(_, url)| source(&url)) {
            let _ = write!(servers, " {source}");
        }
        Self(servers)
    }
}

/// What stands in the policy for a WebSocket URL; nothing if it is none.
fn source(url: &str) -> Option<String> {
    let url: Uri = url.parse().ok()?;
    let scheme = url.scheme_str().filter(|scheme| matches!(*scheme, "ws" | "wss"))?;
    let host: PublicHost = url.authority()?.as_str().parse().ok()?;
    // The policy's grammar has no IPv6 addresses.
    let whole = || format!("{scheme}://{}", authority(&host));
    Some(if is_v6(&host) { format!("{scheme}:") } else { whole() })
}

fn is_v6(host: &PublicHost) -> bool {
    host.host().starts_with('[')
}

fn authority(host: &PublicHost) -> String {
    match host.port() {
        Some(port) => format!("{}:{port}", host.host()),
        None => host.host().to_owned(),
    }
}

/// The hashes of the scripts and styles in the markup of a page.
#[derive(Clone, Debug)]
pub(super) struct Markup {
    scripts: String,
    styles: String,
}

impl Markup {
    pub(super) fn of(html: &str) -> Self {
        Self { scripts: hashes(html, "script"), styles: hashes(html, "style") }
    }

    /// The policy for the page. What stands in the markup of *this* page (trunk puts a script there) is let in by its hash,
    /// and nothing else that ever comes to stand there.
    pub(super) fn policy(&self, servers: &Servers) -> Option<HeaderValue> {
        let Self { scripts, styles } = self;
        let policy = format!(
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{scripts}; style-src 'self'{styles}; \
             img-src 'self'; media-src 'self'; connect-src 'self'{}; \
             base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
            servers.0
        );
        HeaderValue::try_from(policy).ok()
    }
}

/// The hashes of the elements of this name that have their content in the markup.
fn hashes(html: &str, name: &str) -> String {
    let (open, close) = (format!("<{name}"), format!("</{name}>"));
    let mut hashes = String::new();
    for element in html.split(open.as_str()).skip(1) {
        // Browsers read line ends as LF.
        let content = element.split_once('>').and_then(|(_, rest)| rest.split_once(close.as_str()));
        let Some((content, _)) = content.filter(|(content, _)| !content.is_empty()) else {
            continue;
        };
        let digest = Sha256::digest(content.replace("\r\n", "\n"));
        let _ = write!(hashes, " 'sha256-{}'", BASE64.encode(digest));
    }
    hashes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(uri: &str, host: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        Servers::of(&uri.parse().unwrap(), &headers).0
    }

    #[test]
    fn the_page_connects_to_its_own_server_and_to_the_one_that_its_address_names() {
        let own = " ws://a.example:81 wss://a.example:81";
        for (query, more) in [
            ("", ""),
            ("?server=wss%3A%2F%2Fb.example%2Fws", " wss://b.example"),
            ("?x=1&server=ws://127.0.0.1:5/ws", " ws://127.0.0.1:5"),
            ("?server=ws://[::1]:5/ws", " ws:"),
            ("?server=https://b.example", ""),
            ("?server=ws://b.example%3B%20script-src%20*/", ""),
            ("?server=ws://b.example%20*/", ""),
            ("?server=ws://user@b.example/", ""),
            ("?server=*", ""),
            ("?server=", ""),
            ("?server=%ff", ""),
        ] {
            assert_eq!(
                servers(&format!("/{query}"), "a.example:81"),
                format!("{own}{more}"),
                "{query}"
            );
        }
        for host in ["[::1]:81", "a.example;", "*", "a b", ""] {
            assert_eq!(servers("/", host), "", "{host}");
        }
    }

    #[test]
    fn only_what_stands_in_this_markup_is_let_in() {
        assert_eq!(hashes("<script src=a.js></script><p>", "script"), "");
        assert_eq!(hashes("<script", "script"), "");
        assert_eq!(hashes("<script>", "script"), "");
        // echo -n 'alert(1)' | openssl dgst -sha256 -binary | base64
        let hash = " 'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='";
        let html = "<script type=\"module\">alert(1)</script><script src=b></script>";
        assert_eq!(hashes(html, "script"), hash);
        let two = hashes(&format!("{html}<style>a\r\nb</style><style>a\nb</style>"), "style");
        let (one, other) = two.trim().split_once(' ').unwrap();
        assert_eq!(one, other);
    }
}
