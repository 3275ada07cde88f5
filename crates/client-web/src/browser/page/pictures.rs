//! The two videos.

use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Event as DomEvent, HtmlVideoElement};

use super::set_attribute;
use crate::browser::{
    exception_name,
    listener::{self, Listener},
    queue::{Event, Post},
};

/// Plays a video; where the browser wants a gesture of the user first, the user is asked for one. Other refusals, as
/// that there is a new stream, are none of the user's business.
pub(super) fn play_or_ask(video: &HtmlVideoElement, post: &Post) {
    let (video, post) = (video.clone(), post.clone());
    spawn_local(async move {
        if let Err(error) = play(&video).await
            && exception_name(&error).as_deref() == Some("NotAllowedError")
        {
            post.event(Event::SoundBlocked);
        }
    });
}

async fn play(video: &HtmlVideoElement) -> Result<(), JsValue> {
    JsFuture::from(video.play()?).await.map(drop)
}

/// Tells the stylesheet whether the picture is upright; phones change it when they are turned.
pub(super) fn watch_shape(video: &HtmlVideoElement) -> Listener {
    let picture = video.clone();
    listener::on::<DomEvent>(video, "resize", move |_| {
        let upright = picture.video_height() > picture.video_width();
        let shape = if upright { "portrait" } else { "landscape" };
        set_attribute(&picture, "data-shape", Some(shape));
    })
}
