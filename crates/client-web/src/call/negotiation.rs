//! Who offers and who answers: perfect negotiation (W3C WebRTC section 10.7) as a state machine.
//!
//! The callee is polite: when both offer at once, it takes its own offer back. Candidates that come before there is a
//! remote description are kept for it. What this says to do with the peer connection is done in order, one operation
//! after the other, so that a candidate never overtakes the description it belongs to.

use protocol::Raw;

use super::{cause::is_relayed, early::EarlyCandidates, effect::PeerOp};

/// How far the exchange of descriptions is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Signaling {
    /// Nothing is under way.
    Stable,
    /// A local offer is being made, with new ICE credentials or not.
    Making { ice_restart: bool },
    /// A local offer was sent.
    Offered { ice_restart: bool },
    /// A remote offer is being answered. So many answers are still to be made, and the last one counts.
    Answering { answers: u32 },
}

/// A session description to send.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Description {
    Offer(Raw),
    Answer(Raw),
}

/// The negotiation over one peer connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Negotiation {
    polite: bool,
    signaling: Signaling,
    has_remote: bool,
    /// Whether the peer has told of a relay that it has reached.
    peer_has_relay: bool,
    early: EarlyCandidates,
    /// The local offer that was sent and is not answered.
    sent: Option<Raw>,
    /// The remote offer that is being answered.
    asked: Option<Raw>,
    /// The latest remote offer that came while another was being answered, so that one does not have the browser begin what
    /// it will not end.
    next: Option<Raw>,
    /// An offer became necessary while another exchange was under way.
    again: Option<Again>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Again {
    ice_restart: bool,
}

impl Negotiation {
    /// Whether the peer has told of a relay that it has reached.
    pub(super) const fn peer_has_relay(&self) -> bool {
        self.peer_has_relay
    }

    /// The caller's side: offers first, and insists on its offer.
    pub(super) fn caller() -> Self {
        Self::new(false)
    }

    /// The callee's side: answers first, and gives in.
    pub(super) fn callee() -> Self {
        Self::new(true)
    }

    fn new(polite: bool) -> Self {
        Self {
            polite,
            signaling: Signaling::Stable,
            has_remote: false,
            peer_has_relay: false,
            early: EarlyCandidates::default(),
            sent: None,
            asked: None,
            next: None,
            again: None,
        }
    }

    /// Whether this side made the first offer.
    pub(super) const fn is_caller(&self) -> bool {
        !self.polite
    }

    /// Whether this very offer of the peer is being answered.
    pub(super) fn is_answering(&self, offer: &Raw) -> bool {
        self.asked.as_ref() == Some(offer)
    }

    /// An offer is needed: now, or when the exchange under way is over.
    pub(super) fn offer(&mut self, ice_restart: bool) -> Option<PeerOp> {
        match self.signaling {
            Signaling::Stable => {
                self.signaling = Signaling::Making { ice_restart };
                return Some(PeerOp::Offer { ice_restart });
            }
            // What is under way brings new ICE credentials already; more would cut short the path that it finds.
            Signaling::Making { ice_restart: true } | Signaling::Offered { ice_restart: true }
                if ice_restart => {}
            // The offer that is being made will say it all.
            Signaling::Making { .. } if !ice_restart => {}
            Signaling::Making { .. } | Signaling::Offered { .. } | Signaling::Answering { .. } => {
                let before = self.again.is_some_and(|again| again.ice_restart);
                self.again = Some(Again { ice_restart: ice_restart || before });
            }
        }
        None
    }

    /// Other STUN and TURN servers are used from now on. A path that is being sought already is sought with those before: the
    /// next ICE restart that is asked for has to follow it.
    pub(super) const fn servers_change(&mut self) {
        if let Signaling::Making { ice_restart } | Signaling::Offered { ice_restart } =
            &mut self.signaling
        {
            *ice_restart = false;
        }
    }

    /// The browser fires `negotiationneeded` again after each exchange that left something out, so that one which
    /// comes in the middle of an exchange says nothing.
    pub(super) fn needed(&mut self) -> Option<PeerOp> {
        if self.signaling == Signaling::Stable { self.offer(false) } else { None }
    }

    /// A local offer is set. Sent, unless a remote one has overtaken it.
    pub(super) fn offer_ready(&mut self, offer: Raw) -> Option<Description> {
        let Signaling::Making { ice_restart } = self.signaling else { return None };
        self.signaling = Signaling::Offered { ice_restart };
        self.sent = Some(offer.clone());
        Some(Description::Offer(offer))
    }

    /// The offer that was sent and is not answered, to be sent again if it or its answer may be lost. Where it arrives for
    /// the second time it is answered for the second time, which changes nothing.
    pub(super) fn unanswered(&self) -> Option<Raw> {
        self.sent.clone().filter(|_| matches!(self.signaling, Signaling::Offered { .. }))
    }

    /// The callee's start: all that it takes to answer the first offer.
    pub(super) fn first_answer(&mut self, offer: Raw) -> Vec<PeerOp> {
        let mut ops = self.remote_offer(offer).unwrap_or_default();
        ops.extend([PeerOp::AttachTracks, PeerOp::Answer]);
        ops
    }

    /// The answer that is being made will be told once more, and counts then.
    pub(super) const fn answer_again(&mut self) {
        if let Signaling::Answering { answers } = &mut self.signaling {
            *answers += 1;
        }
    }

    /// A local answer is set. Gives what is sent, and what is to be done.
    pub(super) fn answer_ready(&mut self, answer: Raw) -> (Option<Description>, Vec<PeerOp>) {
        let Signaling::Answering { answers } = &mut self.signaling else {
            return (None, Vec::new());
        };
        *answers -= 1;
        if *answers > 0 {
            return (None, Vec::new());
        }
        self.asked = None;
        self.signaling = Signaling::Stable;
        if let Some(offer) = self.next.take() {
            // The peer waits for the answer to this one only.
            let mut ops = self.remote_offer(offer).unwrap_or_default();
            ops.push(PeerOp::Answer);
            return (None, ops);
        }
        let mut ops = Vec::new();
        self.add_early(&mut ops);
        ops.extend(self.catch_up());
        (Some(Description::Answer(answer)), ops)
    }

    /// Whether an offer of the peer is being answered.
    pub(super) const fn is_busy_answering(&self) -> bool {
        matches!(self.signaling, Signaling::Answering { .. })
    }

    /// A remote offer came. Says what to do before the answer; `None` if the offer is ignored, or waits until the one before
    /// it is answered. The answer itself is asked for with [`PeerOp::Answer`], which the caller of this adds.
    pub(super) fn remote_offer(&mut self, offer: Raw) -> Option<Vec<PeerOp>> {
        self.peer_has_relay |= is_relayed(&offer);
        match self.signaling {
            Signaling::Answering { .. } => {
                // The one that is being answered already may be said twice.
                self.next = Some(offer).filter(|offer| self.asked.as_ref() != Some(offer));
                return None;
            }
            Signaling::Making { .. } | Signaling::Offered { .. } if !self.polite => return None,
            Signaling::Making { .. } | Signaling::Offered { .. } | Signaling::Stable => {}
        }
        self.asked = Some(offer.clone());
        self.sent = None;
        // The browser rolls a local offer back, and fires `negotiationneeded` if what it was for is still to be said.
        self.signaling = Signaling::Answering { answers: 1 };
        let mut ops = vec![PeerOp::ApplyOffer(offer)];
        self.add_early(&mut ops);
        Some(ops)
    }

    /// A remote answer came. Nothing is done about one that nobody asked for.
    pub(super) fn remote_answer(&mut self, answer: Raw) -> Vec<PeerOp> {
        if !matches!(self.signaling, Signaling::Offered { .. }) {
            return Vec::new();
        }
        self.peer_has_relay |= is_relayed(&answer);
        self.signaling = Signaling::Stable;
        self.sent = None;
        let mut ops = vec![PeerOp::ApplyAnswer(answer)];
        self.add_early(&mut ops);
        ops.extend(self.catch_up());
        ops
    }

    /// A remote candidate came. Those of an offer that was ignored are not told from others: the browser refuses them,
    /// which is no failure.
    pub(super) fn remote_candidate(&mut self, candidate: Raw) -> Option<PeerOp> {
        self.peer_has_relay |= is_relayed(&candidate);
        // It may be of the offer that waits.
        if self.has_remote && self.next.is_none() {
            return Some(PeerOp::AddCandidate(candidate));
        }
        self.early.push(candidate);
        None
    }

    fn add_early(&mut self, ops: &mut Vec<PeerOp>) {
        self.has_remote = true;
        ops.extend(self.early.take().into_iter().map(PeerOp::AddCandidate));
    }

    fn catch_up(&mut self) -> Option<PeerOp> {
        self.again.take().and_then(|again| self.offer(again.ice_restart))
    }
}

#[cfg(test)]
mod tests {
    use super::{Description, Negotiation, PeerOp, Raw};

    fn raw(text: &str) -> Raw {
        Raw::from_json(format!("{text:?}")).unwrap()
    }

    #[test]
    fn early_candidates_wait_for_the_description_and_stay_in_order() {
        let mut caller = Negotiation::caller();
        assert_eq!(caller.offer(false), Some(PeerOp::Offer { ice_restart: false }));
        assert_eq!(caller.offer_ready(raw("o")), Some(Description::Offer(raw("o"))));
        assert_eq!(caller.remote_candidate(raw("1")), None);
        assert_eq!(caller.remote_candidate(raw("2")), None);
        assert_eq!(
            caller.remote_answer(raw("a")),
            [
                PeerOp::ApplyAnswer(raw("a")),
                PeerOp::AddCandidate(raw("1")),
                PeerOp::AddCandidate(raw("2")),
            ]
        );
        assert_eq!(caller.remote_candidate(raw("3")), Some(PeerOp::AddCandidate(raw("3"))));
    }

    #[test]
    fn the_impolite_side_ignores_a_colliding_offer_and_goes_on_with_the_answer() {
        let mut caller = Negotiation::caller();
        caller.offer(false);
        caller.offer_ready(raw("mine"));
        assert_eq!(caller.remote_offer(raw("theirs")), None);
        assert_eq!(caller.remote_answer(raw("a")), [PeerOp::ApplyAnswer(raw("a"))]);
        assert_eq!(caller.remote_candidate(raw("c")), Some(PeerOp::AddCandidate(raw("c"))));
    }

    #[test]
    fn the_polite_side_gives_in_and_offers_again_when_the_browser_says_so() {
        let mut callee = Negotiation::callee();
        callee.offer(true);
        assert_eq!(
            callee.remote_offer(raw("theirs")),
            Some(vec![PeerOp::ApplyOffer(raw("theirs"))])
        );
        // The offer that was being made comes too late to be sent.
        assert_eq!(callee.offer_ready(raw("mine")), None);
        assert_eq!(callee.needed(), None);
        assert_eq!(callee.answer_ready(raw("a")), (Some(Description::Answer(raw("a"))), vec![]));
        assert_eq!(callee.needed(), Some(PeerOp::Offer { ice_restart: false }));
    }

    #[test]
    fn an_ice_restart_asked_for_in_the_middle_of_an_exchange_follows_it() {
        let mut caller = Negotiation::caller();
        caller.offer(false);
        caller.offer_ready(raw("o"));
        assert_eq!(caller.offer(true), None);
        assert_eq!(
            caller.remote_answer(raw("a")),
            [PeerOp::ApplyAnswer(raw("a")), PeerOp::Offer { ice_restart: true }]
        );
    }

    #[test]
    fn an_ice_restart_under_way_is_not_followed_by_another() {
        let mut caller = Negotiation::caller();
        caller.offer(true);
        assert_eq!(caller.offer(true), None);
        caller.offer_ready(raw("o"));
        assert_eq!(caller.offer(true), None);
        assert_eq!(caller.remote_answer(raw("a")), [PeerOp::ApplyAnswer(raw("a"))]);
    }

    #[test]
    fn of_the_offers_that_come_while_one_is_answered_the_latest_is_next_with_its_candidates() {
        let mut callee = Negotiation::callee();
        assert_eq!(callee.remote_offer(raw("1")), Some(vec![PeerOp::ApplyOffer(raw("1"))]));
        assert_eq!(callee.remote_candidate(raw("a")), Some(PeerOp::AddCandidate(raw("a"))));
        assert_eq!(callee.remote_offer(raw("2")), None);
        assert_eq!(callee.remote_offer(raw("3")), None);
        assert_eq!(callee.remote_candidate(raw("b")), None);
        let next = [PeerOp::ApplyOffer(raw("3")), PeerOp::AddCandidate(raw("b")), PeerOp::Answer];
        assert_eq!(callee.answer_ready(raw("x")), (None, next.to_vec()));
        assert_eq!(callee.answer_ready(raw("y")), (Some(Description::Answer(raw("y"))), vec![]));
        assert_eq!(callee.remote_candidate(raw("c")), Some(PeerOp::AddCandidate(raw("c"))));
    }

    #[test]
    fn an_answer_that_nobody_asked_for_changes_nothing() {
        let mut caller = Negotiation::caller();
        assert_eq!(caller.remote_answer(raw("a")), []);
        caller.offer(false);
        assert_eq!(caller.remote_answer(raw("a")), []);
        assert_eq!(caller.offer_ready(raw("o")), Some(Description::Offer(raw("o"))));
    }
}
