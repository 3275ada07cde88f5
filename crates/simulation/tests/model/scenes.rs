//! What must be seen somewhere, lest a plan checks nothing.

use client_web::call::{PhaseView, Text};

use crate::{
    Calls,
    state::{Budget, State},
};

/// What is seen, and how it is recognised.
pub(crate) type Scene = (&'static str, fn(&Calls, &State) -> bool);

/// The scenes that a plan in which this may happen must have.
pub(crate) fn of(left: Budget) -> Vec<Scene> {
    let mut scenes: Vec<Scene> = vec![("both are in a call", |_, state| state.is_in_call())];
    let mut add = |may: bool, scene: Scene| scenes.extend(may.then_some(scene));
    add(
        left.calls == [1, 1],
        ("both called, and they are in one call", |model, state| {
            model.start.left.calls == [1, 1] && state.left.calls == [0, 0] && state.is_in_call()
        }),
    );
    add(
        left.leaves > 0,
        ("the call was left, and both are free", |model, state| {
            state.left.leaves < model.start.left.leaves
                && (0..2).all(|page| state.view(page).can_call)
                && state.in_flight().is_none()
        }),
    );
    add(
        left.breaks > 0,
        ("a session was taken back, and the call goes on", |model, state| {
            state.left.breaks < model.start.left.breaks && state.logins == 2 && state.is_in_call()
        }),
    );
    add(
        left.reloads > 0,
        ("a page is back in the call after a reload", |model, state| {
            state.left.reloads < model.start.left.reloads && state.is_in_call()
        }),
    );
    add(
        left.reloads + left.leavings > 0,
        ("a page says that the other one's is gone", |_, state| {
            (0..2).any(|page| state.view(page).status.text == Text::PeerAway)
        }),
    );
    add(
        left.leavings > 0,
        ("a page that was left is back, and the call goes on", |model, state| {
            state.left.leavings < model.start.left.leavings && state.is_in_call()
        }),
    );
    add(
        left.restarts > 0,
        ("the call stands again at another server", |model, state| {
            state.left.restarts < model.start.left.restarts && state.is_in_call()
        }),
    );
    add(
        left.moves > 0,
        ("the call goes on over another network", |model, state| {
            state.left.moves < model.start.left.moves && state.is_in_call()
        }),
    );
    add(
        left.cuts > 0,
        ("another path is found", |model, state| {
            state.left.cuts < model.start.left.cuts && state.is_in_call()
        }),
    );
    add(
        left.timeouts > 0,
        ("a session has ended by a deadline", |model, state| {
            state.left.timeouts < model.start.left.timeouts && state.sessions.len() < 2
        }),
    );
    add(
        left.doubles > 0,
        ("the call goes on in the other tab", |_, state| {
            state.pages.len() == 3
                && state.in_flight().is_none()
                && state.view(2).phase == PhaseView::InCall
        }),
    );
    scenes
}

impl State {
    /// Both are in one call, and all that was said has arrived.
    fn is_in_call(&self) -> bool {
        let in_call = |page: &usize| self.view(*page).phase == PhaseView::InCall;
        (0..self.pages.len()).filter(in_call).count() == 2 && self.in_flight().is_none()
    }
}
