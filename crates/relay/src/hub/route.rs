//! What the relay does about data: from clients to peers, and back.

use std::net::SocketAddr;

use turn_types::{
    message::SEND,
    stun::message::{Message, MessageClass},
};

use super::{Client, Hub, Now, Output, Transport, request::Answer};
use crate::{limits::MAX_REQUEST_BYTES, quota::Direction};

impl Hub {
    /// Takes in what came from a client: one datagram, or one frame of its stream without padding.
    pub fn receive(&mut self, now: Now, client: Client, bytes: &[u8], out: &mut Vec<Output>) {
        match bytes.first() {
            // ChannelData and STUN tell themselves apart (RFC 8656 section 12.4, RFC 7983).
            Some(0x40..=0x7f) => self.on_data(now, client, bytes, out),
            Some(0..=3) => self.on_stun(now, client, bytes, out),
            _ => {}
        }
    }

    /// Takes in what came from a peer outside of the relay, to an allocation's own socket.
    pub fn receive_from_peer(
        &mut self,
        now: Now,
        relayed: SocketAddr,
        peer: SocketAddr,
        data: &[u8],
        out: &mut Vec<Output>,
    ) {
        // Whoever can send from one of our own addresses is no other allocation: those need no socket.
        if !self.addresses.contains(peer.ip()) && self.may_exchange(peer) {
            self.deliver(now, relayed, peer, data, out);
        }
    }

    fn on_stun(&mut self, now: Now, client: Client, bytes: &[u8], out: &mut Vec<Output>) {
        let Ok(message) = Message::from_bytes(bytes) else { return };
        match message.class() {
            MessageClass::Request if bytes.len() <= MAX_REQUEST_BYTES => {
                let answer = match self.on_request(now, client, &message) {
                    Answer::Signed(answer) => Some(answer),
                    Answer::Stranger(answer) => {
                        let may = self.may_answer_a_stranger(now, client, bytes, &answer);
                        may.then_some(answer)
                    }
                };
                out.extend(answer.map(|answer| Output::ToClient(client, answer)));
            }
            MessageClass::Indication if message.has_method(SEND) => {
                self.on_data(now, client, bytes, out);
            }
            // Binding indications keep a NAT's mapping alive, and have done so. Responses are to nothing we asked.
            MessageClass::Request
            | MessageClass::Indication
            | MessageClass::Success
            | MessageClass::Error => {}
        }
    }

    /// Whether a request that nobody signed is answered. A stream's address is no lie, and what it is sent waits in a queue
    /// that is bounded.
    fn may_answer_a_stranger(
        &mut self,
        now: Now,
        client: Client,
        request: &[u8],
        answer: &[u8],
    ) -> bool {
        let sizes = (request.len(), answer.len());
        client.transport == Transport::Stream
            || self.strangers.let_answer(client.remote.ip(), sizes.0, sizes.1, now.elapsed)
    }

    fn on_data(&mut self, now: Now, client: Client, bytes: &[u8], out: &mut Vec<Output>) {
        let Some(member) = self.clients.get_mut(&client) else { return };
        let Some((relayed, peer, range)) = member.machine.forward(bytes, now.instant()) else {
            return;
        };
        let Some(data) = bytes.get(range) else { return };
        let sender = (&*member.user, client.remote.ip());
        if !self.quotas.let_pass(sender, Direction::Sent, data.len(), now.elapsed) {
            return;
        }
        self.quotas.count(&member.user, client.transport, data.len());
        if self.addresses.contains(peer.ip()) {
            self.deliver(now, peer, relayed, data, out);
        } else if self.may_exchange(peer) {
            out.push(Output::ToPeer { relayed, peer, data: data.to_vec() });
        }
    }

    /// Brings data to the client of the allocation at `relayed`, if there is one and it lets the peer in.
    fn deliver(
        &mut self,
        now: Now,
        relayed: SocketAddr,
        peer: SocketAddr,
        data: &[u8],
        out: &mut Vec<Output>,
    ) {
        let Some(client) = self.relayed.get(&relayed) else { return };
        let Some(member) = self.clients.get_mut(client) else { return };
        let receiver = (&*member.user, client.remote.ip());
        if let Some(told) = member.machine.deliver(relayed, peer, data, now.instant())
            && self.quotas.let_pass(receiver, Direction::Received, data.len(), now.elapsed)
        {
            self.quotas.count(&member.user, client.transport, data.len());
            out.push(Output::ToClient(*client, told));
        }
    }
}
