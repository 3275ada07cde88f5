//! The page: index.html's elements, and how a [`View`] is shown in them.
//!
//! Words stand in index.html; nothing that comes from elsewhere is ever read as markup.

mod call;
mod calm;
mod check;
mod deaf;
mod elements;
mod focus;
mod inputs;
mod keys;
mod lists;
mod pictures;
pub mod privacy;
pub mod server;
mod sign_in;
mod texts;
mod tile;
mod words;

pub use check::CheckPanel;
pub use elements::{Elements, MissingIds};
pub use words::{clock_face, initial};

use web_sys::{Document, HtmlButtonElement, HtmlInputElement, MediaStream};

use self::{calm::Calm, deaf::Places, lists::NameList, sign_in::SignIn, texts::Texts};
use super::{listener::Listener, queue::Post};
use crate::call::{Message, Millis, NoticeView, Page as Shown, Text, View};

/// The page.
#[derive(Debug)]
pub struct Page {
    document: Document,
    elements: Elements,
    texts: Texts,
    post: Post,
    missed: NameList,
    blocked: NameList,
    sign_in: SignIn,
    calm: Calm,
    last: Option<View>,
    /// The day of the month when it was drawn.
    day: u32,
    _listeners: Vec<Listener>,
}

impl Page {
    /// Finds the elements and listens to them.
    ///
    /// # Errors
    /// The document lacks some of the ids.
    pub fn bind(document: Document, post: Post) -> Result<Self, MissingIds> {
        let elements = Elements::bind(&document)?;
        let texts = Texts::new(&elements.texts);
        let Elements { missed_panel, missed_list, missed_template, .. } = &elements;
        let missed = NameList::new(missed_panel, missed_list, missed_template);
        let Elements { blocked_panel, blocked_list, blocked_template, .. } = &elements;
        let blocked = NameList::new(blocked_panel, blocked_list, blocked_template);
        let sign_in = SignIn::new(&elements);
        let mut listeners = inputs::listen(&elements, &post);
        listeners.extend(deaf::listen(&document));
        let calm = Calm::new(&elements.call_page);
        listeners.extend(calm.listen(&document, &elements.call_controls));
        listeners.push(keys::listen(&document, &elements));
        Ok(Self {
            document,
            elements,
            texts,
            post,
            missed,
            blocked,
            sign_in,
            calm,
            last: None,
            day: lists::today(),
            _listeners: listeners,
        })
    }

    /// What the code binds.
    #[must_use]
    pub const fn elements(&self) -> &Elements {
        &self.elements
    }

    /// Writes a name into the sign-in's field, in place of what stands there.
    pub fn write_name(&mut self, name: &str) {
        self.elements.username.set_value(name);
        self.sign_in.wrote(name);
    }

    /// Writes a name into the sign-in's field, unless the user has written something there.
    pub fn suggest_name(&mut self, name: &str) {
        if !self.sign_in.is_typing(&self.elements) {
            self.write_name(name);
        }
    }

    /// Shows this.
    pub fn render(&mut self, view: View, now: Millis) {
        // What was missed today is of yesterday tomorrow.
        let day = lists::today();
        if self.last.as_ref() == Some(&view) && self.day == day {
            return;
        }
        let held = self.document.active_element();
        // Nothing lay under anybody's finger before the first.
        let before = self.last.is_some().then(|| Places::of(&self.document));
        self.render_frame(&view);
        self.sign_in.render(&self.elements, &self.texts, &view);
        let wrong = wrong(view.sign_in_error, &view);
        self.render_error(&self.elements.username, &self.elements.username_error, wrong);
        self.render_idle(&view);
        self.render_lists(&view, now, day);
        call::render(&self.elements, &self.texts, &view);
        self.render_notice(view.notice.as_ref());
        focus::follow(&self.elements, held.as_ref(), self.last.as_ref(), &view);
        if let Some(before) = before {
            before.deafen_others(&self.document);
        }
        self.last = Some(view);
    }

    /// Shows the own picture, or none.
    pub fn show_own(&self, picture: Option<&MediaStream>) {
        let video = &self.elements.local_video;
        if video.src_object().as_ref() != picture {
            video.set_src_object(picture);
        }
    }

    /// Shows and plays the other's picture and sound, or none.
    pub fn show_remote(&self, stream: Option<&MediaStream>) {
        let video = &self.elements.remote_video;
        if video.src_object().as_ref() != stream {
            video.set_src_object(stream);
            self.elements.play_sound.set_hidden(true);
        }
        if stream.is_some() {
            pictures::play_or_ask(video, &self.post);
        }
    }

    /// The user has made the gesture that the browser wanted.
    pub fn play_sound(&self) {
        // The button goes, and must not take the focus with it.
        let _ = self.elements.call_controls.focus();
        self.elements.play_sound.set_hidden(true);
        pictures::play_or_ask(&self.elements.remote_video, &self.post);
    }

    /// The browser wants a gesture of the user first.
    pub fn ask_for_sound(&self) {
        self.elements.play_sound.set_hidden(false);
    }

    /// What is there on every page.
    fn render_frame(&self, view: &View) {
        let elements = &self.elements;
        elements.start_page.set_hidden(true);
        elements.unsupported_page.set_hidden(view.page != Shown::Unsupported);
        elements.login_page.set_hidden(view.page != Shown::Login);
        elements.call_page.set_hidden(view.page != Shown::Call);
        let (page, phase) = (&elements.call_page, view.phase.key());
        // Only what was drawn in this phase glides to another place.
        let stays = page.get_attribute("data-phase").as_deref() == Some(phase);
        set_attribute(page, "data-stays", stays.then_some(""));
        set_attribute(page, "data-phase", Some(phase));
        if !stays {
            self.calm.wake();
        }

        let trouble = view.server_trouble.as_ref();
        elements.server_banner.set_hidden(trouble.is_none());
        self.texts.show(&elements.server_banner_text, trouble);
        set_available(&elements.retry_now, view.can_retry);

        self.texts.show(&elements.status, Some(&view.status));
        let title = self.texts.plain(&view.title);
        if self.document.title() != title {
            self.document.set_title(&title);
        }
    }

    fn render_lists(&mut self, view: &View, now: Millis, day: u32) {
        let (last, day_before) = (self.last.as_ref(), std::mem::replace(&mut self.day, day));
        if day_before != day || last.is_none_or(|last| last.missed != view.missed) {
            self.missed.show_missed(&view.missed, now, &self.post);
        }
        if last.is_none_or(|last| last.blocked != view.blocked) {
            self.blocked.show_names(&view.blocked, &self.post);
        }
        self.missed.set_can_call(view.can_call);
    }

    fn render_idle(&self, view: &View) {
        let elements = &self.elements;
        set_text(&elements.self_name, view.self_name.as_deref().unwrap_or_default());
        self.texts.show_or_hide(&elements.self_note, view.self_note.as_ref());
        elements.call.set_disabled(!view.can_call);
        self.render_error(&elements.callee, &elements.callee_error, wrong(view.callee_error, view));
        elements.relay_only_warning.set_hidden(!view.hides_in_vain);
        for button in [&elements.preview, &elements.ring_preview] {
            set_attribute(button, "aria-pressed", Some(flag(view.preview)));
        }
    }

    /// What is wrong with a field, or why it is to be filled in again, beside it.
    fn render_error(
        &self,
        field: &HtmlInputElement,
        error: &web_sys::HtmlElement,
        message: Option<Message>,
    ) {
        let wrong = message.as_ref().is_some_and(|message| message.text.blames_the_field());
        set_attribute(field, "aria-invalid", wrong.then_some("true"));
        self.texts.show_or_hide(error, message.as_ref());
    }

    fn render_notice(&self, notice: Option<&NoticeView>) {
        let elements = &self.elements;
        // Shown first and then filled: an alert that is filled while it is hidden is not read out.
        elements.notice.set_hidden(notice.is_none());
        self.texts.show(&elements.notice_text, notice.map(|notice| &notice.message));
        elements.call_again.set_hidden(!notice.is_some_and(|notice| notice.call_again));
        let back = notice.is_some_and(|notice| notice.message.text == Text::Missed);
        set_attribute(&elements.call_again, "data-back", back.then_some(""));
    }
}

/// What is said of a name that is wrong.
fn wrong(text: Option<Text>, view: &View) -> Option<Message> {
    text.map(|text| Message { character: view.bad_character, ..Message::plain(text) })
}

/// Sets a text, unless it stands there already: a live region would be read out again.
fn set_text(element: &web_sys::Element, text: &str) {
    if element.text_content().as_deref() != Some(text) {
        element.set_text_content(Some(text));
    }
}

/// Sets or removes an attribute. The names are ours, and valid.
fn set_attribute(element: &web_sys::Element, name: &str, value: Option<&str>) {
    let _ = match value {
        Some(value) => element.set_attribute(name, value),
        None => element.remove_attribute(name),
    };
}

/// Marks a button as of no use right now. It is not disabled, for that would take the focus from whoever has just
/// pressed it; the machine knows as well that there is nothing to do.
fn set_available(button: &HtmlButtonElement, available: bool) {
    set_attribute(button, "aria-disabled", (!available).then_some("true"));
}

/// Shows a name where it stands large. A long one is marked, and is written smaller.
fn set_name(element: &web_sys::Element, name: &str) {
    set_text(element, name);
    set_attribute(element, "data-long", (name.chars().count() > LARGE_NAME_CHARS).then_some(""));
}

/// How long a name may be to be written large, in characters.
const LARGE_NAME_CHARS: usize = 14;

/// How ARIA writes a boolean.
const fn flag(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}
