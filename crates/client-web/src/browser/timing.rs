//! How long setting up a call takes, by the Performance API: `pronto.ringing` from the click to the ringing at the other end,
//! and `pronto.picture` from the accepting to the other's first picture, at either end. `?debug` shows the last of each.

use js_sys::Reflect;
use web_sys::{Element, Event, HtmlVideoElement, Performance, Window};

use super::{
    listener::{self, Listener},
    page::Elements,
};
use crate::{
    call::{Input, PhaseView, Ring},
    timing::{Course, Moment},
};

const CALLED: &str = "pronto.called";
const RINGING: &str = "pronto.ringing";
const ACCEPTED: &str = "pronto.accepted";
const PICTURE: &str = "pronto.picture";

/// Measures.
#[derive(Debug)]
pub struct Timing {
    performance: Performance,
    ringing: Element,
    course: Course,
    _listener: Listener,
}

impl Timing {
    /// Measures what happens on this page; `None` where there is no clock.
    #[must_use]
    pub fn bind(elements: &Elements, window: &Window) -> Option<Self> {
        let performance = window.performance()?;
        let search = window.location().search().unwrap_or_default();
        elements.debug.set_hidden(!search.contains("debug"));
        let (clock, shown) = (performance.clone(), Clone::clone(&elements.debug_picture));
        let listener = on_picture(&elements.remote_video, move || {
            measure(&clock, PICTURE, ACCEPTED, &shown);
        });
        let ringing = Clone::clone(elements.debug_ringing.as_ref());
        Some(Self { performance, ringing, course: Course::default(), _listener: listener })
    }

    /// Something happens.
    pub fn heard(&self, input: &Input) {
        self.note(Moment::of(input));
    }

    /// The call is here now.
    pub fn reached(&mut self, phase: PhaseView, ring: Ring) {
        let moment = self.course.reached(phase, ring);
        self.note(moment);
    }

    fn note(&self, moment: Option<Moment>) {
        match moment {
            Some(Moment::Called) => self.mark(CALLED),
            Some(Moment::Accepted) => self.mark(ACCEPTED),
            Some(Moment::Ringing) => measure(&self.performance, RINGING, CALLED, &self.ringing),
            None => {}
        }
    }

    fn mark(&self, name: &str) {
        // A browser that keeps no more marks does no harm.
        let _ = self.performance.mark(name);
    }
}

/// Notes the time since a mark, once, and shows it.
fn measure(performance: &Performance, name: &str, since: &str, shown: &Element) {
    if performance.measure_with_start_mark(name, since).is_err() {
        return;
    }
    performance.clear_marks_with_mark_name(since);
    let last = performance.get_entries_by_name(name).pop();
    if let Ok(duration) = Reflect::get(&last, &"duration".into()) {
        let whole = duration.as_f64().unwrap_or_default() as u32;
        shown.set_text_content(Some(&whole.to_string()));
    }
}

/// Calls `callback` when there is a picture: with the first one of a stream, or its first size.
fn on_picture(video: &HtmlVideoElement, callback: impl Fn() + 'static) -> Listener {
    let picture = video.clone();
    listener::on::<Event>(video, "resize", move |_| {
        if picture.video_width() > 0 {
            callback();
        }
    })
}
