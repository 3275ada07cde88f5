//! Camera and microphone, opened and released.

use std::{cell::RefCell, rc::Rc};

use client_web::{
    browser::media::{self, Change, Kind, Media, Wanted},
    call::{MediaError, RequestId},
};
use futures_channel::oneshot;
use js_sys::Reflect;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::MediaStreamTrackState::{Ended, Live};

use crate::common::{BOTH, camera_and_microphone, open};

#[wasm_bindgen_test]
async fn what_is_stopped_is_released() {
    let mut media = camera_and_microphone().await;
    let tracks = media.tracks();
    let (audio, video) = (tracks.audio.unwrap(), tracks.video.unwrap());
    assert_eq!((audio.ready_state(), video.ready_state()), (Live, Live));
    assert_eq!(media.picture().unwrap().get_tracks().length(), 1);

    media.enable_microphone(false);
    assert!(!audio.enabled());
    media.stop_camera();
    assert_eq!((audio.ready_state(), video.ready_state()), (Live, Ended));
    assert!(media.picture().is_none());
    assert!(media.tracks().get(Kind::Video).is_none());
    drop(media);
    assert_eq!(audio.ready_state(), Ended);
}

#[wasm_bindgen_test]
async fn what_nobody_wants_any_more_is_released() {
    let mut media = Media::default();
    let opened = open(BOTH).await.unwrap();
    let camera = Clone::clone(opened.video.as_ref().unwrap().track());
    media.arrived(RequestId(7), opened);
    media.discard(RequestId(7));
    assert_eq!(camera.ready_state(), Ended);
    media.keep(RequestId(7));
    assert!(media.tracks().get(Kind::Audio).is_none());
}

#[wasm_bindgen_test]
async fn a_camera_that_comes_later_leaves_the_microphone_alone() {
    let mut media = Media::default();
    for (id, audio) in [(1, true), (2, false)] {
        let opened = open(Wanted { audio, video: !audio }).await.unwrap();
        assert_eq!((opened.audio.is_some(), opened.video.is_some()), (audio, !audio));
        media.arrived(RequestId(id), opened);
        media.keep(RequestId(id));
    }
    let tracks = media.tracks();
    assert_eq!(tracks.audio.unwrap().ready_state(), Live);
    assert_eq!(tracks.video.unwrap().ready_state(), Live);
}

#[wasm_bindgen_test]
async fn what_the_system_silences_is_told_also_if_it_did_before() {
    let told = Rc::new(RefCell::new(Vec::new()));
    let (sender, receiver) = oneshot::channel();
    let changes = Rc::clone(&told);
    media::open(
        BOTH,
        move |kind, change| changes.borrow_mut().push((kind, change)),
        |answer| {
            let _ = sender.send(answer);
        },
    );
    let opened = receiver.await.unwrap().unwrap();
    let camera = Clone::clone(opened.video.as_ref().unwrap().track());
    for kind in ["mute", "unmute"] {
        camera.dispatch_event(&web_sys::Event::new(kind).unwrap()).unwrap();
    }
    let changes = [true, false].map(|silenced| (Kind::Video, Change::Silenced(silenced)));
    assert_eq!(*told.borrow(), changes);

    let property = js_sys::Object::new();
    Reflect::set(&property, &"value".into(), &true.into()).unwrap();
    js_sys::Object::define_property(&camera, &"muted".into(), &property);
    let mut media = Media::default();
    media.arrived(RequestId(1), opened);
    assert_eq!(media.keep(RequestId(1)), [Kind::Video]);
    assert_eq!(media.keep(RequestId(1)), [], "they are the user's already");
}

#[wasm_bindgen_test]
async fn a_refusal_is_an_answer() {
    let refused = open(Wanted { audio: false, video: false }).await;
    assert_eq!(refused.unwrap_err(), MediaError::Other);
}
