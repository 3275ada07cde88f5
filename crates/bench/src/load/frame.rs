//! WebSocket frames (RFC 6455 section 5.2): as much of it as a client needs that knows its server.

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Ping,
    /// A close frame, or one that no server here should send.
    Other,
}

/// A frame at the beginning of some bytes: what it is, and where its payload begins and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) kind: Kind,
    pub(super) begin: usize,
    pub(super) end: usize,
    /// Whether the payload is masked: only if it comes straight from another client, through the raw TCP relay.
    pub(super) masked: bool,
}

/// The opcode of a text frame, and of a pong.
pub(super) const TEXT: u8 = 1;
pub(super) const PONG: u8 = 10;

/// Where every payload is masked with, since a client must. What it is, costs the server the same.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A masked frame of its own, ready to be sent.
pub(super) fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    let length = payload.len();
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ 0..=125), _) => frame.push(0x80 | short),
        (_, Ok(medium)) => {
            frame.push(0x80 | 126);
            frame.extend(medium.to_be_bytes());
        }
        _ => {
            frame.push(0x80 | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(unmasked(payload));
    frame
}

/// A payload as it was before it was masked with our mask, or after.
pub(super) fn unmasked(payload: &[u8]) -> impl Iterator<Item = u8> {
    payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask)
}

/// Writes other bytes into a masked frame, from the byte `at` of its payload on, over as many as there are.
pub(super) fn overwrite(frame: &mut [u8], payload: usize, at: usize, bytes: &[u8]) {
    let header = frame.len() - payload;
    let mask = MASK.iter().cycle().skip(at % MASK.len());
    for ((old, new), mask) in frame[header + at..].iter_mut().zip(bytes).zip(mask) {
        *old = new ^ mask;
    }
}

/// Finds a whole frame; `None` if there is more to come.
pub(super) fn find(bytes: &[u8]) -> Option<Found> {
    let (&first, &second) = (bytes.first()?, bytes.get(1)?);
    let (length, begin) = match second & 0x7f {
        126 => (usize::from(u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?)), 4),
        127 => (usize::try_from(u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?)).ok()?, 10),
        short => (usize::from(short), 2),
    };
    let masked = second & 0x80 != 0;
    let begin = if masked { begin + MASK.len() } else { begin };
    let end = begin.checked_add(length)?;
    let kind = match first {
        0x81 => Kind::Text,
        0x89 => Kind::Ping,
        _ => Kind::Other,
    };
    (bytes.len() >= end).then_some(Found { kind, begin, end, masked })
}

#[cfg(test)]
mod tests {
    use super::{Kind, TEXT, find, masked, overwrite, unmasked};

    #[test]
    fn what_is_written_is_found_whatever_its_length() {
        for length in [0, 1, 125, 126, 65_535, 65_536] {
            let payload = vec![b'x'; length];
            let frame = masked(TEXT, &payload);
            assert_eq!(find(&frame[..frame.len() - 1]), None, "{length}");
            let found = find(&frame).unwrap();
            assert_eq!((found.kind, found.end, found.masked), (Kind::Text, frame.len(), true));
            assert!(unmasked(&frame[found.begin..found.end]).eq(payload), "{length}");
        }
    }

    #[test]
    fn a_part_of_a_frame_can_be_overwritten() {
        let mut frame = masked(TEXT, b"call me later");
        overwrite(&mut frame, 13, 5, b"us");
        let found = find(&frame).unwrap();
        assert!(unmasked(&frame[found.begin..found.end]).eq(*b"call us later"));
    }

    #[test]
    fn a_servers_frame_is_not_masked() {
        let found = find(b"\x81\x02hi and more").unwrap();
        assert_eq!((found.begin, found.end, found.masked), (2, 4, false));
        assert_eq!(find(b"\x89\x00").unwrap().kind, Kind::Ping);
        assert_eq!(find(b"\x88\x02\x03\xe8").unwrap().kind, Kind::Other);
    }
}
