//! Somebody who lies, with few lies, but at any moment: takes names as they become free, names calls in logins, and says of calls
//! what is not so. What the liar says is with the server at once, and what it hears it forgets but for the latest call.

use protocol::{
    Answer, CallId, ClientMessage, Leave, LoginReply, Offer, Raw, ServerMessage, close::CloseCode,
};
use server::session::{Call, CallKey, Input, Loss, Return};
use simulation::witness::{Cause, MARK, Person};

use crate::{
    relay::name,
    state::{Down, NAMES, PageId, SocketId, State, UserId},
};

/// The page of the liar's sockets, which is none.
pub(crate) const NO_PAGE: PageId = PageId::MAX;

/// Something that the liar does, in the session that has this user's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    /// Takes the name, which is free.
    LogIn(UserId),
    /// The same, and says that it is in a call with the other.
    LogInWithCall(UserId),
    /// Calls the other.
    Offer(UserId),
    /// Continues a call with the other.
    Replace(UserId),
    /// Answers.
    Answer(UserId),
    /// Leaves.
    Leave(UserId),
    /// Signs out.
    SignOut(UserId),
}

/// What the liar knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Liar {
    /// The id of the call that it named or heard last.
    call: Option<CallId>,
    /// How many ids it has made up.
    made: u8,
}

impl Liar {
    fn new_id(&mut self) -> CallId {
        self.made += 1;
        CallId::try_from(format!("lie-{}", self.made)).expect("it is short and plain")
    }
}

impl State {
    pub(crate) fn lies(&self) -> impl Iterator<Item = Lie> {
        (0..NAMES.len()).flat_map(|user| {
            let lies = match self.sessions.get(&user) {
                None => vec![Lie::LogIn(user), Lie::LogInWithCall(user)],
                Some(live) if live.person == Person::Liar => vec![
                    Lie::Offer(user),
                    Lie::Replace(user),
                    Lie::Answer(user),
                    Lie::Leave(user),
                    Lie::SignOut(user),
                ],
                Some(_) => Vec::new(),
            };
            lies.into_iter()
        })
    }

    pub(crate) fn lie(&mut self, lie: Lie) {
        match lie {
            Lie::LogIn(user) => self.liar_logs_in(user, None),
            Lie::LogInWithCall(user) => {
                let id = self.liar.new_id();
                self.liar.call = Some(id.clone());
                let call = Call { peer: name(1 - user), key: CallKey::Given(id) };
                self.liar_logs_in(user, Some(call));
            }
            Lie::Offer(user) => self.liar_offers(user, None),
            Lie::Replace(user) => {
                let old = self.liar.call.clone().unwrap_or_else(|| self.liar.new_id());
                self.liar_offers(user, Some(old));
            }
            Lie::Answer(user) => {
                let (answer, call) = (describe("answer", 0), self.liar.call.clone());
                let answer = Answer { name: None, answer, call };
                self.liar_says(user, ClientMessage::Answer(answer));
            }
            Lie::Leave(user) => {
                let leave = Leave { name: None, call: self.liar.call.clone(), reason: None };
                self.liar_says(user, ClientMessage::Leave(leave));
            }
            Lie::SignOut(user) => self.liar_goes(user),
        }
    }

    fn liar_logs_in(&mut self, user: UserId, call: Option<Call>) {
        self.add_session(user, Person::Liar, None);
        if let Some(live) = self.sessions.get_mut(&user) {
            live.socket = Some(SocketId { page: NO_PAGE, number: 0 });
        }
        let back = Return { received: Some(0), call, ..Return::default() };
        self.session_takes(user, self.clock, Cause::FirstLogin, Input::Return(back));
    }

    fn liar_offers(&mut self, user: UserId, replaces: Option<CallId>) {
        let call = self.liar.new_id();
        let offer = describe("offer", self.liar.made);
        self.liar.call = Some(call.clone());
        let name = NAMES[1 - user].to_owned();
        let offer = Offer { name, offer, call: Some(call), replaces };
        self.liar_says(user, ClientMessage::Offer(offer));
    }

    fn liar_says(&mut self, user: UserId, message: ClientMessage) {
        self.witness.says(Person::Liar, &message);
        self.session_input(user, self.clock, Input::FromClient(message));
    }

    fn liar_goes(&mut self, user: UserId) {
        let input =
            Loss::of_close(Some(CloseCode::Normal.as_u16())).map_or(Input::Left, Input::Lost);
        self.session_input(user, self.clock, input);
    }

    /// The liar is done, and all its names are free.
    pub(crate) fn liar_leaves(&mut self) {
        for user in 0..NAMES.len() {
            if self.sessions.get(&user).is_some_and(|live| live.person == Person::Liar) {
                self.liar_goes(user);
            }
        }
    }

    /// The server says something to the liar.
    pub(crate) fn liar_hears(&mut self, frame: &Down) {
        let Down::Message(message) = frame else { return };
        let call = match message {
            ServerMessage::Login(LoginReply::Welcome(welcome)) => welcome.call.clone(),
            ServerMessage::Offer(offer) => offer.call.clone(),
            ServerMessage::Answer(answer) => answer.call.clone(),
            _ => None,
        };
        self.liar.call = call.or_else(|| self.liar.call.take());
    }
}

fn describe(kind: &str, number: u8) -> Raw {
    let pc = 1_000_000_000 + u64::from(number);
    let text = format!(r#"{{"type":"{kind}","sdp":"","pc":{pc},"credentials":1,"{MARK}":true}}"#);
    Raw::from_json(text).expect("a JSON value is JSON")
}
