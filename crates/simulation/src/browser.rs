//! The browser's part: devices and peer connections, with the time they take.

use client_web::call::{MediaError, PeerEvent, PeerId, PeerMedia, PeerOp, RequestId};
use protocol::Raw;
use serde_json::json;

use crate::{
    event::{Event, UserId},
    peer::{Done, Ice, PcId, Signaling},
    witness::MARK,
    world::World,
};

/// How long ICE waits before it gives up on a path that is gone, in ms; browsers take 5 to 30 s.
const GIVE_UP_AFTER: u64 = 8_000;

/// Within how many ms camera and microphone are there or refused; a user who is asked takes longer.
pub(crate) const DEVICES_WITHIN: u64 = 3_000;

impl World {
    pub(crate) fn ask_for_media(
        &mut self,
        user: UserId,
        request: RequestId,
        audio: bool,
        video: bool,
    ) {
        let at = self.now + self.rng.below(DEVICES_WITHIN);
        let result = if self.calm || self.rng.below(10) > 0 {
            Ok((audio, video))
        } else {
            Err(match self.rng.below(4) {
                0 => MediaError::Denied,
                1 => MediaError::NotFound,
                2 => MediaError::InUse,
                _ => MediaError::Other,
            })
        };
        let tab = self.tab(user);
        self.queue.add(at, Event::Media(tab, request, result));
    }

    pub(crate) fn start_op(&mut self, user: UserId, id: PeerId, op: PeerOp) {
        let Some(pc) = self.pages[user].peers.get_mut(&id) else {
            return self.violate("an operation on a peer connection that does not exist");
        };
        pc.ops.push_back(op);
        if pc.ops.len() == 1 {
            self.time_op(user, id);
        }
    }

    fn time_op(&mut self, user: UserId, id: PeerId) {
        let at = self.now + self.rng.below(60);
        let tab = self.tab(user);
        self.queue.add(at, Event::OpDone(tab, id));
    }

    pub(crate) fn finish_op(&mut self, user: UserId, id: PeerId) {
        let Some(pc) = self.pages[user].peers.get_mut(&id) else { return };
        let Some(op) = pc.ops.pop_front() else { return };
        let what = format!("{op:?}");
        let done = pc.perform(op);
        let (pc_id, remote, more) = (pc.id, pc.remote, !pc.ops.is_empty());
        if more {
            self.time_op(user, id);
        }
        match done {
            Done::Nothing => {}
            Done::Offer(raw) => {
                self.fire(user, id, PeerEvent::OfferReady(raw));
                self.gather(user, id);
            }
            Done::Answer(raw) => {
                self.fire(user, id, PeerEvent::AnswerReady(raw));
                self.gather(user, id);
            }
            Done::Told(raw) => self.fire(user, id, PeerEvent::AnswerReady(raw)),
            Done::Text(text) => self.carry_text(remote, text),
            Done::NegotiationNeeded => self.fire(user, id, PeerEvent::NegotiationNeeded),
            Done::Failed => {
                // Whoever lies may describe what no browser takes.
                if !what.contains(MARK) {
                    self.violate(&format!("the browser refuses {what}"));
                }
                self.fire(user, id, PeerEvent::OperationFailed);
            }
        }
        if let Some(remote) = remote {
            let at = self.now + 20 + self.rng.below(400);
            self.queue.add(at, Event::Check(pc_id, remote));
        }
    }

    fn fire(&mut self, user: UserId, id: PeerId, event: PeerEvent) {
        let tab = self.tab(user);
        self.queue.add(self.now, Event::Peer(tab, id, event));
    }

    fn gather(&mut self, user: UserId, id: PeerId) {
        let Some(pc) = self.pages[user].peers.get(&id) else { return };
        let candidate = json!({ "pc": pc.id, "n": pc.descriptions });
        for _ in 0..3 {
            let at = self.now + self.rng.below(500);
            let raw = Raw::from_json(candidate.to_string()).expect("a JSON value is JSON");
            let tab = self.tab(user);
            self.queue.add(at, Event::Peer(tab, id, PeerEvent::Candidate(raw)));
        }
    }

    fn carry_text(&mut self, remote: Option<PcId>, text: String) {
        if let Some((user, id)) = remote.and_then(|remote| self.owner_of(remote)) {
            let at = self.now + 1 + self.rng.below(200);
            let tab = self.tab(user);
            if let Some(media) = PeerMedia::from_text(&text) {
                self.queue.add(at, Event::Peer(tab, id, PeerEvent::PeerMedia(media)));
            }
        }
    }

    /// Whose peer connection it is, if it still exists.
    fn owner_of(&self, pc: PcId) -> Option<(UserId, PeerId)> {
        self.pages.iter().enumerate().find_map(|(user, page)| {
            page.peers.iter().find(|(_, peer)| peer.id == pc).map(|(id, _)| (user, *id))
        })
    }

    /// Both ends know each other's description and an address, and there is a path: they connect.
    pub(crate) fn check_path(&mut self, one: PcId, other: PcId) {
        let (Some(one), Some(other)) = (self.owner_of(one), self.owner_of(other)) else { return };
        let ready = |world: &Self, (user, id): (UserId, PeerId), remote: (UserId, PeerId)| {
            let pc = &world.pages[user].peers[&id];
            let known = world.pages[remote.0].peers[&remote.1].id;
            pc.signaling == Signaling::Stable && pc.remote == Some(known) && pc.has_candidate
        };
        if !self.path_open || !ready(self, one, other) || !ready(self, other, one) {
            return;
        }
        for (user, id) in [one, other] {
            self.connect_peer(user, id);
        }
    }

    fn connect_peer(&mut self, user: UserId, id: PeerId) {
        let Some(pc) = self.pages[user].peers.get_mut(&id) else { return };
        let opened = !std::mem::replace(&mut pc.channel_open, true);
        if pc.ice != Ice::Connected {
            self.change_ice(user, id, Ice::Connected);
        }
        if opened {
            self.fire(user, id, PeerEvent::ChannelOpen);
        }
    }

    fn change_ice(&mut self, user: UserId, id: PeerId, ice: Ice) {
        let Some(pc) = self.pages[user].peers.get_mut(&id) else { return };
        pc.enter(ice);
        if ice == Ice::Disconnected {
            let event = Event::GiveUp(pc.id, pc.ice_changes);
            self.queue.add(self.now + GIVE_UP_AFTER, event);
        }
        if let Some(state) = ice.state() {
            self.fire(user, id, PeerEvent::State(state));
        }
    }

    pub(crate) fn give_up(&mut self, pc: PcId, change: u32) {
        if let Some((user, id)) = self.owner_of(pc)
            && self.pages[user].peers[&id].ice_changes == change
        {
            self.change_ice(user, id, Ice::Failed);
        }
    }

    pub(crate) fn close_peer(&mut self, user: UserId, id: PeerId) {
        let Some(pc) = self.pages[user].peers.remove(&id) else {
            return self.violate("a peer connection is closed twice");
        };
        if let Some((user, id)) = pc.remote.and_then(|remote| self.owner_of(remote))
            && self.pages[user].peers[&id].ice == Ice::Connected
        {
            self.change_ice(user, id, Ice::Disconnected);
        }
    }

    /// The path of all media breaks, or is back. What is cut off for long needs an ICE restart.
    pub(crate) fn set_path(&mut self, open: bool) {
        self.path_open = open;
        let (from, to) = if open {
            (Ice::Disconnected, Ice::Connected)
        } else {
            (Ice::Connected, Ice::Disconnected)
        };
        let hit: Vec<_> = self
            .pages
            .iter()
            .enumerate()
            .flat_map(|(user, page)| page.peers.iter().map(move |(id, pc)| (user, *id, pc)))
            .filter(|(_, _, pc)| pc.ice == from)
            .map(|(user, id, pc)| (user, id, pc.remote))
            .collect();
        for (user, id, remote) in hit {
            let alive = remote.is_some_and(|remote| self.owner_of(remote).is_some());
            if !open || alive {
                self.change_ice(user, id, to);
            }
        }
    }
}
