//! The check of the connection: which ways to the server's relay work, and what that means. PURE: the shell tries the
//! ways and reports; words stand in index.html.

use std::fmt;

/// A way to a relay, in the order in which they suit sound and picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// Datagrams.
    Udp,
    /// A stream.
    Tcp,
    /// A stream within TLS.
    Tls,
}

/// Some of the ways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ways([bool; 3]);

impl Ways {
    /// Whether there are none.
    #[must_use]
    pub const fn is_none(self) -> bool {
        matches!(self.0, [false, false, false])
    }
}

impl FromIterator<Way> for Ways {
    fn from_iter<T: IntoIterator<Item = Way>>(ways: T) -> Self {
        let mut some = Self::default();
        for way in ways {
            some.0[way as usize] = true;
        }
        some
    }
}

/// Their names, which are those of protocols and the same in every language.
impl fmt::Display for Ways {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = "";
        for way in Way::ALL.into_iter().filter(|way| self.0[*way as usize]) {
            f.write_str(before)?;
            f.write_str(way.name())?;
            before = ", ";
        }
        Ok(())
    }
}

/// What is known of a way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Result {
    /// It is being tried, or the server has not yet said what there is.
    #[default]
    Trying,
    /// It works: something got through after so many milliseconds.
    Works(u64),
    /// Nothing gets through.
    Blocked,
    /// The relay is reached, and refuses to serve.
    Refused(Refusal),
    /// The server names no relay that is reached like this.
    Missing,
}

/// Why a relay refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It does not accept the credentials: they have expired, or are another server's.
    Credentials,
    /// There are too many allocations of this user or from this address.
    Quota,
    /// There are too many of all.
    Full,
    /// Something else, by its error code.
    Other(u16),
}

impl Refusal {
    /// What an error code means (RFC 8489 section 14.8, RFC 8656 section 19).
    #[must_use]
    pub const fn of(code: u16) -> Self {
        match code {
            401 | 431 | 432 | 434 | 436 | 438 | 441 => Self::Credentials,
            486 => Self::Quota,
            508 => Self::Full,
            code => Self::Other(code),
        }
    }
}

/// What came of trying a relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Something came through, after so many milliseconds.
    Works(u64),
    /// Nothing did.
    Blocked,
    /// It refused, with this error code.
    Refused(u16),
}

/// How far the check is, and what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Summary {
    /// Something is not known yet.
    Running,
    /// Calls work, and this is the best way to the relay.
    Works(Way),
    /// There is a relay, and nothing gets through to it.
    Blocked,
    /// There is a relay that is reached, and none that serves.
    Refused,
    /// The server has no relay.
    NoRelay,
    /// The server cannot be reached.
    NoServer,
}

/// A check: what is known until now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Check {
    results: [Result; 3],
    server_is_away: bool,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Udp, Self::Tcp, Self::Tls];

    /// Its name, which is the protocol's.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
        }
    }

    /// By which way a relay of this URL is reached (RFC 7065); `None` if it is none, or by no way that browsers know.
    #[must_use]
    pub fn of_url(url: &str) -> Option<Self> {
        let transport = url.split_once('?').map_or("", |(_, query)| query);
        match (url.split(':').next()?, transport) {
            ("turn", "" | "transport=udp") => Some(Self::Udp),
            ("turn", "transport=tcp") => Some(Self::Tcp),
            ("turns", "" | "transport=tcp") => Some(Self::Tls),
            _ => None,
        }
    }
}

impl Check {
    /// The server named these relays; the ways that none of them is reached by are missing.
    pub fn relays_are_known(&mut self, ways: &[Way]) {
        for way in Way::ALL.into_iter().filter(|way| !ways.contains(way)) {
            self.results[way as usize] = Result::Missing;
        }
    }

    /// A relay was tried. Of several relays on one way, one that works is enough; and one that refuses says more than one
    /// that is not reached.
    pub fn was_tried(&mut self, way: Way, outcome: Outcome) {
        let result = &mut self.results[way as usize];
        *result = match (*result, outcome) {
            (Result::Works(before), Outcome::Works(now)) => Result::Works(before.min(now)),
            (_, Outcome::Works(now)) => Result::Works(now),
            (before @ Result::Works(_), _) | (before @ Result::Refused(_), Outcome::Blocked) => {
                before
            }
            (_, Outcome::Refused(code)) => Result::Refused(Refusal::of(code)),
            (_, Outcome::Blocked) => Result::Blocked,
        };
    }

    /// The server cannot be reached, so that there is nothing to try.
    pub fn server_is_away(&mut self) {
        *self = Self { results: [Result::Missing; 3], server_is_away: true };
    }

    /// What is known of a way.
    #[must_use]
    pub const fn of(&self, way: Way) -> Result {
        self.results[way as usize]
    }

    /// What it means.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let all = |result| self.results.iter().all(|its| *its == result);
        if self.server_is_away {
            Summary::NoServer
        } else if self.results.contains(&Result::Trying) {
            Summary::Running
        } else if all(Result::Missing) {
            Summary::NoRelay
        } else {
            let mut ways = Way::ALL.into_iter();
            let refuses = ways.clone().any(|way| matches!(self.of(way), Result::Refused(_)));
            let otherwise = if refuses { Summary::Refused } else { Summary::Blocked };
            let best = ways.find(|way| matches!(self.of(*way), Result::Works(_)));
            best.map_or(otherwise, Summary::Works)
        }
    }
}

impl Result {
    /// The key of its words.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Trying => "way-trying",
            Self::Works(_) => "way-works",
            Self::Blocked => "way-blocked",
            Self::Refused(Refusal::Credentials) => "way-refused-credentials",
            Self::Refused(Refusal::Quota) => "way-refused-quota",
            Self::Refused(Refusal::Full) => "way-refused-full",
            Self::Refused(Refusal::Other(_)) => "way-refused",
            Self::Missing => "way-missing",
        }
    }

    /// What goes into the slot `number` of its words: how long it took, in seconds, or the error code.
    #[must_use]
    pub fn number(self) -> Option<String> {
        match self {
            // Nothing takes no time at all.
            Self::Works(millis) => {
                // Not as a float: what writes those weighs five kilobytes in the page.
                let tenths = (millis.max(50) + 50) / 100;
                Some(format!("{}.{}", tenths / 10, tenths % 10))
            }
            Self::Refused(Refusal::Other(code)) => Some(code.to_string()),
            _ => None,
        }
    }
}

impl Summary {
    /// The key of its sentence.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Running => "check-running",
            Self::Works(Way::Udp) => "check-udp",
            Self::Works(Way::Tcp) => "check-tcp",
            Self::Works(Way::Tls) => "check-tls",
            Self::Blocked => "check-blocked",
            Self::Refused => "check-refused",
            Self::NoRelay => "check-no-relay",
            Self::NoServer => "check-no-server",
        }
    }
}

/// Every key of the check's words.
pub const KEYS: [&str; 16] = [
    Result::Trying.key(),
    Result::Works(0).key(),
    Result::Blocked.key(),
    Result::Refused(Refusal::Credentials).key(),
    Result::Refused(Refusal::Quota).key(),
    Result::Refused(Refusal::Full).key(),
    Result::Refused(Refusal::Other(0)).key(),
    Result::Missing.key(),
    Summary::Running.key(),
    Summary::Works(Way::Udp).key(),
    Summary::Works(Way::Tcp).key(),
    Summary::Works(Way::Tls).key(),
    Summary::Blocked.key(),
    Summary::Refused.key(),
    Summary::NoRelay.key(),
    Summary::NoServer.key(),
];
