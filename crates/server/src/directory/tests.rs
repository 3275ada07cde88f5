//! What every engine must do. To test another one, add it to the list at the end.

use std::{future::poll_fn, time::Duration};

use protocol::{LeaveReason, UserName};
use tokio::time::timeout;

use super::{Directory, LocalDirectory, Mailbox, NameTaken, Undeliverable};
use crate::{
    limits::MAILBOX_ENVELOPES,
    session::{Body, CallKey, Envelope},
};

fn name(text: &str) -> UserName {
    UserName::parse(text).unwrap()
}

fn envelope(number: u64) -> Envelope {
    Envelope {
        from: name("sender"),
        guest: false,
        call: CallKey::Numbered(number),
        body: Body::Leave(LeaveReason::Hangup),
    }
}

/// The next envelope; `None` if the session is cut off.
async fn next(mailbox: &mut Mailbox) -> Option<Envelope> {
    timeout(Duration::from_secs(5), poll_fn(|cx| mailbox.poll_recv(cx))).await.unwrap()
}

async fn a_name_has_one_holder<D: Directory>(directory: D) {
    let (held, _mailbox) = directory.claim(&name("mary")).await.unwrap();
    assert_eq!(directory.claim(&name("mary")).await.err(), Some(NameTaken));
    assert_eq!(directory.claim(&name("rnary")).await.err(), Some(NameTaken), "it looks the same");
    assert!(directory.claim(&name("martha")).await.is_ok());
    drop(held);
    assert!(directory.claim(&name("rnary")).await.is_ok(), "a released name is free");
}

async fn of_many_claims_at_once_one_wins<D: Directory>(directory: D) {
    let claims: Vec<_> = (0..50)
        .map(|_| {
            let directory = directory.clone();
            tokio::spawn(async move { directory.claim(&name("alice")).await.ok() })
        })
        .collect();
    let mut winners = Vec::new();
    for claim in claims {
        winners.extend(claim.await.unwrap());
    }
    assert_eq!(winners.len(), 1);
}

async fn only_the_very_name_is_reached<D: Directory>(directory: D) {
    let (_held, mut mailbox) = directory.claim(&name("mary")).await.unwrap();
    assert_eq!(directory.send(&name("rnary"), envelope(1)).await, Err(Undeliverable::Nobody));
    assert_eq!(directory.send(&name("mary"), envelope(2)).await, Ok(()));
    assert_eq!(next(&mut mailbox).await, Some(envelope(2)));
    assert_eq!(mailbox.try_recv(), None);
}

async fn envelopes_arrive_once_and_in_order<D: Directory>(directory: D) {
    let (_held, mut mailbox) = directory.claim(&name("bob")).await.unwrap();
    for number in 0..100 {
        directory.send(&name("bob"), envelope(number)).await.unwrap();
    }
    for number in 0..100 {
        assert_eq!(next(&mut mailbox).await, Some(envelope(number)));
    }
    assert_eq!(mailbox.try_recv(), None);
}

async fn a_released_name_is_nobody_and_its_mailbox_can_be_read_to_the_end<D: Directory>(
    directory: D,
) {
    let (held, mut mailbox) = directory.claim(&name("bob")).await.unwrap();
    directory.send(&name("bob"), envelope(1)).await.unwrap();
    drop(held);
    assert_eq!(directory.send(&name("bob"), envelope(2)).await, Err(Undeliverable::Nobody));
    assert_eq!(next(&mut mailbox).await, Some(envelope(1)));
    assert_eq!(mailbox.try_recv(), None);
    let (_held, mut again) = directory.claim(&name("bob")).await.unwrap();
    assert_eq!(again.try_recv(), None, "what was for the one before is not for the next");
}

async fn an_address_is_as_good_as_the_name_until_the_session_is_gone<D: Directory>(directory: D) {
    assert!(directory.address(&name("bob")).await.is_none());
    let (held, mut mailbox) = directory.claim(&name("bob")).await.unwrap();
    let address = directory.address(&name("bob")).await.unwrap();
    assert_eq!(directory.try_send_to(&address, envelope(1)), Ok(()));
    assert_eq!(directory.send(&name("bob"), envelope(2)).await, Ok(()));
    assert_eq!(directory.try_send_to(&address, envelope(3)), Ok(()));
    for number in 1..=3 {
        assert_eq!(next(&mut mailbox).await, Some(envelope(number)));
    }
    drop(held);
    let (_held, mut again) = directory.claim(&name("bob")).await.unwrap();
    assert_eq!(directory.try_send_to(&address, envelope(4)), Err(envelope(4)));
    assert_eq!([mailbox.try_recv(), again.try_recv()], [None, None]);
}

async fn an_address_does_not_take_more_than_the_mailbox_holds<D: Directory>(directory: D) {
    let (_held, mut mailbox) = directory.claim(&name("bob")).await.unwrap();
    let address = directory.address(&name("bob")).await.unwrap();
    let all = MAILBOX_ENVELOPES as u64;
    for number in 0..all {
        assert_eq!(directory.try_send_to(&address, envelope(number)), Ok(()));
    }
    assert_eq!(directory.try_send_to(&address, envelope(all)), Err(envelope(all)));
    // It is the search for the name that cuts the session off; from then on the address is nobody's.
    assert_eq!(directory.send(&name("bob"), envelope(all)).await, Err(Undeliverable::CutOff));
    assert_eq!(next(&mut mailbox).await, Some(envelope(0)));
    assert_eq!(directory.try_send_to(&address, envelope(all)), Err(envelope(all)));
    assert!(directory.address(&name("bob")).await.is_none());
}

async fn a_full_mailbox_cuts_its_session_off<D: Directory>(directory: D) {
    let (held, mut mailbox) = directory.claim(&name("bob")).await.unwrap();
    let all = MAILBOX_ENVELOPES as u64;
    for number in 0..all {
        assert_eq!(directory.send(&name("bob"), envelope(number)).await, Ok(()));
    }
    assert_eq!(directory.send(&name("bob"), envelope(all)).await, Err(Undeliverable::CutOff));
    for number in 0..all {
        assert_eq!(next(&mut mailbox).await, Some(envelope(number)));
    }
    assert_eq!(next(&mut mailbox).await, None, "nothing may come after the gap");
    assert_eq!(directory.send(&name("bob"), envelope(0)).await, Err(Undeliverable::CutOff));
    assert_eq!(directory.claim(&name("bob")).await.err(), Some(NameTaken), "it has not ended yet");
    drop(held);
    assert!(directory.claim(&name("bob")).await.is_ok());
}

/// The whole suite for one engine; `$new` makes an empty directory.
macro_rules! suite {
    ($engine:ident, $new:expr, $($test:ident),+ $(,)?) => {
        mod $engine {
            $(
                #[tokio::test]
                async fn $test() {
                    super::$test($new).await;
                }
            )+
        }
    };
}

suite!(
    local,
    super::LocalDirectory::default(),
    a_name_has_one_holder,
    of_many_claims_at_once_one_wins,
    only_the_very_name_is_reached,
    envelopes_arrive_once_and_in_order,
    a_released_name_is_nobody_and_its_mailbox_can_be_read_to_the_end,
    an_address_is_as_good_as_the_name_until_the_session_is_gone,
    an_address_does_not_take_more_than_the_mailbox_holds,
    a_full_mailbox_cuts_its_session_off,
);
