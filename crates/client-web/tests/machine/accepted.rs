//! From the accepting to the picture: what is drawn, and what is timed.

use client_web::{
    call::{Input, Millis, PeerEvent, PeerState, PhaseView, UserInput},
    drawing::{Drawing, UNDRAWN},
    timing::{Course, Moment},
};

use crate::page::{TestPage, permitted, raw};

/// A page as the shell has it: after everything that happens it is looked at what is drawn and timed.
struct Shown {
    page: TestPage,
    drawing: Drawing,
    course: Course,
    wake: Option<Millis>,
    /// Which phase was drawn when, since this was last looked at.
    drawn: Vec<(Millis, PhaseView)>,
    moments: Vec<(Millis, Moment)>,
}

impl Shown {
    fn new(page: TestPage) -> Self {
        let (drawing, course) = (Drawing::default(), Course::default());
        let (drawn, moments) = (Vec::new(), Vec::new());
        let mut shown = Self { page, drawing, course, wake: None, drawn, moments };
        shown.show();
        shown
    }

    /// A page on which alice has called bob.
    fn calling() -> Self {
        let mut page = TestPage::signed_in();
        page.call_bob();
        Self::new(page)
    }

    fn show(&mut self) {
        let (phase, ring) = (self.page.client.phase(), self.page.client.what_rings());
        self.moments.extend(self.course.reached(phase, ring).map(|moment| (self.page.now, moment)));
        let plan = self.drawing.plan(&self.page.client, self.page.now);
        if plan.draw {
            self.drawn.push((self.page.now, phase));
        }
        self.wake = plan.wake;
    }

    fn input(&mut self, input: Input) {
        self.moments.extend(Moment::of(&input).map(|moment| (self.page.now, moment)));
        self.page.input(input);
        self.show();
    }

    fn user(&mut self, input: UserInput) {
        self.input(Input::User(input));
    }

    fn server(&mut self, text: &str) {
        self.input(Input::SocketText(text.to_owned()));
    }

    fn peer(&mut self, event: PeerEvent) {
        self.input(Input::Peer(self.page.last_peer(), event));
    }

    /// Lets time pass, and gives what was drawn in it.
    fn wait(&mut self, time: Millis) -> Vec<(Millis, PhaseView)> {
        let until = self.page.now + time;
        while let Some(at) = self.wake.filter(|at| *at <= until) {
            self.page.now = at;
            self.input(Input::Tick);
            assert_ne!(self.wake, Some(at), "it would wake for ever");
        }
        self.page.now = until;
        std::mem::take(&mut self.drawn)
    }

    /// It rings at bob's.
    fn rings(&mut self) {
        let call = self.page.last_call.clone();
        self.server(&format!(r#"{{"type":"ringing","name":"bob","call":"{call}"}}"#));
    }

    /// Bob accepts. Gives when.
    fn accepted(&mut self) -> Millis {
        self.drawn.clear();
        let call = self.page.last_call.clone();
        self.server(&format!(r#"{{"type":"answer","name":"bob","answer":{{}},"call":"{call}"}}"#));
        self.page.now
    }
}

#[test]
fn whatever_happens_before_the_accepting_is_drawn_at_once() {
    let mut shown = Shown::calling();
    assert_eq!(shown.wait(0), [(shown.page.now, PhaseView::Calling)]);
    for _ in 0..3 {
        shown.rings();
        assert_eq!(shown.wait(1).len(), 1);
    }
}

#[test]
fn the_accepting_is_drawn_in_time_though_nothing_else_happens() {
    let mut shown = Shown::calling();
    let accepted = shown.accepted();
    assert_eq!(shown.wait(UNDRAWN - 1), []);
    assert_eq!(shown.wait(1), [(accepted + UNDRAWN, PhaseView::Connecting)]);
}

#[test]
fn the_accepting_is_drawn_in_time_whatever_else_happens() {
    let mut shown = Shown::calling();
    let accepted = shown.accepted();
    for _ in 0..(UNDRAWN / 10) {
        assert_eq!(shown.wait(9), []);
        shown.peer(PeerEvent::Candidate(raw("{}")));
        shown.page.now += 1;
    }
    // The alarm rings late, or the event that comes now is before it.
    shown.peer(PeerEvent::Candidate(raw("{}")));
    assert_eq!(shown.wait(0), [(accepted + UNDRAWN, PhaseView::Connecting)]);
    for _ in 0..3 {
        shown.peer(PeerEvent::Candidate(raw("{}")));
        assert_eq!(shown.wait(10).len(), 1, "from now on all is drawn");
    }
}

#[test]
fn a_call_that_stands_is_drawn_at_once_and_the_next_accepting_waits_anew() {
    let mut shown = Shown::calling();
    for _ in 0..2 {
        shown.accepted();
        assert_eq!(shown.wait(50), []);
        shown.peer(PeerEvent::State(PeerState::Connected));
        assert_eq!(shown.wait(0), [(shown.page.now, PhaseView::InCall)]);
        shown.user(UserInput::HangUp);
        shown.page.call_bob();
        shown.show();
    }
}

/// Opening a camera may take seconds.
#[test]
fn who_accepts_before_the_devices_are_open_sees_it_in_time() {
    let mut page = TestPage::signed_in();
    page.input(permitted(true));
    page.rung_by_bob("c1");
    page.peer(PeerEvent::AnswerReady(raw("{}")));
    let mut shown = Shown::new(page);
    shown.drawn.clear();
    shown.user(UserInput::Accept { camera: true });
    shown.peer(PeerEvent::State(PeerState::Connected));
    let accepted = shown.page.now;
    assert_eq!(shown.wait(UNDRAWN - 1), []);
    assert_eq!(shown.wait(1), [(accepted + UNDRAWN, PhaseView::InCall)]);
    assert_eq!(shown.moments, [(accepted, Moment::Accepted)]);
}

#[test]
fn a_phase_that_is_never_drawn_is_timed() {
    let mut shown = Shown::new(TestPage::signed_in());
    shown.user(UserInput::Call { name: "bob".to_owned() });
    let called = shown.page.now;
    shown.page.give_media();
    shown.peer(PeerEvent::OfferReady(raw("{}")));
    shown.wait(10);
    let rings = shown.page.now;
    shown.rings();
    shown.wait(1_000);
    shown.rings();
    let accepted = shown.accepted();
    shown.page.now += 50;
    shown.peer(PeerEvent::State(PeerState::Connected));
    assert_eq!(shown.wait(0), [(accepted + 50, PhaseView::InCall)], "the connecting is not drawn");
    let moments =
        [(called, Moment::Called), (rings, Moment::Ringing), (accepted, Moment::Accepted)];
    assert_eq!(shown.moments, moments, "each once");
}
