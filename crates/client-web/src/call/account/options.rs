//! How people sign in at the page's own server: what it says of that, and asking until it has said it.

use protocol::json::Object;

use super::super::{
    Client, Effect, Entry, Environment, Millis,
    effect::Request,
    input::Answer,
    link::{Link, MAX_BACKOFF, OPEN_TIMEOUT, PROBE_TIMEOUT, backoff},
};

/// What `GET /auth/options` says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Options {
    pub(super) guests: bool,
    pub(super) providers: Vec<Provider>,
    pub(super) user: Option<User>,
    pub(super) suggested: Option<String>,
}

/// Somebody who can say who a user is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Provider {
    /// Its id, in the address of its sign-in.
    pub id: String,
    /// Its name, for people.
    pub label: String,
}

/// Who is signed in with a provider.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct User {
    /// Their name, once they have chosen one.
    pub(super) name: Option<String>,
    /// The provider's id.
    pub(super) provider: String,
    /// Whether they are signed in somewhere else: to sign in here ends that.
    pub(super) elsewhere: bool,
}

impl Options {
    /// Reads them; `None` for anything else.
    fn from_json(json: &str) -> Option<Self> {
        let object = Object::read(json).ok()?;
        let read = |json: &str| {
            let object = Object::read(json).ok()?;
            Some(Provider {
                id: object.must_text("id").ok()?,
                label: object.must_text("label").ok()?,
            })
        };
        let providers = object.array("providers").ok()??;
        let user = match object.get("user").ok()?.filter(|user| *user != "null") {
            None => None,
            Some(user) => {
                let user = Object::read(user).ok()?;
                let provider = user.must_text("provider").ok()?;
                let elsewhere = user.boolean("here").ok()?.unwrap_or_default();
                Some(User { name: user.text("name").ok()?, provider, elsewhere })
            }
        };
        Some(Self {
            guests: object.boolean("guests").ok()??,
            providers: providers.into_iter().map(read).collect::<Option<_>>()?,
            user,
            suggested: object.text("suggested").ok()?,
        })
    }
}

/// The question how people sign in, until it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Question {
    /// How often it was asked.
    times: u32,
    /// When it was asked last, unless that is known to have failed.
    asked: Option<Millis>,
    /// When it is asked again.
    again: Millis,
}

/// Whether the server, or what stands before it, may say something else before long. All other answers are for good.
const fn may_pass(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500 | 502..=599)
}

impl Client {
    /// The page is its own server's, which can be asked how people sign in.
    pub(in crate::call) fn ask_for_options(&mut self, now: Millis) {
        self.ask_for_the(now, 1);
    }

    /// Asks it, for the first time or once more. Where nobody can sign in, the first is the last.
    fn ask_for_the(&mut self, now: Millis, times: u32) {
        if self.environment != Environment::NoWebRtc {
            let again = now + OPEN_TIMEOUT + backoff(times, MAX_BACKOFF, &mut self.rng);
            self.account.question = Some(Question { times, asked: Some(now), again });
        }
        self.effects.push(Effect::Fetch(Request::Options));
    }

    /// When it is asked again. Who is signed in can do without: it is asked when the next socket opens, and when they have
    /// signed out.
    pub(in crate::call) fn asks_again(&self) -> Option<Millis> {
        let question = self.account.question.filter(|_| self.link.session().is_none());
        question.map(|question| question.again)
    }

    pub(in crate::call) fn tick_options(&mut self, now: Millis) {
        if let Some(question) = self.account.question
            && self.asks_again().is_some_and(|at| at <= now)
        {
            self.ask_for_the(now, question.times.saturating_add(1));
        }
    }

    /// The server can be reached, or there is reason to think so: what it was asked in vain, it is asked at once. What it was
    /// asked just now is on its way.
    pub(in crate::call) fn ask_at_once(&mut self, now: Millis) {
        if let Some(Question { asked, .. }) = self.account.question
            && asked.is_none_or(|asked| asked + PROBE_TIMEOUT <= now)
        {
            // For the second time, however often it was before: should it fail again, it is not for long.
            self.ask_for_the(now, 2);
        }
    }

    /// The server has said how people sign in, or it has not.
    pub(super) fn handle_options(&mut self, now: Millis, answer: Option<Answer>) {
        let Some(answer) = answer.filter(|answer| !may_pass(answer.status)) else {
            if let Some(question) = &mut self.account.question {
                question.asked = None;
                question.again = now + backoff(question.times, MAX_BACKOFF, &mut self.rng);
            }
            return;
        };
        let question = self.account.question.take();
        // Anything but what is expected is of a server that knows no accounts.
        let read = (answer.status == 200).then(|| Options::from_json(&answer.body));
        let Some(options) = read.flatten() else { return };
        let name = options.suggested.clone();
        let first = self.account.options.replace(options).is_none();
        self.account.late = first && question.is_some_and(|question| question.times > 1);
        if !matches!(self.link, Link::Closed) {
            return;
        }
        match self.account.entry() {
            // Who is back from the provider is signed in at once, unless that would end a call somewhere else, or take away
            // what they are about to do.
            Entry::Known
                if first
                    && self.sockets == 0
                    && !self.account.begun
                    && !self.account.is_elsewhere()
                    && self.environment != Environment::NoWebRtc =>
            {
                self.sign_in(now, "");
            }
            Entry::Naming => self.effects.extend(name.map(Effect::SuggestName)),
            _ => {}
        }
    }
}
