//! The cookies of signing in (RFC 6265bis). Their prefix makes browsers take them from this host alone, over HTTPS or on this
//! machine, so that no other site of the same domain can set them. No script reads them, and no other site's request but a link
//! brings them.

use hyper::{
    HeaderMap,
    header::{COOKIE, HeaderValue},
};

use crate::config::BasePath;

/// For how long a browser keeps its session, in seconds: as long as a session lasts after its last use.
const SESSION_SECONDS: u32 = 30 * 24 * 3_600;

/// For how long it keeps what ties a sign-in to it, in seconds: as long as a sign-in may take.
const SIGN_IN_SECONDS: u32 = 600;

/// The cookies of a server, by their names. Servers under several paths of one host have names of their own.
#[derive(Debug)]
pub(in crate::http) struct Cookies {
    /// The browser's session.
    session: String,
    /// Ties a sign-in that is under way to the browser.
    sign_in: String,
}

impl Cookies {
    /// Those of a server that people find under this path.
    pub(in crate::http) fn new(base: &BasePath) -> Self {
        // What no path has, and a cookie's name may have.
        let of = base.to_string().replace('/', "+");
        Self {
            session: format!("__Host-pronto{of}"),
            sign_in: format!("__Host-pronto-sign-in{of}"),
        }
    }

    /// The session that a browser brought.
    pub(super) fn session<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        brought(headers, &self.session)
    }

    /// The secret of the sign-in that a browser brought.
    pub(super) fn sign_in<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        brought(headers, &self.sign_in)
    }

    /// The browser has this session.
    pub(super) fn set_session(&self, value: &str) -> HeaderValue {
        cookie(&self.session, value, SESSION_SECONDS)
    }

    /// The browser has none any more.
    pub(super) fn end_session(&self) -> HeaderValue {
        cookie(&self.session, "", 0)
    }

    /// The browser is about to sign in.
    pub(super) fn set_sign_in(&self, value: &str) -> HeaderValue {
        cookie(&self.sign_in, value, SIGN_IN_SECONDS)
    }
}

/// What the browser brought in this cookie.
fn brought<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(key, value)| (key.trim(), value.trim()))
        .find(|(key, _)| *key == name)
        .map(|(_, v)| v)
}

fn cookie(name: &str, value: &str, seconds: u32) -> HeaderValue {
    let line = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; Secure; SameSite=Lax");
    // Values are drawn by us, or were: letters, digits, hyphens and underlines.
    HeaderValue::try_from(line).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use hyper::{HeaderMap, header::COOKIE};

    use super::Cookies;

    fn cookies(path: &str) -> Cookies {
        Cookies::new(&path.parse().unwrap())
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let cookies = cookies("/");
        for (line, value) in [
            ("__Host-pronto=abc", Some("abc")),
            ("a=b; __Host-pronto=abc; c=d", Some("abc")),
            ("x__Host-pronto=abc", None),
            ("__Host-pronto-sign-in=abc", None),
            ("__Host-pronto+call=abc", None),
            ("__host-pronto=abc", None),
            ("__Host-pronto", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(COOKIE, line.parse().unwrap())]);
            assert_eq!(cookies.session(&headers), value, "{line}");
        }
        let both = ["a=1", "__Host-pronto-sign-in=2"].map(|line| (COOKIE, line.parse().unwrap()));
        assert_eq!(cookies.sign_in(&HeaderMap::from_iter(both)), Some("2"));
    }

    #[test]
    fn a_cookie_is_for_this_host_alone_and_for_no_script() {
        for (path, line) in [
            ("/", "__Host-pronto=abc; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax"),
            (
                "/a/b",
                "__Host-pronto+a+b=abc; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax",
            ),
        ] {
            assert_eq!(cookies(path).set_session("abc").to_str().unwrap(), line);
        }
    }
}
