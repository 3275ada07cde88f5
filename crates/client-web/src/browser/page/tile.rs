//! The own picture over the other's: dragged with a pointer, or moved with the arrow keys, it comes to lie in a corner.

use std::{cell::Cell, rc::Rc};

use web_sys::{HtmlElement, KeyboardEvent, PointerEvent};

use super::set_attribute;
use crate::{
    browser::{
        listener::{self, Listener},
        queue::Post,
    },
    call::{Corner, UserInput},
};

/// The value of `data-corner`.
pub(super) const fn key(corner: Corner) -> &'static str {
    match corner {
        Corner::TopLeft => "top-left",
        Corner::TopRight => "top-right",
        Corner::BottomLeft => "bottom-left",
        Corner::BottomRight => "bottom-right",
    }
}

const fn corner(left: bool, top: bool) -> Corner {
    match (left, top) {
        (true, true) => Corner::TopLeft,
        (false, true) => Corner::TopRight,
        (true, false) => Corner::BottomLeft,
        (false, false) => Corner::BottomRight,
    }
}

/// Where the pointer took hold of the tile, in CSS pixels.
#[derive(Clone, Copy, Debug)]
struct Grip {
    pointer: i32,
    x: i32,
    y: i32,
}

/// The tile while it is listened to.
#[derive(Clone, Debug)]
struct Tile {
    tile: HtmlElement,
    stage: HtmlElement,
    grip: Rc<Cell<Option<Grip>>>,
    post: Post,
}

pub(super) fn listen(tile: &HtmlElement, stage: &HtmlElement, post: &Post) -> [Listener; 5] {
    let grip = Rc::default();
    let tile = Tile { tile: tile.clone(), stage: stage.clone(), grip, post: post.clone() };
    [
        tile.on("pointerdown", Tile::take),
        tile.on("pointermove", Tile::drag),
        tile.on("pointerup", Tile::drop_here),
        tile.on("pointercancel", |tile, _| tile.let_go()),
        tile.on_keys(),
    ]
}

impl Tile {
    fn on(&self, kind: &'static str, act: impl Fn(&Self, &PointerEvent) + 'static) -> Listener {
        let tile = self.clone();
        listener::on(&self.tile, kind, move |event| act(&tile, event))
    }

    fn take(&self, event: &PointerEvent) {
        if event.button() != 0 {
            return;
        }
        let grip = Grip { pointer: event.pointer_id(), x: event.client_x(), y: event.client_y() };
        self.grip.set(Some(grip));
        // Without the capture, dragging ends where the pointer leaves the tile: worse, and still of use.
        let _ = self.tile.set_pointer_capture(grip.pointer);
        set_attribute(&self.tile, "data-dragging", Some(""));
    }

    fn grip_of(&self, event: &PointerEvent) -> Option<Grip> {
        self.grip.get().filter(|grip| grip.pointer == event.pointer_id())
    }

    fn drag(&self, event: &PointerEvent) {
        if let Some(grip) = self.grip_of(event) {
            self.shift(event.client_x() - grip.x, event.client_y() - grip.y);
        }
    }

    fn drop_here(&self, event: &PointerEvent) {
        if self.grip_of(event).is_some() {
            let corner = self.nearest_corner();
            self.let_go();
            self.post.user(UserInput::MoveTile(corner));
        }
    }

    fn let_go(&self) {
        self.grip.set(None);
        set_attribute(&self.tile, "data-dragging", None);
        self.shift(0, 0);
    }

    /// Moves the tile by so many CSS pixels from where it lies.
    fn shift(&self, x: i32, y: i32) {
        let style = self.tile.style();
        let _ = style.set_property("--dx", &format!("{x}px"));
        let _ = style.set_property("--dy", &format!("{y}px"));
    }

    fn nearest_corner(&self) -> Corner {
        let (tile, stage) =
            (self.tile.get_bounding_client_rect(), self.stage.get_bounding_client_rect());
        let left = tile.left() + tile.right() < stage.left() + stage.right();
        let top = tile.top() + tile.bottom() < stage.top() + stage.bottom();
        corner(left, top)
    }

    fn on_keys(&self) -> Listener {
        let tile = self.clone();
        listener::on_preventable::<KeyboardEvent>(&self.tile, "keydown", move |event| {
            let now = tile.tile.get_attribute("data-corner").unwrap_or_default();
            let (left, top) = (now.ends_with("left"), now.starts_with("top"));
            let moved = match event.key().as_str() {
                "ArrowLeft" => corner(true, top),
                "ArrowRight" => corner(false, top),
                "ArrowUp" => corner(left, true),
                "ArrowDown" => corner(left, false),
                _ => return,
            };
            // They would scroll the page.
            event.prevent_default();
            tile.post.user(UserInput::MoveTile(moved));
        })
    }
}
