//! The question whether a server may be used that is not the page's own.

use std::{cell::Cell, rc::Rc};

use futures_channel::mpsc::unbounded;
use futures_util::StreamExt;
use web_sys::{Event, Window};

use super::{Elements, texts::fill_slot};
use crate::{
    address::Server,
    browser::{listener, timer::now},
    call::Millis,
};

/// How long the question has to be before its reader, in ms, until an answer counts. A site can have somebody click twice, and
/// close its own window between the two, so that the second click falls on what lay behind it.
const READ_FOR: Millis = 600;

/// Asks whether this server may be used; without one, says that there is none that could be. Ends when the user says yes:
/// whoever does not follows the link to the page's own server, and nothing happens until then.
pub async fn ask(window: &Window, elements: &Elements, server: Option<&Server>) {
    let [scheme, host, rest] = server.map(Server::parts).unwrap_or_default();
    for (slot, part) in [("scheme", scheme), ("host", host), ("rest", rest)] {
        fill_slot(&elements.other_server, slot, part);
    }
    elements.server_question.set_hidden(server.is_none());
    elements.server_unusable.set_hidden(server.is_some());
    elements.start_page.set_hidden(true);
    elements.server_page.set_hidden(false);
    // A key that somebody presses without having read does nothing, and a long address is seen from its beginning.
    let _ = elements.server_page.focus();
    let shown = Rc::new(Cell::new(now()));
    let reads_again = |kind| {
        let shown = Rc::clone(&shown);
        listener::on::<Event>(window, kind, move |_| shown.set(now()))
    };
    let (yes, mut answer) = unbounded();
    let _listeners = [
        listener::on_click(&elements.use_server, {
            let shown = Rc::clone(&shown);
            move || {
                if now() >= shown.get() + READ_FOR {
                    // There is one who listens, until the first of them.
                    let _ = yes.unbounded_send(());
                }
            }
        }),
        reads_again("focus"),
        // A page that another one goes back or forward to comes as it was, and without a `focus`.
        reads_again("pageshow"),
    ];
    answer.next().await;
    elements.server_page.set_hidden(true);
}
