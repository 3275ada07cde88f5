//! What the user does, as inputs.

use web_sys::{Event as DomEvent, HtmlElement, HtmlFormElement, HtmlInputElement};

use super::{Elements, pictures, tile};
use crate::{
    browser::{
        listener::{self, Listener},
        queue::{Event, Post},
    },
    call::UserInput,
};

/// Listens to every button and form.
pub(super) fn listen(elements: &Elements, post: &Post) -> Vec<Listener> {
    let buttons: [(&HtmlElement, UserInput); 17] = [
        (&elements.check, UserInput::Begin),
        (&elements.retry_now, UserInput::RetryNow),
        (&elements.sign_out, UserInput::SignOut),
        (&elements.other_account, UserInput::SignOut),
        (&elements.providers, UserInput::LeaveForProvider),
        (&elements.call_again, UserInput::CallAgain),
        (&elements.notice_close, UserInput::DismissNotice),
        (&elements.preview, UserInput::TogglePreview),
        (&elements.ring_preview, UserInput::TogglePreview),
        (&elements.clear_missed, UserInput::ClearMissed),
        (&elements.accept, UserInput::Accept { camera: true }),
        (&elements.accept_audio, UserInput::Accept { camera: false }),
        (&elements.decline, UserInput::Decline),
        (&elements.block, UserInput::DeclineForGood),
        (&elements.microphone, UserInput::ToggleMicrophone),
        (&elements.camera, UserInput::ToggleCamera),
        (&elements.hang_up, UserInput::HangUp),
    ];
    let mut listeners: Vec<_> =
        buttons.into_iter().map(|(button, input)| click(button, input, post)).collect();
    listeners.extend([
        submit(&elements.login_form, &elements.username, post, |name| UserInput::SignIn { name }),
        submit(&elements.dial_form, &elements.callee, post, |name| UserInput::Call { name }),
        begin(&elements.username, post),
        play_sound(&elements.play_sound, post),
        pictures::watch_shape(&elements.remote_video),
    ]);
    listeners.extend(tile::listen(&elements.local_tile, &elements.stage, post));
    listeners
}

fn click(button: &HtmlElement, input: UserInput, post: &Post) -> Listener {
    let post = post.clone();
    listener::on_click(button, move || post.user(input.clone()))
}

fn submit(
    form: &HtmlFormElement,
    field: &HtmlInputElement,
    post: &Post,
    input: fn(String) -> UserInput,
) -> Listener {
    let (post, field) = (post.clone(), field.clone());
    listener::on_preventable::<DomEvent>(form, "submit", move |event| {
        event.prevent_default();
        post.user(input(field.value()));
    })
}

/// Something is typed.
fn begin(field: &HtmlInputElement, post: &Post) -> Listener {
    let post = post.clone();
    listener::on::<DomEvent>(field, "input", move |_| post.user(UserInput::Begin))
}

fn play_sound(button: &HtmlElement, post: &Post) -> Listener {
    let post = post.clone();
    listener::on_click(button, move || post.event(Event::PlaySound))
}
