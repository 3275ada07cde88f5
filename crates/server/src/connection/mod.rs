//! Drives one WebSocket: turns what comes over it into the session's inputs, and carries its effects out.
//!
//! One task does all of it, in turns (`turn`). A write that does not progress never keeps it from reading. What a
//! slow client leaves unread waits in a queue that is bounded (`outbound`); once that is full, this connection is
//! closed with [`CloseCode::SlowConsumer`], and nobody else notices.

mod away;
mod closing;
mod doorbell;
// The fuzz target shares it.
#[cfg(any(test, fuzzing))]
pub(crate) mod frames;
mod handle;
mod heartbeat;
mod identify;
mod inbound;
mod login;
mod outbound;
mod reader;
mod residents;
mod secret;
mod slot;
mod turn;
mod websocket;

use std::{
    pin::{Pin, pin},
    sync::Arc,
    time::Instant,
};

use identity::Identity;
use protocol::{ServerMessage, UserName, close::CloseCode};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Sleep,
};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::{
    config::{Config, Timing},
    directory::Directory,
    edge::{Limits, Pace, Visitor},
    ice::Ice,
    limits::MAX_MESSAGE_BEFORE_LOGIN_BYTES,
    roster::{Present, Roster},
    session::Session,
};
use closing::Ending;
use handle::{SessionHandle, random_number};
use heartbeat::{Beat, Heartbeat};
use outbound::Outbound;
pub use reader::ReadOnDemand;
use residents::Residents;
pub use secret::Proof;
use turn::{Bells, Turn};
pub use websocket::websocket_config;

/// What the connections of a server share.
#[derive(Debug)]
pub struct Shared<D: Directory> {
    directory: D,
    residents: Arc<Residents<D>>,
    roster: Roster,
    ice: Arc<Ice>,
    timing: Timing,
    shutdown: CancellationToken,
    limits: Option<Arc<Limits>>,
    identity: Option<Arc<Identity>>,
}

impl<D: Directory> Shared<D> {
    /// For connections whose sessions meet in `directory`, and which close when `shutdown` is cancelled. The sessions'
    /// users are written down in the `roster`; clients are told of the servers in `ice`.
    pub fn new(
        directory: D,
        roster: Roster,
        ice: Arc<Ice>,
        config: &Config,
        shutdown: CancellationToken,
    ) -> Self {
        Self {
            directory,
            residents: Arc::new(Residents::new()),
            roster,
            ice,
            timing: config.timing,
            shutdown,
            limits: None,
            identity: None,
        }
    }

    /// Lets users show who they are.
    #[must_use]
    pub fn identifying(self, identity: Option<Arc<Identity>>) -> Self {
        Self { identity, ..self }
    }

    /// Holds clients to these limits.
    #[must_use]
    pub fn limited(self, limits: Option<Arc<Limits>>) -> Self {
        Self { limits, ..self }
    }

    /// Whether an account's user of this name is signed in, and their page is there.
    pub(crate) fn is_attended(&self, user: &UserName) -> bool {
        self.residents.is_attended(user)
    }

    /// Lets those who were here before the server stopped have their names for a while, and gives what has to run
    /// for that.
    pub(crate) async fn expect(
        &self,
        present: Present,
    ) -> Vec<impl Future<Output = ()> + Send + use<D>> {
        let mut waiting = Vec::new();
        for (user, proof) in present {
            if let Some(session) = self.expected(user, proof).await {
                waiting.push(away::wait(session, self.shutdown.clone()));
            }
        }
        waiting
    }

    async fn expected(&self, user: UserName, proof: Proof) -> Option<Box<SessionHandle<D>>> {
        let claimed = self.directory.claim(&user).await.ok()?;
        let limits = self.timing.session();
        let machine = Session::expected(user, random_number(), limits, now());
        let session = self.session(machine, claimed);
        Some(Box::new(session.reside(&self.residents, &self.roster, proof, 0)))
    }

    fn session(
        &self,
        machine: Session,
        claimed: (D::Registration, crate::directory::Mailbox),
    ) -> SessionHandle<D> {
        let (directory, shutdown) = (self.directory.clone(), self.shutdown.clone());
        let session = SessionHandle::new(machine, claimed, directory, shutdown);
        session.paced(self.limits.as_ref().map(|_| Pace::new(now())))
    }
}

/// Drives one WebSocket until it is closed. It is the `visitor`'s.
pub fn serve<S, D>(
    mut socket: WebSocketStream<ReadOnDemand<S>>,
    mut visitor: Box<Visitor>,
    shared: Arc<Shared<D>>,
) -> impl Future<Output = ()> + Send
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    D: Directory,
{
    let now = now();
    socket.get_mut().let_come(Some(MAX_MESSAGE_BEFORE_LOGIN_BYTES));
    visitor.pace = shared.limits.as_ref().map(|_| Pace::new(now));
    let mut connection = Connection {
        socket,
        visitor,
        stage: Stage::Guest { until: shared.timing.login.map(|limit| now + limit) },
        outbound: Outbound::default(),
        frames_in_a_row: 0,
        unflushed: false,
        bells: Bells::default(),
        heartbeat: Heartbeat::new(now, shared.timing.ping, shared.timing.pong),
        shared,
    };
    // Not an async function, which would set aside room for its arguments as well.
    async move {
        let ending = connection.run().await;
        debug!(?ending, "a socket closes");
        // Boxed, so that the room which only the end needs is not set aside all the time.
        Box::pin(connection.end(ending)).await;
    }
}

/// One WebSocket, and what it is for.
struct Connection<S, D: Directory> {
    socket: WebSocketStream<ReadOnDemand<S>>,
    /// Boxed, so that its room is set aside once, and not at each step that waits.
    visitor: Box<Visitor>,
    stage: Stage<D>,
    outbound: Outbound,
    /// Whether the WebSocket library may hold bytes that it has not written.
    unflushed: bool,
    /// How many frames were taken in since other tasks could last run.
    frames_in_a_row: usize,
    bells: Bells,
    heartbeat: Heartbeat,
    shared: Arc<Shared<D>>,
}

/// What time it is, by the clock that tests can set.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Who is at the other end.
enum Stage<D: Directory> {
    /// Somebody who has not logged in.
    Guest {
        /// When they must have; `None` for no such deadline.
        until: Option<Instant>,
    },
    /// A user.
    User(Box<SessionHandle<D>>),
}

impl<S: AsyncRead + AsyncWrite + Unpin, D: Directory> Connection<S, D> {
    /// Takes turns until there is a reason to close the socket.
    async fn run(&mut self) -> Ending {
        let shared = Arc::clone(&self.shared);
        let mut cancelled = pin!(shared.shutdown.cancelled());
        let mut timer = pin!(tokio::time::sleep_until(self.next_deadline().into()));
        loop {
            let turn = self.turn(cancelled.as_mut(), timer.as_mut()).await;
            if let Err(ending) = self.take(turn).await {
                return ending;
            }
            if self.set(timer.as_mut()) {
                self.bells.rare.open();
            }
        }
    }

    /// Does what there is to do in a turn.
    async fn take(&mut self, turn: Turn) -> Result<(), Ending> {
        // First, so that nobody is told of a peer that is gone when it is the whole server that goes.
        if turn.rare.shutdown {
            return Err(Ending::Close(CloseCode::Restart));
        }
        // Next, so that an envelope which is out of the mailbox is never lost to the end of the socket.
        if let Some(envelope) = turn.mail {
            self.on_mail(envelope?).await?;
        }
        // Before a frame is taken in: the client sends what was not counted again, over its other socket.
        if turn.rare.wanted {
            self.hand_over()?;
        }
        if turn.rare.signed_out {
            return Err(Ending::Close(CloseCode::SignedOut));
        }
        turn.written?;
        if let Some(incoming) = turn.incoming {
            self.on_incoming(incoming?).await?;
        }
        if turn.rare.time {
            self.on_time(now()).await?;
        }
        Ok(())
    }

    /// Does everything that is due.
    async fn on_time(&mut self, now: Instant) -> Result<(), Ending> {
        match self.heartbeat.beat(now) {
            Beat::Nothing => {}
            Beat::Ping => self.outbound.push(Message::Ping(Vec::new().into()))?,
            Beat::Dead => return Err(Ending::Close(CloseCode::Dead)),
        }
        match &mut self.stage {
            Stage::Guest { until: Some(until) } if *until <= now => {
                Err(Ending::Close(CloseCode::LoginTimeout))
            }
            Stage::Guest { .. } => Ok(()),
            Stage::User(session) => {
                session.on_time(now, &mut self.outbound).await?;
                self.renew_ice(now)
            }
        }
    }

    fn next_deadline(&self) -> Instant {
        let other = match &self.stage {
            Stage::Guest { until } => *until,
            Stage::User(session) => {
                session.next_timeout().into_iter().chain(session.ice_until()).min()
            }
        };
        let beat = self.heartbeat.next();
        other.map_or(beat, |other| other.min(beat))
    }

    /// Sets the timer to the next deadline, and says whether it changed.
    fn set(&self, timer: Pin<&mut Sleep>) -> bool {
        let deadline = self.next_deadline().into();
        // A turn that changed no deadline leaves the timer alone, which costs nothing.
        let changed = timer.deadline() != deadline;
        if changed {
            timer.reset(deadline);
        }
        changed
    }

    /// Tells the client of other STUN and TURN servers when the credentials of those that it has are about to expire.
    fn renew_ice(&mut self, now: Instant) -> Result<(), Ending> {
        let Stage::User(session) = &mut self.stage else { return Ok(()) };
        if session.ice_until().is_none_or(|until| until > now) {
            return Ok(());
        }
        let grant = session.grant(&self.shared.ice, now);
        let ice_servers = self.shared.ice.servers(grant, self.visitor.reached.as_ref(), now);
        self.say(&ServerMessage::Ice(protocol::Ice { ice_servers }))
    }

    fn say(&mut self, message: &ServerMessage) -> Result<(), Ending> {
        self.outbound.push(Message::text(message.encode()))
    }
}
