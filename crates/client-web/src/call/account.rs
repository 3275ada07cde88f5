//! Who the user is, at a server where names can be proven: the tickets that prove it, and the end of a sign-in.

mod options;
mod question;

use protocol::json::Object;

pub use self::options::Provider;
use self::{
    options::{Options, User},
    question::Question,
};
use super::{
    Call, Client, Effect, Entry, Farewell, Message, Millis, Text,
    effect::Request,
    input::Answer,
    link::{Attempt, Link, Trouble},
};

/// How often in a row a ticket may be refused that the server has just given: it forgets them when it starts anew.
const MAX_REFUSED_TICKETS: u32 = 3;

/// What the page knows of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Account {
    /// Whether the page uses its own server. Accounts and tickets are that server's, and it alone is asked over HTTP: while
    /// the page uses another, nobody has an account, and nothing is asked.
    own_server: bool,
    /// How people sign in; `None` until the server has said so, and for good where it does not.
    options: Option<Options>,
    /// The question after that, until it is answered.
    question: Option<Question>,
    /// Whether the answer came so late that what it shows must not push anything aside.
    pub(super) late: bool,
    /// Whether the user has begun to do something, and is not to be signed in under their hands.
    pub(super) begun: bool,
    /// By what right the user is signed in, or about to be.
    pub(super) right: Right,
}

/// By what right the user is signed in, or about to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Right {
    /// None: a guest.
    #[default]
    Guest,
    /// The account's; each socket needs a ticket.
    Account,
    /// The account's, whose sign-in has ended. The session goes on for the sake of a call.
    Ended,
}

/// What `POST /auth/ticket` gives.
fn ticket_of(json: &str) -> Option<String> {
    Object::read(json).ok()?.must_text("ticket").ok()
}

impl Account {
    const fn user(&self) -> Option<&User> {
        match &self.options {
            Some(Options { user: Some(user), .. }) => Some(user),
            _ => None,
        }
    }

    fn is_elsewhere(&self) -> bool {
        self.user().is_some_and(|user| user.elsewhere)
    }

    /// The providers that can be chosen from.
    pub(super) fn providers(&self) -> &[Provider] {
        match &self.options {
            Some(options) if options.user.is_none() => &options.providers,
            _ => &[],
        }
    }

    /// Whether somebody without an account can do anything here.
    pub(super) fn takes_guests(&self) -> bool {
        self.options.as_ref().is_none_or(|options| options.guests)
    }

    /// How one gets in.
    pub(super) fn entry(&self) -> Entry {
        match (self.user(), &self.options) {
            (Some(User { name: Some(_), .. }), _) => Entry::Known,
            (Some(_), _) => Entry::Naming,
            (None, Some(options)) if !options.guests => Entry::Provider,
            (None, Some(options)) if !options.providers.is_empty() => Entry::Guest,
            (None, _) => Entry::Open,
        }
    }

    /// What is said of the account before its user is signed in.
    pub(super) fn note(&self) -> Option<Message> {
        let user = self.user()?;
        let text = match user {
            User { elsewhere: true, .. } => Text::AccountElsewhere,
            User { name: Some(_), .. } => Text::AccountKnown,
            User { name: None, .. } => Text::AccountNew,
        };
        let provider = self.label();
        Some(Message { name: user.name.clone(), provider, ..Message::plain(text) })
    }

    /// What is said beside the name of who is signed in.
    pub(super) fn note_of_self(&self) -> Option<Message> {
        match self.right {
            Right::Guest => {
                let proves = self.options.as_ref().is_some_and(|it| !it.providers.is_empty());
                proves.then(|| Message::plain(Text::SelfGuest))
            }
            Right::Account | Right::Ended => {
                let provider = Some(self.label()?);
                Some(Message { provider, ..Message::plain(Text::SelfAccount) })
            }
        }
    }

    /// What the user's provider is called.
    fn label(&self) -> Option<String> {
        let options = self.options.as_ref()?;
        let id = &options.user.as_ref()?.provider;
        let known = options.providers.iter().find(|provider| provider.id == *id);
        Some(known.map_or(id, |provider| &provider.label).clone())
    }

    /// The name to sign in under, where one was typed; an account's own is not asked for again.
    pub(super) fn name_for(&mut self, typed: &str) -> String {
        let user = self.user();
        let name = user.and_then(|user| user.name.as_deref()).unwrap_or_else(|| typed.trim());
        let name = name.to_owned();
        self.right = if user.is_some() { Right::Account } else { Right::Guest };
        name
    }

    /// The user is signed in under this name.
    pub(super) fn is_named(&mut self, name: &str) {
        self.late = false;
        if self.right == Right::Account
            && let Some(Options { user: Some(user), .. }) = &mut self.options
        {
            user.name = Some(name.to_owned());
            user.elsewhere = false;
        }
    }

    /// By what right a session was the user's that was kept from before a reload.
    pub(super) fn had(&mut self, account: bool) {
        self.right = if account && self.own_server { Right::Account } else { Right::Guest };
    }

    fn forget(&mut self) {
        (self.right, self.late) = (Right::Guest, false);
        if let Some(question) = &mut self.question {
            question.is_overtaken();
        }
        if let Some(options) = &mut self.options {
            (options.user, options.suggested) = (None, None);
        }
    }
}

impl Client {
    /// The page uses its own server, which can be asked how people sign in.
    pub(super) fn uses_own_server(&mut self, now: Millis) {
        self.account.own_server = true;
        self.ask_for_options(now);
    }

    /// Asks the page's own server something, if that is the server which the page uses.
    pub(super) fn ask_own_server(&mut self, request: Request) {
        if self.account.own_server {
            self.effects.push(Effect::Fetch(request));
        }
    }

    /// The server has answered, or cannot be reached.
    pub(super) fn fetched(&mut self, now: Millis, request: Request, answer: Option<Answer>) {
        match request {
            Request::Options(number) => self.handle_options(now, number, answer),
            Request::Ticket(socket) => self.handle_ticket(now, socket, answer),
            Request::Socket(socket) => self.told_why_not(now, socket, answer.as_ref()),
            Request::SignOut => self.handle_sign_out(now, answer),
        }
    }

    fn handle_ticket(&mut self, now: Millis, socket: u64, answer: Option<Answer>) {
        let Link::Proving(attempt, _) = &self.link else { return };
        if socket != self.sockets {
            return;
        }
        let mut attempt = attempt.clone();
        match answer {
            Some(Answer { status: 200, body, .. }) => match ticket_of(&body) {
                Some(ticket) => {
                    attempt.proof = Some(ticket);
                    self.open_socket(now, attempt);
                }
                None => self.go_unproven(now, attempt, Trouble::Unreachable),
            },
            Some(Answer { status: 401, .. }) => self.sign_in_has_ended(now, attempt),
            answer => {
                self.go_unproven(now, attempt, Trouble::of(answer.as_ref()));
                self.wait_at_least(now, answer.and_then(|answer| answer.retry_after));
            }
        }
    }

    /// There is no ticket now. A session that the server still has is taken back without one, by its secret.
    pub(super) fn go_unproven(&mut self, now: Millis, attempt: Attempt, trouble: Trouble) {
        if attempt.has_secret() {
            self.open_socket(now, attempt);
        } else {
            self.lose_socket(now, false, trouble);
        }
    }

    /// There are no tickets any more. A call goes on: its session is this page's, by its secret.
    fn sign_in_has_ended(&mut self, now: Millis, attempt: Attempt) {
        let in_call = !matches!(self.call, Call::Idle) || self.kept_call.is_some();
        if in_call && attempt.has_secret() {
            self.account.right = Right::Ended;
            self.open_socket(now, attempt);
        } else {
            self.is_signed_out(Text::SignInEnded);
        }
    }

    /// A session that was kept for the sake of a call ends with it.
    pub(super) fn end_what_has_ended(&mut self) {
        let in_call = !matches!(self.call, Call::Idle) || self.kept_call.is_some();
        if self.account.right == Right::Ended && !in_call {
            self.is_signed_out(Text::SignInEnded);
        }
    }

    /// The server does not take the ticket, or wants one.
    pub(super) fn ticket_refused(&mut self, now: Millis) {
        let Link::LoggingIn(attempt, _) = &mut self.link else { return };
        attempt.refused += 1;
        match self.account.right {
            Right::Account if attempt.refused <= MAX_REFUSED_TICKETS => {
                self.effects.push(Effect::CloseSocket(Farewell::GivenUp));
                self.lose_socket(now, false, Trouble::Unreachable);
            }
            Right::Account | Right::Ended => self.is_signed_out(Text::SignInEnded),
            Right::Guest => {
                self.is_signed_out(Text::SignInRequired);
                self.ask_for_options(now);
            }
        }
    }

    /// Whether to sign out is to sign out of the account, and not only to stop being a guest.
    pub(super) fn is_of_account(&self) -> bool {
        let waits = matches!(self.link, Link::Closed) && self.account.user().is_some();
        waits || self.account.right != Right::Guest
    }

    /// The user signs out of the account.
    pub(super) fn leave_account(&mut self) {
        self.account.forget();
        // It is asked when the server has signed them out; before, it would say that they are still here.
        self.account.question = None;
        self.effects.push(Effect::ClearName);
        self.ask_own_server(Request::SignOut);
    }

    fn handle_sign_out(&mut self, now: Millis, answer: Option<Answer>) {
        let done = answer.is_some_and(|answer| matches!(answer.status, 200..=299 | 401));
        let failed = !done && matches!(self.link, Link::Closed);
        if failed {
            self.sign_in_error = Some(Text::SignOutFailed);
        }
        if failed || self.account.options.is_none() {
            self.ask_anew(now);
        }
    }

    /// The user is not signed in any more, nor wants to be: this is why.
    pub(super) fn is_signed_out(&mut self, why: Text) {
        self.end_call(why);
        self.stop_devices();
        self.close_link();
        self.forget_user();
        self.account.forget();
        self.sign_in_error = Some(why);
    }

    /// Back from a provider without an account, with this in the address.
    pub(super) fn came_back(&mut self, how: &str) {
        self.sign_in_error = match how {
            "cancelled" => Some(Text::SignInCancelled),
            "failed" => Some(Text::SignInFailed),
            "expired" => Some(Text::SignInExpired),
            "unavailable" => Some(Text::SignInUnavailable),
            _ => return,
        };
    }
}
