//! Messages on a stream (RFC 8489 section 6.2.2, RFC 8656 section 12.5): each says how long it is, and ChannelData is
//! padded to four bytes. Pure.

use crate::limits::MAX_FRAME_BYTES;

const STUN_HEADER: usize = 20;
const CHANNEL_HEADER: usize = 4;

/// What stands at the beginning of what a stream brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// Not all of it is there yet.
    Partial,
    /// A message of `length` bytes, which with its padding takes up `padded`.
    Whole { length: usize, padded: usize },
    /// This is neither STUN nor ChannelData, or too long: nothing after it can be understood.
    Bad,
}

impl Frame {
    pub(crate) fn first_of(bytes: &[u8]) -> Self {
        let Some(first) = bytes.first() else { return Self::Partial };
        let header = match first {
            0..=3 => STUN_HEADER,
            0x40..=0x7f => CHANNEL_HEADER,
            _ => return Self::Bad,
        };
        let Some(length) = bytes.get(2..4) else { return Self::Partial };
        let length = header + usize::from(u16::from_be_bytes([length[0], length[1]]));
        let padded = length.next_multiple_of(4);
        let is_misaligned = header == STUN_HEADER && padded != length;
        if padded > MAX_FRAME_BYTES || is_misaligned {
            Self::Bad
        } else if bytes.len() < padded {
            Self::Partial
        } else {
            Self::Whole { length, padded }
        }
    }
}

/// Appends a message to what is to be written to a stream.
pub(crate) fn append(stream: &mut Vec<u8>, message: &[u8]) {
    stream.extend_from_slice(message);
    stream.resize(stream.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::any, prop_assert, prop_assert_eq, proptest};

    use super::{Frame, MAX_FRAME_BYTES, append};

    #[test]
    fn frames_are_told_from_their_headers() {
        let stun = [&[0, 1, 0, 4][..], &[0; 20]].concat();
        for (bytes, frame) in [
            (&b""[..], Frame::Partial),
            (b"\x40", Frame::Partial),
            (b"\x40\x00\x00", Frame::Partial),
            (b"\x40\x00\x00\x00", Frame::Whole { length: 4, padded: 4 }),
            (b"\x40\x00\x00\x01a", Frame::Partial),
            (b"\x40\x00\x00\x01a\0\0\0rest", Frame::Whole { length: 5, padded: 8 }),
            (b"\x7f\xff\x00\x04abcd", Frame::Whole { length: 8, padded: 8 }),
            (&stun, Frame::Whole { length: 24, padded: 24 }),
            (&stun[..23], Frame::Partial),
            (b"\x00\x01\x00\x01", Frame::Bad),
            (b"\x40\x00\xff\xff", Frame::Bad),
            (b"GET /", Frame::Bad),
            (b"\x80", Frame::Bad),
            (b"\x16\x03\x01", Frame::Bad),
        ] {
            assert_eq!(Frame::first_of(bytes), frame, "{bytes:?}");
        }
    }

    #[test]
    fn a_frame_has_a_largest_size() {
        let data = |length: usize| {
            let length = u16::try_from(length - 4).unwrap().to_be_bytes();
            [0x40, 0, length[0], length[1]]
        };
        assert_eq!(Frame::first_of(&data(MAX_FRAME_BYTES)), Frame::Partial);
        assert_eq!(Frame::first_of(&data(MAX_FRAME_BYTES + 1)), Frame::Bad);
    }

    proptest! {
        #[test]
        fn anything_is_some_frame(bytes: Vec<u8>) {
            if let Frame::Whole { length, padded } = Frame::first_of(&bytes) {
                prop_assert!(length <= padded && padded <= bytes.len());
            }
        }

        #[test]
        fn what_is_appended_is_found_again(data in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let length = u16::try_from(data.len()).unwrap().to_be_bytes();
            let message = [&[0x40, 1, length[0], length[1]][..], &data].concat();
            let mut stream = Vec::new();
            append(&mut stream, &message);
            let padded = stream.len();
            append(&mut stream, b"next");
            prop_assert_eq!(Frame::first_of(&stream), Frame::Whole { length: message.len(), padded });
        }
    }
}
