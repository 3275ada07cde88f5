//! The fair continuation of a state: nothing breaks any more, nobody presses anything, everything arrives, deadlines
//! pass in their order. Within bounds, all must be well then.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Mutex, PoisonError},
};

use client_web::call::{Millis, PeerState, PhaseView, UserInput};
use server::session::Phase;

use crate::state::{NAMES, PageId, State};

/// How many steps settling may take.
const MAX_STEPS: usize = 1_000;

/// How long settling may take, in virtual ms. The longest wait is a callee's, who lets it ring for 60 s; then a page may
/// look for a path for 30 s, and its server wait for it for 30 s.
const MAX_TIME: Millis = 180_000;

/// The states on fair continuations that ended well, by their hashes: most states continue as one that is known.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<HashSet<u64>>);

impl Known {
    fn add(&self, hashes: Vec<u64>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(hashes);
    }

    fn has(&self, hash: u64) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&hash)
    }
}

impl State {
    /// Whether all is well in the end.
    pub(crate) fn settles(&self, known: &Known) -> Result<(), String> {
        let mut state = self.clone();
        state.left = Default::default();
        // Whatever the liar still does: it does not do it for ever.
        state.liar_leaves();
        let mut passed = Vec::new();
        for _ in 0..MAX_STEPS {
            let hash = state.hash();
            if known.has(hash) {
                known.add(passed);
                return Ok(());
            }
            passed.push(hash);
            if state.clock > MAX_TIME {
                return Err(format!("does not settle in time: {}", state.summary()));
            }
            if state.has_arrived() {
                state.check_agreed()?;
            }
            if state.fair_step().is_none() {
                state.check_settled()?;
                state.check_works()?;
                known.add(passed);
                return Ok(());
            }
        }
        Err(format!("does not settle: {}", state.summary()))
    }

    fn hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        Hash::hash(self, &mut hasher);
        hasher.finish()
    }

    /// Nothing is on its way, both users are there, and the server waits for neither to say which call it is in.
    fn has_arrived(&self) -> bool {
        let waits = self.sessions.values().any(|live| {
            matches!(
                live.session.phase(),
                Phase::Recalling { .. } | Phase::Restoring { .. } | Phase::Rejoining { .. }
            )
        });
        self.in_flight().is_none()
            && !waits
            && (0..self.pages.len()).all(|page| {
                let view = self.view(page);
                view.self_name.is_none() || self.pages[page].socket.is_some()
            })
    }

    /// As soon as all has arrived, both pages see the same call.
    fn check_agreed(&self) -> Result<(), String> {
        let mut phases = (0..self.pages.len())
            .map(|page| self.view(page))
            .filter(|view| view.self_name.is_some())
            .map(|view| view.phase);
        let agreed = match (phases.next(), phases.next()) {
            (Some(one), Some(other)) => {
                use PhaseView::{Calling, Connecting, Idle, InCall, Reconnecting, Ringing};
                matches!(
                    (one, other),
                    (Idle, Idle)
                        | (Calling, Ringing)
                        | (Ringing, Calling)
                        | (Connecting | InCall | Reconnecting, Connecting | InCall | Reconnecting)
                )
            }
            _ => true,
        };
        if agreed { Ok(()) } else { Err(format!("no agreement: {}", self.summary())) }
    }

    /// Nobody hangs, both ends agree, the server agrees with them, and what is not used is released.
    fn check_settled(&self) -> Result<(), String> {
        let hold = |property: bool, what: &str| {
            if property { Ok(()) } else { Err(format!("{what}: {}", self.summary())) }
        };
        hold(self.violation.is_none(), self.violation.unwrap_or_default())?;
        for (page, this) in self.pages.iter().enumerate() {
            let phase = self.view(page).phase;
            match phase {
                PhaseView::Idle => {
                    hold(!this.camera && !this.microphone, "a device is on outside of a call")?;
                    hold(this.peers.is_empty(), "a peer connection outside of a call")?;
                }
                PhaseView::InCall => {
                    hold(this.consent, "a call that its user did not want or has left")?;
                    let connected =
                        this.peers.values().filter(|pc| pc.state == Some(PeerState::Connected));
                    hold(this.peers.len() == 1 && connected.count() == 1, "no media")?;
                }
                _ => hold(false, "hangs")?,
            }
        }
        for user in 0..2 {
            let mut signed_in = (0..self.pages.len()).filter(|&page| {
                self.pages[page].user == user && self.view(page).self_name.is_some()
            });
            let page = signed_in.next();
            // Users may have signed out, and somebody else may have taken their names.
            hold(page.is_some() || self.may_be_out, "a user is signed out")?;
            hold(signed_in.next().is_none(), "a user is signed in twice")?;
            let phase = self.sessions.get(&user).map(|live| live.session.phase());
            let is_in_call = matches!(phase, Some(Phase::InCall(_)));
            let is_free = matches!(phase, Some(Phase::Idle)) || phase.is_none() && page.is_none();
            hold(is_in_call || is_free, "a session hangs")?;
            let page_is = page.is_some_and(|page| self.view(page).phase == PhaseView::InCall);
            hold(page_is == is_in_call, "page and session disagree")?;
        }
        let in_call =
            (0..self.pages.len()).filter(|&page| self.view(page).phase == PhaseView::InCall);
        hold(in_call.count() != 1, "in a call with nobody")
    }

    /// In the end the system is as good as new: the call that there is can be hung up, by either, and another one made.
    fn check_works(&self) -> Result<(), String> {
        let mut all_in = self.clone();
        for user in (0..NAMES.len()).filter(|_| self.may_be_out) {
            let mut pages = self.pages.iter().enumerate().filter(|(_, page)| page.user == user);
            if pages.all(|(page, _)| self.view(page).self_name.is_none()) {
                let name = NAMES[user].to_owned();
                all_in.press_and_wait(user, UserInput::SignIn { name });
            }
        }
        let is_in = |&page: &PageId| all_in.view(page).self_name.is_some();
        let pages: Vec<_> = (0..self.pages.len()).filter(is_in).collect();
        for &page in &pages {
            let mut state = all_in.clone();
            state.press_and_wait(page, UserInput::HangUp);
            let is_free = |&page: &PageId| state.view(page).can_call;
            if !pages.iter().all(is_free) {
                return Err(format!("a hang-up does not end it: {}", state.summary()));
            }
            state.check_settled()?;
            let other = pages.iter().copied().find(|other| *other != page).unwrap_or(page);
            state.call_other(page);
            state.arrive();
            state.press_and_wait(other, UserInput::Accept { camera: true });
            if pages.iter().any(|&page| state.view(page).phase != PhaseView::InCall) {
                return Err(format!("a call does not work after it: {}", state.summary()));
            }
            state.check_settled()?;
        }
        Ok(())
    }

    fn press_and_wait(&mut self, page: PageId, input: UserInput) {
        self.press(page, input);
        self.arrive();
    }

    /// Everything that is on its way arrives.
    pub(crate) fn arrive(&mut self) {
        self.connect_media();
        for _ in 0..MAX_STEPS {
            if self.in_flight().is_none() {
                return;
            }
            self.fair_step();
        }
    }

    /// The state in a line.
    pub(crate) fn summary(&self) -> String {
        let pages: Vec<_> = (0..self.pages.len())
            .map(|page| {
                let view = self.view(page);
                let this = &self.pages[page];
                format!(
                    "{} {:?}{}{}",
                    crate::state::NAMES[this.user],
                    view.phase,
                    if this.socket.is_some() { "" } else { ", no socket" },
                    if view.self_name.is_some() { "" } else { ", signed out" },
                )
            })
            .collect();
        let sessions: Vec<_> = self
            .sessions
            .iter()
            .map(|(user, live)| {
                let phase = format!("{:?}", live.session.phase());
                let name: String = phase.chars().take_while(|c| c.is_alphabetic()).collect();
                format!("{} {name}", crate::state::NAMES[*user])
            })
            .collect();
        format!(
            "at {} ms, pages: {}; sessions: {}",
            self.clock,
            pages.join("; "),
            sessions.join("; ")
        )
    }
}
