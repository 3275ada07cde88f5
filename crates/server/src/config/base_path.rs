//! Where at its host people find the server.

use std::{fmt, str::FromStr};

/// The path that a web server puts this one under: empty, or such as `/call`, without a slash at its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BasePath(Box<str>);

/// How long it may be, in bytes: it stands in every address that is registered with a provider.
const MAX_BYTES: usize = 200;

/// The text is no such path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadBasePath;

impl fmt::Display for BadBasePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a path is such as /call: a slash, then letters, digits and any of . _ ~ -, perhaps several times")
    }
}

impl std::error::Error for BadBasePath {}

impl FromStr for BasePath {
    type Err = BadBasePath;

    /// A slash at the end means nothing.
    fn from_str(text: &str) -> Result<Self, BadBasePath> {
        let path = text.strip_suffix('/').unwrap_or(text);
        let is_good = |part: &str| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte);
            !matches!(part, "" | "." | "..") && part.bytes().all(is_plain)
        };
        let mut parts = path.split('/');
        let good = parts.next() == Some("") && parts.all(is_good) && path.len() <= MAX_BYTES;
        if good { Ok(Self(path.into())) } else { Err(BadBasePath) }
    }
}

impl fmt::Display for BasePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl BasePath {
    /// What of a path is below this one, from its slash on; `None` if it is not, and an empty one for this very path.
    pub(crate) fn below<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(&*self.0).filter(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Whether there is none.
    pub(crate) fn is_root(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::{BasePath, MAX_BYTES};

    #[test]
    fn only_paths_are_paths() {
        let longest = format!("/{}", "a".repeat(MAX_BYTES - 1));
        for (text, path) in [
            ("/", ""),
            ("", ""),
            ("/call", "/call"),
            ("/call/", "/call"),
            ("/a/b-c_d.e~1/", "/a/b-c_d.e~1"),
            (&longest, &longest),
        ] {
            assert_eq!(text.parse::<BasePath>().map(|path| path.to_string()).as_deref(), Ok(path));
        }
        let too_long = format!("{longest}a");
        for bad in [
            "call",
            "//",
            "/a//b",
            "//a",
            "/a/../b",
            "/..",
            "/.",
            "/a b",
            "/a?b",
            "/a%20",
            "/ä",
            "/a\n",
            "/a;b",
            "https://a",
            &too_long,
        ] {
            assert!(bad.parse::<BasePath>().is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_below_is_told_from_what_begins_alike() {
        let call: BasePath = "/call".parse().unwrap();
        for (path, below) in [
            ("/call/ws", Some("/ws")),
            ("/call/", Some("/")),
            ("/call", Some("")),
            ("/call/call/", Some("/call/")),
            ("/callers", None),
            ("/ws", None),
            ("/Call/", None),
        ] {
            assert_eq!(call.below(path), below, "{path}");
        }
    }
}
