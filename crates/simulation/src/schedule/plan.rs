//! Which kinds of schedule there are.

/// What kind of schedule is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// How many users there are: two or three.
    pub users: usize,
    /// The network between pages and server.
    pub network: Network,
    /// What happens.
    pub script: Script,
}

impl Plan {
    /// Every kind of schedule.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let networks = [Network::Quick, Network::Slow];
        let plans = Script::ALL
            .into_iter()
            .flat_map(|script| networks.map(|network| Self { users: 2, network, script }));
        let three = networks.map(|network| Self { users: 3, network, script: Script::Turmoil });
        plans.chain(three).collect()
    }
}

/// What happens in a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// Users press whatever they like, and everything breaks.
    Turmoil,
    /// Two call each other at about the same moment, and nothing breaks: they must be in one call.
    BothCallAtOnce,
    /// In a call, the path of the media is gone for some seconds: the call must go on by itself.
    PathBreaks,
    /// In a call, the server is killed or stopped, and runs again after some seconds, with or without knowing who was
    /// there: the media must not notice, and everything must work after it.
    ServerDies,
    /// In a call, sockets are lost again and again: the media must not notice, and everything must work after it.
    SocketsBreak,
    /// In a call, one page is loaded anew, or both: they must be in the call again.
    Reload,
    /// In a call, one user comes to another network: socket and path break together. The call must go on by itself.
    Move,
    /// While it rings the server dies, or a socket is lost, or the callee's page is loaded anew; then the callee accepts.
    RingingBreaks,
    /// The two of a call lose sockets, pages, sessions and their server, beside somebody who lies in everything and takes
    /// their names as they become free. Afterwards, when that one is gone, everything must work.
    LiarBesideCall,
    /// Turmoil, with the same one calling and being called.
    LiarInTurmoil,
}

impl Script {
    /// Its name on a command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Turmoil => "turmoil",
            Self::BothCallAtOnce => "both-call-at-once",
            Self::PathBreaks => "path-breaks",
            Self::ServerDies => "server-dies",
            Self::SocketsBreak => "sockets-break",
            Self::Reload => "reload",
            Self::Move => "move",
            Self::RingingBreaks => "ringing-breaks",
            Self::LiarBesideCall => "liar-beside-call",
            Self::LiarInTurmoil => "liar-in-turmoil",
        }
    }

    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Turmoil,
        Self::BothCallAtOnce,
        Self::PathBreaks,
        Self::ServerDies,
        Self::SocketsBreak,
        Self::Reload,
        Self::Move,
        Self::RingingBreaks,
        Self::LiarBesideCall,
        Self::LiarInTurmoil,
    ];
}

/// The network between pages and server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// Frames are delayed, sockets break, and the server restarts.
    Quick,
    /// The same, and a frame may take seconds: much of what was said is still on its way when a socket breaks, and what an
    /// old socket still brings comes later than what a new one does.
    Slow,
}

impl Network {
    /// Its name on a command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Slow => "slow",
        }
    }

    /// The longest a frame takes, in ms.
    pub(crate) const fn delay(self, calm: bool) -> u64 {
        match self {
            _ if calm => 100,
            Self::Quick => 800,
            Self::Slow => 3_000,
        }
    }
}
