//! What must be so for all bytes that come over a socket, below the messages: the fuzz target `frames` shares it.

use std::{
    io,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use futures_util::Stream;
use protocol::limits::MAX_MESSAGE_BYTES;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::Role},
};

use super::{ReadOnDemand, websocket_config};

/// How many of the bytes say in which pieces the rest comes.
const CUTS: usize = 8;

/// However the bytes are cut into pieces on their way, and with or without our reader between, they are the same
/// messages, none of which is larger than may be, and end with the same error.
pub(crate) fn check(bytes: &[u8]) {
    let (cuts, sent) = bytes.split_at(bytes.len().min(CUTS));
    let whole = heard(Pieces { left: sent, cuts: &[], next: 0 });
    let pieces = heard(ReadOnDemand::new(Pieces { left: sent, cuts, next: 0 }));
    assert_eq!(whole, pieces);
    let sizes = whole.0.iter().map(Message::len);
    assert!(sizes.clone().all(|size| size <= MAX_MESSAGE_BYTES), "{:?}", sizes.max());
}

/// All messages, and what ended them.
fn heard(stream: impl AsyncRead + AsyncWrite + Unpin) -> (Vec<Message>, String) {
    let mut cx = Context::from_waker(Waker::noop());
    let config = Some(websocket_config());
    let made = pin!(WebSocketStream::from_raw_socket(stream, Role::Server, config));
    let Poll::Ready(mut socket) = made.poll(&mut cx) else { unreachable!("it waits for nothing") };
    let mut messages = Vec::new();
    loop {
        match Pin::new(&mut socket).poll_next(&mut cx) {
            Poll::Ready(Some(Ok(message))) => messages.push(message),
            Poll::Ready(Some(Err(error))) => return (messages, error.to_string()),
            Poll::Ready(None) => return (messages, String::new()),
            // The next piece is there when it is asked for.
            Poll::Pending => {}
        }
    }
}

/// Bytes that come in pieces, with a pause after each. What is written is lost.
struct Pieces<'a> {
    left: &'a [u8],
    /// How long each is, in turns; with none there is only one.
    cuts: &'a [u8],
    /// Twice the number of the next piece; one more when it is time for a pause.
    next: usize,
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let turn = self.next;
        self.next += 1;
        if turn % 2 == 1 && !self.cuts.is_empty() {
            return Poll::Pending;
        }
        let cut = self.cuts.get(turn / 2 % self.cuts.len().max(1));
        let most = cut.map_or(usize::MAX, |cut| 1 + usize::from(*cut) * usize::from(*cut));
        let (piece, left) = self.left.split_at(self.left.len().min(buffer.remaining()).min(most));
        buffer.put_slice(piece);
        self.left = left;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Pieces<'_> {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::{CUTS, Message, Pieces, check, heard};

    /// A frame as a client sends it (RFC 6455 section 5.2).
    fn frame(first: u8, mask: [u8; 4], payload: &[u8]) -> Vec<u8> {
        let length = u16::try_from(payload.len()).unwrap();
        let head = match payload.len() {
            0..126 => vec![first, 0x80 | payload.len() as u8],
            _ => [&[first, 0xfe][..], &length.to_be_bytes()].concat(),
        };
        let masked = payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask);
        [head, mask.to_vec(), masked.collect()].concat()
    }

    fn frames() -> impl Strategy<Value = Vec<u8>> {
        const FIRST: [u8; 10] = [0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8a, 0x88, 0xc1];
        let payload = prop_oneof![
            vec(any::<u8>(), 0..200),
            "[ -~é]{0,60}".prop_map(String::into_bytes),
            (0..40_000_usize).prop_map(|length| vec![b'x'; length]),
        ];
        let one = (select(&FIRST[..]), any::<[u8; 4]>(), payload);
        let one = one.prop_map(|(first, mask, payload)| frame(first, mask, &payload));
        (vec(any::<u8>(), CUTS), vec(prop_oneof![9 => one, 1 => vec(any::<u8>(), 0..20)], 0..8))
            .prop_map(|(cuts, frames)| [cuts, frames.concat()].concat())
    }

    #[test]
    fn messages_are_heard() {
        let sent = [frame(0x01, [1, 2, 3, 4], b"a"), frame(0x80, [5, 6, 7, 8], b"b")].concat();
        let (messages, _) = heard(Pieces { left: &sent, cuts: &[0], next: 0 });
        assert_eq!(messages, [Message::text("ab")]);
    }

    #[test]
    fn the_seeds_of_the_fuzz_target_hold() {
        let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/frames");
        let mut count = 0;
        for seed in std::fs::read_dir(seeds).unwrap() {
            check(&std::fs::read(seed.unwrap().path()).unwrap());
            count += 1;
        }
        assert!(count > 10, "{count} seeds");
    }

    proptest! {
        #[test]
        fn pieces_are_put_together(bytes in frames()) {
            check(&bytes);
        }
    }
}
