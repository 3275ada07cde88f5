//! The peer connection: `RTCPeerConnection` (W3C WebRTC section 4.4).

mod bindings;
mod channel;
mod events;
mod job;
mod route;
mod size;

use std::{cell::RefCell, fmt, rc::Rc};

use futures_channel::mpsc;
use futures_util::{
    StreamExt,
    future::{AbortHandle, abortable},
};
use js_sys::Array;
use protocol::IceServer;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{
    MediaStream, RtcBundlePolicy, RtcConfiguration, RtcIceServer, RtcIceTransportPolicy,
    RtcPeerConnection,
};

use self::{bindings::Connection, channel::Channel, job::Job};
use super::{listener::Listener, media::Tracks};
use crate::call::{PeerEvent, PeerOp};

/// Operations that may wait for the one before them. The machine gives out at most 64 early candidates at once, and
/// what else comes is bounded by what the server relays; a peer that fills this is flooding.
const MAX_QUEUED: usize = 512;

/// Something that happened to a peer connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// What the machine wants to know.
    Event(PeerEvent),
    /// A track of the peer came and is in [`Peer::remote`].
    Track,
}

/// By which paths a peer may be reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Paths {
    /// By all that there are.
    #[default]
    All,
    /// By relays only: the peer learns no address of this side but the relay's.
    Relayed,
}

/// Hears what happens to a peer connection.
type Reporter = Rc<dyn Fn(Report)>;

/// A peer connection. Dropped, it is closed, and reports nothing more.
pub struct Peer {
    connection: Connection,
    remote: MediaStream,
    jobs: mpsc::Sender<Job>,
    worker: AbortHandle,
    report: Reporter,
    _listeners: Vec<Listener>,
}

/// What the worker needs of a peer.
struct Parts {
    connection: Connection,
    /// Other servers change nothing of them.
    paths: Paths,
    /// Names the stream that the tracks sent belong to, so that the peer plays them in step.
    local: MediaStream,
    channel: Rc<RefCell<Option<Channel>>>,
    report: Reporter,
}

impl Peer {
    /// Builds a peer connection; `report` is called with all that happens to it, never from within this.
    ///
    /// # Errors
    /// The browser does not like the servers, or has too many connections.
    pub fn new(
        ice_servers: &[IceServer],
        paths: Paths,
        report: impl Fn(Report) + 'static,
    ) -> Result<Self, JsValue> {
        let report: Reporter = Rc::new(report);
        let connection: Connection =
            RtcPeerConnection::new_with_configuration(&configuration(ice_servers, paths))?
                .unchecked_into();
        let remote = MediaStream::new()?;
        let local = MediaStream::new()?;
        let channel = Rc::default();
        let mut listeners = events::listen(&connection, &remote, &channel, &report);
        let (jobs, queue) = mpsc::channel(MAX_QUEUED);
        listeners.push(size::grow(&connection, jobs.clone()));
        let parts = Parts {
            connection: connection.clone().unchecked_into(),
            paths,
            local,
            channel,
            report: Rc::clone(&report),
        };
        let (work, worker) = abortable(work(parts, queue));
        spawn_local(async move {
            // It ends by being aborted.
            let _ = work.await;
        });
        Ok(Self { connection, remote, jobs, worker, report, _listeners: listeners })
    }

    /// Does this with the tracks that there are now, when all that was asked for before is done.
    pub fn carry_out(&mut self, op: PeerOp, tracks: Tracks) {
        let optional = matches!(
            op,
            PeerOp::AddCandidate(_)
                | PeerOp::SendText(_)
                | PeerOp::UseServers(_)
                | PeerOp::FindRoute
        );
        if self.jobs.try_send(Job::Op(op, tracks)).is_err() && !optional {
            (self.report)(Report::Event(PeerEvent::OperationFailed));
        }
    }

    /// Sends these tracks from now on, without a new negotiation.
    pub fn send_tracks(&mut self, tracks: Tracks) {
        if self.jobs.try_send(Job::Replace(tracks)).is_err() {
            (self.report)(Report::Event(PeerEvent::OperationFailed));
        }
    }

    /// The peer's tracks, as they come.
    #[must_use]
    pub const fn remote(&self) -> &MediaStream {
        &self.remote
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.worker.abort();
        self.connection.close();
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer").finish_non_exhaustive()
    }
}

/// Does one job after the other.
async fn work(parts: Parts, mut jobs: mpsc::Receiver<Job>) {
    while let Some(job) = jobs.next().await {
        match job.carry_out(&parts).await {
            Ok(None) => {}
            Ok(Some(event)) => (parts.report)(Report::Event(event)),
            Err(error) => {
                super::note("the peer connection cannot do this", &error);
                (parts.report)(Report::Event(PeerEvent::OperationFailed));
            }
        }
    }
}

fn configuration(ice_servers: &[IceServer], paths: Paths) -> RtcConfiguration {
    let servers = Array::new();
    for server in ice_servers {
        let entry = RtcIceServer::new();
        entry.set_urls(&server.urls.iter().map(JsValue::from).collect::<Array>());
        if let Some(username) = &server.username {
            entry.set_username(username);
        }
        if let Some(credential) = &server.credential {
            entry.set_credential(credential);
        }
        servers.push(&entry);
    }
    let configuration = RtcConfiguration::new();
    configuration.set_ice_servers(&servers);
    // One path for everything is looked for, and one allocation of a relay made, instead of one for each kind that only
    // peers would need who cannot bundle (RFC 8829 section 4.1.1). Every browser can.
    configuration.set_bundle_policy(RtcBundlePolicy::MaxBundle);
    configuration.set_ice_transport_policy(match paths {
        Paths::All => RtcIceTransportPolicy::All,
        Paths::Relayed => RtcIceTransportPolicy::Relay,
    });
    configuration
}
