//! Which steps can be taken, and what they do.

use client_web::call::{Input, Millis, PeerState, PhaseView, UserInput};
use server::session::{Input as SessionInput, Loss};

use crate::{
    relay::millis,
    state::{Action, Budget, PageId, State},
};

/// Later deadlines of pages are those of pings, of ringing and of lost paths, in ms: they pass when the world settles.
const SOON: Millis = 25_000;

impl State {
    pub(crate) fn steps(&self, steps: &mut Vec<Action>) {
        for page in 0..self.pages.len() {
            self.steps_of_user(page, steps);
            self.steps_of_page(page, steps);
        }
        for (&id, socket) in &self.sockets {
            if socket.is_open {
                steps.extend((!socket.up.is_empty()).then_some(Action::ToServer(id)));
                steps.extend(socket.is_broken.then_some(Action::ServerLearns(id)));
            }
        }
        for (&user, live) in &self.sessions {
            steps.extend((!live.mailbox.is_empty()).then_some(Action::Mail(user)));
            let can_pass = self.left.timeouts > 0 && live.session.next_timeout().is_some();
            steps.extend(can_pass.then_some(Action::TimeIsUp(user)));
        }
        if self.left.restarts > 0 {
            steps.extend([true, false].map(|has_roster| Action::Restart { has_roster }));
        }
        if self.left.lies > 0 {
            steps.extend(self.lies().map(Action::Lie));
        }
        let mut peers = self.pages.iter().flat_map(|page| page.peers.values());
        let can_cut = self.left.cuts > 0;
        if can_cut && peers.any(|pc| pc.state == Some(PeerState::Connected)) {
            steps.push(Action::Cut);
        }
    }

    fn steps_of_user(&self, page: PageId, steps: &mut Vec<Action>) {
        let view = self.view(page);
        if view.can_call && self.left.calls[self.pages[page].user] > 0 {
            steps.push(Action::Call(page));
        }
        if view.incoming.as_ref().is_some_and(|incoming| !incoming.answering) {
            steps.push(Action::Accept(page));
        }
        if self.left.leaves > 0 {
            match view.phase {
                PhaseView::Idle => {}
                PhaseView::Ringing => steps.push(Action::Decline(page)),
                _ => steps.push(Action::HangUp(page)),
            }
        }
    }

    fn steps_of_page(&self, page: PageId, steps: &mut Vec<Action>) {
        let this = &self.pages[page];
        let is_signed_in = this.client.view(self.clock).self_name.is_some();
        let left = &self.left;
        match this.socket.and_then(|id| self.sockets.get(&id)) {
            None if is_signed_in => steps.push(Action::Reconnect(page)),
            None => {}
            Some(socket) => {
                steps.extend((!socket.down.is_empty()).then_some(Action::ToPage(page)));
                if socket.is_broken {
                    steps.push(Action::PageLearns(page));
                } else if left.breaks > 0 {
                    steps.push(Action::Break(page));
                }
                steps.extend((left.leavings > 0).then_some(Action::LeavePage(page)));
                steps.extend((left.moves > 0).then_some(Action::Move(page)));
            }
        }
        let is_soon = this.client.next_timeout().is_some_and(|at| at < SOON);
        if left.ticks > 0 && is_soon {
            steps.push(Action::Tick(page));
        }
        if is_signed_in {
            steps.extend((left.reloads > 0).then_some(Action::Reload(page)));
            steps.extend((left.sign_outs > 0).then_some(Action::SignOut(page)));
            steps.extend((left.doubles > 0).then_some(Action::Double(page)));
        }
    }

    /// The world after a step.
    pub(crate) fn after(&self, action: Action) -> Self {
        let mut next = self.clone();
        next.left.pay(action, |page| self.pages[page].user);
        next.step(action);
        next.connect_media();
        next
    }

    fn step(&mut self, action: Action) {
        match action {
            Action::Call(page) => self.call_other(page),
            Action::Accept(page) => self.press(page, UserInput::Accept { camera: true }),
            Action::Decline(page) => self.press(page, UserInput::Decline),
            Action::HangUp(page) => self.press(page, UserInput::HangUp),
            Action::ToServer(socket) => self.server_hears(socket),
            Action::ToPage(page) => self.page_hears(page),
            Action::Mail(user) => self.session_hears(user),
            Action::Reconnect(page) => self.press(page, UserInput::RetryNow),
            Action::Tick(page) => {
                if let Some(at) = self.pages[page].client.next_timeout() {
                    self.page_input(page, at.max(self.clock), Input::Tick);
                }
            }
            Action::TimeIsUp(user) => {
                let at = self.sessions.get(&user).and_then(|live| live.session.next_timeout());
                if let Some(at) = at {
                    let now = millis(at).max(self.clock);
                    self.session_input(user, now, SessionInput::TimeIsUp);
                }
            }
            Action::Break(page) => {
                if let Some(socket) =
                    self.pages[page].socket.and_then(|id| self.sockets.get_mut(&id))
                {
                    socket.is_broken = true;
                }
            }
            Action::PageLearns(page) => self.page_loses(page, 1006),
            Action::ServerLearns(socket) => {
                self.server_loses(socket, SessionInput::Lost(Loss::Broken));
            }
            Action::Reload(page) => self.reload(page),
            Action::Double(page) => self.double(page),
            Action::Move(page) => self.page_input(page, self.clock, Input::NetworkChanged),
            Action::LeavePage(page) => self.page_input(page, self.clock, Input::PageLeft),
            Action::SignOut(page) => self.press(page, UserInput::SignOut),
            Action::Lie(lie) => self.lie(lie),
            Action::Cut => self.cut(),
            Action::Restart { has_roster } => self.restart(has_roster),
        }
    }

    /// What a world that nothing breaks does next: all that is on its way arrives, and then time passes until the next
    /// deadline. `None` if nothing is left but signs of life.
    pub(crate) fn fair_step(&mut self) -> Option<Action> {
        let action = self.in_flight().or_else(|| self.pass_time())?;
        self.step(action);
        self.connect_media();
        Some(action)
    }

    /// Something that is on its way.
    pub(crate) fn in_flight(&self) -> Option<Action> {
        for (page, this) in self.pages.iter().enumerate() {
            let Some(socket) = this.socket.and_then(|id| self.sockets.get(&id)) else { continue };
            if socket.is_broken {
                return Some(Action::PageLearns(page));
            }
        }
        for (&id, socket) in self.sockets.iter().filter(|(_, socket)| socket.is_open) {
            if socket.is_broken {
                return Some(Action::ServerLearns(id));
            }
            if !socket.up.is_empty() {
                return Some(Action::ToServer(id));
            }
        }
        for (&user, live) in &self.sessions {
            if !live.mailbox.is_empty() {
                return Some(Action::Mail(user));
            }
        }
        (0..self.pages.len()).find_map(|page| {
            let socket = self.pages[page].socket.and_then(|id| self.sockets.get(&id))?;
            (!socket.down.is_empty()).then_some(Action::ToPage(page))
        })
    }

    /// Time passes until the next deadline.
    fn pass_time(&mut self) -> Option<Action> {
        if self.is_quiet() {
            return None;
        }
        let pages = self
            .pages
            .iter()
            .enumerate()
            .filter_map(|(page, this)| Some((this.client.next_timeout()?, Action::Tick(page))));
        let sessions = self.sessions.iter().filter_map(|(&user, live)| {
            Some((millis(live.session.next_timeout()?), Action::TimeIsUp(user)))
        });
        let (at, action) = pages.chain(sessions).min_by_key(|(at, _)| *at)?;
        self.clock = self.clock.max(at);
        Some(action)
    }

    /// Whether nothing is left to wait for.
    fn is_quiet(&self) -> bool {
        let pages = (0..self.pages.len()).all(|page| {
            let view = self.view(page);
            let is_still = matches!(view.phase, PhaseView::Idle | PhaseView::InCall);
            let is_there = self.pages[page].socket.is_some() && !view.signing_in;
            is_still && (is_there || view.self_name.is_none() && !view.signing_in)
        });
        pages && self.sessions.values().all(|live| live.session.next_timeout().is_none())
    }
}

impl Budget {
    fn pay(&mut self, action: Action, user: impl Fn(PageId) -> usize) {
        let one = match action {
            Action::Call(page) => &mut self.calls[user(page)],
            Action::Decline(_) | Action::HangUp(_) => &mut self.leaves,
            Action::Break(_) => &mut self.breaks,
            Action::Reload(_) => &mut self.reloads,
            Action::Restart { .. } => &mut self.restarts,
            Action::TimeIsUp(_) => &mut self.timeouts,
            Action::Tick(_) => &mut self.ticks,
            Action::Move(_) => &mut self.moves,
            Action::Cut => &mut self.cuts,
            Action::Double(_) => &mut self.doubles,
            Action::LeavePage(_) => &mut self.leavings,
            Action::SignOut(_) => &mut self.sign_outs,
            Action::Lie(_) => &mut self.lies,
            Action::Accept(_)
            | Action::ToServer(_)
            | Action::ToPage(_)
            | Action::Mail(_)
            | Action::Reconnect(_)
            | Action::PageLearns(_)
            | Action::ServerLearns(_) => return,
        };
        *one -= 1;
    }
}
