//! A STUN client (RFC 8489): as whom the server sees us.

use std::{net::SocketAddr, time::Duration};

use protocol::IceServer;
use tokio::time::timeout;
use turn_client_proto::types::stun::{
    attribute::XorMappedAddress,
    message::{BINDING, Message, MessageWriteVec, TransactionId},
    prelude::{AttributeStaticType, MessageWrite, MessageWriteExt},
};

use crate::{
    PATIENCE,
    ice_url::IceUrl,
    reach::Reach,
    wire::{self, BUFFER},
};

/// How long is waited for an answer before it is asked again (RFC 8489 section 6.2.1).
const AGAIN: Duration = Duration::from_millis(500);

/// The addresses that a socket has here, and as a server sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenAs {
    /// Its own.
    pub own: SocketAddr,
    /// As the server sees it.
    pub seen: SocketAddr,
}

/// What the first STUN server says; `None` if there is none, or it says nothing.
pub(crate) async fn first_answer(servers: &[IceServer], server: SocketAddr) -> Option<SeenAs> {
    let urls = servers.iter().flat_map(|server| &server.urls);
    let url = urls.filter_map(|url| IceUrl::parse(url)).find(|url| !url.relays)?;
    timeout(PATIENCE, ask(&url, server)).await.ok()?
}

async fn ask(url: &IceUrl, server: SocketAddr) -> Option<SeenAs> {
    let addresses = wire::addresses(&url.host, url.port, Some(server)).await.ok()?;
    let mut addresses = addresses.into_iter();
    let address = addresses.find(|address| Reach::of(server.ip()).may_name(address.ip()))?;
    let socket = wire::datagrams(address).await.ok()?;
    let own = socket.local_addr().ok()?;
    let request = Message::builder_request(BINDING, MessageWriteVec::new());
    let (id, request) = (request.transaction_id(), request.finish());
    let mut buffer = vec![0; BUFFER];
    loop {
        socket.send(&request).await.ok()?;
        if let Ok(received) = timeout(AGAIN, socket.recv(&mut buffer)).await
            && let Some(seen) = mapped(&buffer[..received.ok()?], id)
        {
            return Some(SeenAs { own, seen });
        }
    }
}

/// The address in the answer to a request.
fn mapped(bytes: &[u8], id: TransactionId) -> Option<SocketAddr> {
    let answer = Message::from_bytes(bytes).ok()?;
    let is_answer = answer.transaction_id() == id && answer.has_attribute(XorMappedAddress::TYPE);
    let address = answer.attribute::<XorMappedAddress>().ok()?;
    is_answer.then(|| address.addr(id))
}
