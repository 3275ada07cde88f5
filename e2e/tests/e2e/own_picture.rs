//! One's own picture.

use anyhow::Result;
use e2e::{Person, Played, play};
use thirtyfour::{By, Key};

#[test]
fn the_preview_opens_the_camera_alone_and_gives_it_back() -> Played {
    play(1, async |scene| {
        let alice = scene.signed_in("alice").await?;
        assert!(alice.tracks().await?.is_empty(), "the camera is off until it is asked for");
        alice.click("previewBtn").await?;
        alice.sees("their own picture", |look| look.own_picture && look.preview_on).await?;
        let tracks = alice.tracks().await?;
        assert!(tracks.iter().all(|track| track.kind == "video" && !track.ended), "{tracks:?}");
        alice.click("previewBtn").await?;
        alice.sees("no picture", |look| !look.own_picture && !look.preview_on).await?;
        alice.has_let_go().await
    })
}

#[test]
fn the_own_picture_moves_from_corner_to_corner() -> Played {
    play(2, async |scene| {
        let (alice, _bob) = scene.pair_in_call("alice", "bob").await?;
        let corner = alice.sees("their own picture", |look| look.own_picture).await?.corner;
        assert_eq!(corner.as_deref(), Some("top-right"));

        alice.with_element("localTile", async |tile| Ok(tile.focus().await?)).await?;
        for (key, corner) in [
            (Key::Down, "bottom-right"),
            (Key::Left, "bottom-left"),
            (Key::Up, "top-left"),
            (Key::Up, "top-left"),
            (Key::Right, "top-right"),
        ] {
            alice.press(String::from(key.value())).await?;
            lies_in(&alice, corner).await?;
        }
        for (x, y, corner) in
            [(0.2, 0.8, "bottom-left"), (0.8, 0.8, "bottom-right"), (0.2, 0.2, "top-left")]
        {
            drag_to(&alice, x, y).await?;
            lies_in(&alice, corner).await?;
        }
        Ok(())
    })
}

#[test]
fn while_nobody_does_anything_the_buttons_leave_the_picture_alone() -> Played {
    play(2, async |scene| {
        let (alice, _bob) = scene.pair_in_call("alice", "bob").await?;
        alice.sees("bob's picture", |look| look.remote_picture).await?;
        let opacity = "getComputedStyle(document.getElementById('callControls')).opacity";
        alice.becomes(&format!("return {opacity} === '0'")).await?;

        // A finger brings them back, and presses none of them.
        let middle = "const { x, y, width, height } = document.getElementById('micBtn').getBoundingClientRect();
            return [x + width / 2, y + height / 2]";
        let (x, y): (f64, f64) = alice.value(middle).await?;
        let touch = async |kind: &str, points: serde_json::Value| {
            let event = serde_json::json!({ "type": kind, "touchPoints": points });
            alice.devtools("Input.dispatchTouchEvent", event).await
        };
        touch("touchStart", serde_json::json!([{ "x": x, "y": y }])).await?;
        touch("touchEnd", serde_json::json!([])).await?;
        alice.becomes(&format!("return {opacity} === '1'")).await?;
        let pressed = "return document.getElementById('micBtn').ariaPressed === 'true'";
        assert!(!alice.value::<bool>(pressed).await?, "what cannot be seen is not pressed");
        alice.click("micBtn").await?;
        alice.becomes(pressed).await?;

        // They stay while a notice is there, or a key leads to one of them.
        alice.becomes(&format!("return {opacity} === '0'")).await?;
        alice.press(String::from(Key::Tab.value())).await?;
        alice.becomes(&format!("return {opacity} === '1'")).await
    })
}

/// The corner is not only said, but where the picture comes to lie, wholly within the stage.
async fn lies_in(person: &Person, corner: &str) -> Result<()> {
    person.sees(corner, |look| look.corner.as_deref() == Some(corner)).await?;
    let script = "
        const tile = document.getElementById('localTile');
        return Promise.all(tile.getAnimations().map(({ finished }) => finished.catch(() => {}))).then(() => {
            const [at, on] = [tile, document.getElementById('stage')].map((element) => element.getBoundingClientRect());
            const inside = at.left >= on.left && at.right <= on.right && at.top >= on.top && at.bottom <= on.bottom;
            const vertical = at.top + at.bottom < on.top + on.bottom ? 'top' : 'bottom';
            const horizontal = at.left + at.right < on.left + on.right ? 'left' : 'right';
            return inside ? `${vertical}-${horizontal}` : 'outside';
        });";
    let lies: String = person.promised(&format!("(() => {{ {script} }})()")).await?;
    assert_eq!(lies, corner);
    Ok(())
}

/// Drags the picture to a point of the stage, given in fractions of its size.
async fn drag_to(person: &Person, x: f64, y: f64) -> Result<()> {
    let tile = person.driver().find(By::Id("localTile")).await?;
    let stage = person.driver().find(By::Id("stage")).await?.rect().await?;
    let (x, y) = (stage.x + stage.width * x, stage.y + stage.height * y);
    person
        .driver()
        .action_chain()
        .click_and_hold_element(&tile)
        .move_to(x as i64, y as i64)
        .release()
        .perform()
        .await?;
    Ok(())
}
