//! A session while its user is away: without a socket, for a while.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    task::Poll,
};

use tokio::time::Sleep;
use tokio_util::sync::CancellationToken;

use super::{handle::SessionHandle, now, outbound::Outbound};
use crate::{
    directory::Directory,
    session::{Envelope, Input},
};

/// What happens to a session whose user is away.
enum Event {
    /// Another session has sent something; `None` if the mailbox overflowed.
    Mail(Option<Envelope>),
    /// A deadline is due.
    Time,
    /// The user is back, over another socket.
    Wanted,
    /// The user has signed out, somewhere else.
    SignedOut,
    /// The server stops.
    Shutdown,
}

/// Drives a session until its user is back or it has ended.
///
/// When the server stops it is not ended, since that would tell its peer that it is gone: see
/// [`Connection::end`](super::Connection::end).
pub(super) async fn wait<D: Directory>(
    mut session: Box<SessionHandle<D>>,
    shutdown: CancellationToken,
) {
    let mut shutdown = pin!(shutdown.cancelled());
    let mut timer = pin!(tokio::time::sleep_until(now().into()));
    while !session.has_ended() {
        if let Some(deadline) = session.next_timeout() {
            timer.as_mut().reset(deadline.into());
        }
        let input = match next(&mut session, timer.as_mut(), shutdown.as_mut()).await {
            Event::Shutdown => return,
            Event::Mail(Some(envelope)) => Input::FromPeer(envelope),
            Event::Mail(None) | Event::SignedOut => break,
            Event::Time => Input::TimeIsUp,
            Event::Wanted => match session.hand_over() {
                None => return,
                Some(back) => {
                    session = back;
                    continue;
                }
            },
        };
        // The machine keeps what is said to the client, so that nothing comes out here.
        let _ = session.handle(now(), input, &mut Outbound::default()).await;
    }
    session.end(now()).await;
}

async fn next<D: Directory>(
    session: &mut SessionHandle<D>,
    mut timer: Pin<&mut Sleep>,
    mut shutdown: Pin<&mut impl Future<Output = ()>>,
) -> Event {
    poll_fn(|cx| {
        if shutdown.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Event::Shutdown);
        }
        if session.poll_signed_out(cx).is_ready() {
            return Poll::Ready(Event::SignedOut);
        }
        if session.poll_wanted(cx).is_ready() {
            return Poll::Ready(Event::Wanted);
        }
        if let Poll::Ready(mail) = session.poll_mail(cx) {
            return Poll::Ready(Event::Mail(mail));
        }
        let has_deadline = session.next_timeout().is_some();
        if has_deadline && timer.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Event::Time);
        }
        Poll::Pending
    })
    .await
}
