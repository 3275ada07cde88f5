//! How people sign in at the page's own server, and who the user is: what it says of that, and what follows from it.

use protocol::json::Object;

use crate::call::{Client, Effect, Entry, Millis, link::Link};

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
    pub(super) fn from_json(json: &str) -> Option<Self> {
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

impl Client {
    /// The server has said how people sign in; `repeated` is whether it had to be asked more than once.
    pub(super) fn learn_options(&mut self, now: Millis, options: Options, repeated: bool) {
        let name = options.suggested.clone();
        let first = self.account.options.replace(options).is_none();
        self.account.late = first && repeated;
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
                    && !self.account.is_elsewhere() =>
            {
                self.sign_in(now, "");
            }
            Entry::Naming => self.effects.extend(name.map(Effect::SuggestName)),
            _ => {}
        }
    }
}
