//! The properties.

use std::fmt;

use client_web::call::{PhaseView, View};
use server::session::Phase;

use crate::world::World;

/// A property that did not hold.
#[derive(Clone, Debug)]
pub(crate) struct Violation(String);

impl Violation {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn hold(property: bool, otherwise: impl FnOnce() -> String) -> Result<(), Violation> {
    if property { Ok(()) } else { Err(Violation(otherwise())) }
}

impl World {
    /// Nobody hangs, both ends of each call agree, the server agrees with them, and what is not used is released.
    pub(crate) fn check_settled(&self) -> Result<(), Violation> {
        for (user, page) in self.pages.iter().enumerate() {
            let view = self.view(user);
            let settled = matches!(view.phase, PhaseView::Idle | PhaseView::InCall);
            hold(settled, || format!("{} hangs in {:?}", page.name, view.phase))?;
            hold(view.server_trouble.is_none(), || format!("{} is cut off", page.name))?;
            self.check_devices(user, &view)?;
            self.check_peer_agrees(user, &view)?;
        }
        Ok(())
    }

    fn check_devices(&self, user: usize, view: &View) -> Result<(), Violation> {
        let page = &self.pages[user];
        hold(page.pending.is_empty(), || format!("{} forgot tracks", page.name))?;
        hold(view.own_picture == page.camera, || {
            format!("{}'s camera is {}, which the page does not know", page.name, page.camera)
        })?;
        if view.phase == PhaseView::Idle {
            hold(!page.camera || view.preview, || format!("{}'s camera is on", page.name))?;
            hold(!page.microphone, || format!("{}'s microphone is on", page.name))?;
            hold(page.peers.is_empty(), || format!("{} keeps a peer connection", page.name))?;
        } else {
            hold(page.peers.len() == 1, || {
                format!("{} has {} peers", page.name, page.peers.len())
            })?;
        }
        Ok(())
    }

    fn check_peer_agrees(&self, user: usize, view: &View) -> Result<(), Violation> {
        let name = self.pages[user].name;
        let session = self.relay.phase(name);
        let Some(remote) = view.remote.as_ref().filter(|_| view.phase == PhaseView::InCall) else {
            let free = matches!(session, None | Some(Phase::Idle));
            return hold(free, || format!("{name} is idle and its session is {session:?}"));
        };
        let other = self.pages.iter().position(|page| page.name == remote.name);
        let theirs = other.and_then(|other| self.view(other).remote).map(|remote| remote.name);
        hold(theirs.as_deref() == Some(name), || {
            format!("{name} is in a call with {}, who is with {theirs:?}", remote.name)
        })?;
        let joined =
            matches!(session, Some(Phase::InCall(call)) if call.peer.as_str() == remote.name);
        hold(joined, || format!("{name} is in a call and its session is {session:?}"))
    }

    pub(crate) fn check_all_idle(&self) -> Result<(), Violation> {
        self.check_settled()?;
        for (user, page) in self.pages.iter().enumerate() {
            let view = self.view(user);
            hold(view.phase == PhaseView::Idle, || format!("{} is still in a call", page.name))?;
            hold(view.can_call, || format!("{} cannot call", page.name))?;
        }
        hold(self.relay.logged_in() == self.pages.len(), || "a name is not freed".to_owned())
    }

    pub(crate) fn check_in_call(&self, one: usize, other: usize) -> Result<(), Violation> {
        for user in [one, other] {
            let view = self.view(user);
            let name = self.pages[user].name;
            hold(view.phase == PhaseView::InCall, || {
                format!("a fair call leaves {name} in {:?}, {:?}", view.phase, view.notice)
            })?;
            hold(view.own_picture, || format!("{name} sends no picture in a fair call"))?;
        }
        self.check_settled()
    }
}
