//! Asking the page's own server how people sign in, until it has said it.

use super::options::Options;
use crate::call::{
    Answer, Client, Environment, Millis, Request,
    link::{MAX_BACKOFF, OPEN_TIMEOUT, PROBE_TIMEOUT, backoff},
};

/// The question how people sign in, until it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Question {
    /// Which one it is, since one that was asked before may still be answered.
    number: u32,
    /// How often it was asked.
    times: u32,
    /// When it was asked last, unless that is known to have failed.
    asked: Option<Millis>,
    /// When it is asked again.
    again: Millis,
}

impl Question {
    /// Whatever is answered, it is of somebody who is not here any more: it is asked again at once.
    pub(super) const fn is_overtaken(&mut self) {
        // No question has this number, and no time is earlier.
        (self.number, self.asked, self.again) = (0, None, 0);
    }
}

/// Whether the server, or what stands before it, may say something else before long. All other answers are for good.
const fn may_pass(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500 | 502..=599)
}

impl Client {
    /// Asks how people sign in.
    pub(in crate::call) fn ask_for_options(&mut self, now: Millis) {
        self.ask_for_the(now, 1);
    }

    /// Asks it, for the first time or once more, unless nobody can sign in here anyway, or another server is used.
    fn ask_for_the(&mut self, now: Millis, times: u32) {
        if self.environment == Environment::NoWebRtc || !self.account.own_server {
            return;
        }
        let number = self.new_id();
        let again = now + OPEN_TIMEOUT + backoff(times, MAX_BACKOFF, &mut self.rng);
        self.account.question = Some(Question { number, times, asked: Some(now), again });
        self.ask_own_server(Request::Options(number));
    }

    /// Asks it for the second time, however often it was before: should it fail again, it is not for long.
    pub(super) fn ask_anew(&mut self, now: Millis) {
        self.ask_for_the(now, 2);
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
            self.ask_anew(now);
        }
    }

    /// The server has said how people sign in, or it has not.
    pub(super) fn handle_options(&mut self, now: Millis, number: u32, answer: Option<Answer>) {
        let asked = &mut self.account.question;
        let Some(mut question) = asked.take_if(|question| question.number == number) else {
            return;
        };
        let Some(answer) = answer.filter(|answer| !may_pass(answer.status)) else {
            question.asked = None;
            question.again = now + backoff(question.times, MAX_BACKOFF, &mut self.rng);
            self.account.question = Some(question);
            return;
        };
        // Anything but what is expected is of a server that knows no accounts.
        let read = (answer.status == 200).then(|| Options::from_json(&answer.body));
        if let Some(options) = read.flatten() {
            self.learn_options(now, options, question.times > 1);
        }
    }
}
