//! The check of the connection: which ways to the server's relay work, and what that means. PURE: the shell tries the
//! ways and reports; words stand in index.html.

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
    /// The server names no relay that is reached like this.
    Missing,
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

    /// A relay was tried: what came through, after so many milliseconds. Of several relays on one way, one that works is
    /// enough.
    pub fn was_tried(&mut self, way: Way, worked: Option<u64>) {
        let result = &mut self.results[way as usize];
        *result = match (*result, worked) {
            (Result::Works(before), Some(now)) => Result::Works(before.min(now)),
            (Result::Works(before), None) => Result::Works(before),
            (_, Some(now)) => Result::Works(now),
            (_, None) => Result::Blocked,
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
            let best = ways.find(|way| matches!(self.of(*way), Result::Works(_)));
            best.map_or(Summary::Blocked, Summary::Works)
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
            Self::Missing => "way-missing",
        }
    }

    /// How long it took, in seconds.
    #[must_use]
    pub fn seconds(self) -> Option<String> {
        match self {
            // Nothing takes no time at all.
            Self::Works(millis) => Some(format!("{:.1}", (millis.max(50) as f64) / 1000.0)),
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
            Self::NoRelay => "check-no-relay",
            Self::NoServer => "check-no-server",
        }
    }
}

/// Every key of the check's words.
pub const KEYS: [&str; 11] = [
    Result::Trying.key(),
    Result::Works(0).key(),
    Result::Blocked.key(),
    Result::Missing.key(),
    Summary::Running.key(),
    Summary::Works(Way::Udp).key(),
    Summary::Works(Way::Tcp).key(),
    Summary::Works(Way::Tls).key(),
    Summary::Blocked.key(),
    Summary::NoRelay.key(),
    Summary::NoServer.key(),
];
