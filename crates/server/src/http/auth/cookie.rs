//! The cookies of signing in (RFC 6265bis). Their prefix makes browsers take them from this host alone, over HTTPS or on this
//! machine, so that no other site of the same domain can set them. No script reads them, and no other site's request but a link
//! brings them.

use hyper::{
    HeaderMap,
    header::{COOKIE, HeaderValue},
};

/// The browser's session.
pub(super) const SESSION: &str = "__Host-pronto";

/// Ties a sign-in that is under way to the browser.
pub(super) const SIGN_IN: &str = "__Host-pronto-sign-in";

/// For how long, in seconds: as long as a session lasts after its last use.
const SESSION_SECONDS: u32 = 30 * 24 * 3_600;

/// For how long, in seconds: as long as a sign-in may take.
const SIGN_IN_SECONDS: u32 = 600;

/// What the browser brought in this cookie.
pub(super) fn brought<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(key, value)| (key.trim(), value.trim()))
        .find(|(key, _)| *key == name)
        .map(|(_, v)| v)
}

/// The browser has this session.
pub(super) fn session(value: &str) -> HeaderValue {
    cookie(SESSION, value, SESSION_SECONDS)
}

/// The browser has none any more.
pub(super) fn no_session() -> HeaderValue {
    cookie(SESSION, "", 0)
}

/// The browser is about to sign in.
pub(super) fn sign_in(value: &str) -> HeaderValue {
    cookie(SIGN_IN, value, SIGN_IN_SECONDS)
}

fn cookie(name: &str, value: &str, seconds: u32) -> HeaderValue {
    let line = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; Secure; SameSite=Lax");
    // Values are drawn by us, or were: letters, digits, hyphens and underlines.
    HeaderValue::try_from(line).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use hyper::{HeaderMap, header::COOKIE};

    use super::{SESSION, SIGN_IN, brought, session};

    #[test]
    fn a_cookie_is_found_among_others() {
        for (line, value) in [
            ("__Host-pronto=abc", Some("abc")),
            ("a=b; __Host-pronto=abc; c=d", Some("abc")),
            ("x__Host-pronto=abc", None),
            ("__Host-pronto-sign-in=abc", None),
            ("__host-pronto=abc", None),
            ("__Host-pronto", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(COOKIE, line.parse().unwrap())]);
            assert_eq!(brought(&headers, SESSION), value, "{line}");
        }
        let both =
            [(COOKIE, "a=1".parse().unwrap()), (COOKIE, format!("{SIGN_IN}=2").parse().unwrap())];
        assert_eq!(brought(&HeaderMap::from_iter(both), SIGN_IN), Some("2"));
    }

    #[test]
    fn a_cookie_is_for_this_host_alone_and_for_no_script() {
        let line = session("abc");
        assert_eq!(
            line.to_str().unwrap(),
            "__Host-pronto=abc; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax"
        );
    }
}
