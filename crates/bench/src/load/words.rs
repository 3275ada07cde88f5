//! What the clients say: the messages of the tutorial's protocol, as large as browsers make them.

use super::frame::{TEXT, masked, overwrite};

/// The size of a session description that Chromium makes for sound and picture, in bytes of its JSON. Its line ends are
/// written `\r\n` in it, with backslashes.
const DESCRIPTION: usize = 4_000;
/// The size of a whole message with a candidate, in bytes.
const CANDIDATE: usize = 250;
/// How many candidates a browser with one or two interfaces finds.
pub(crate) const CANDIDATES: usize = 8;

/// A message as it is written, and as a frame.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) text: String,
    pub(crate) frame: Vec<u8>,
}

impl Message {
    fn new(text: String) -> Self {
        let frame = masked(TEXT, text.as_bytes());
        Self { text, frame }
    }

    /// Makes it a message of another call, whose id is as long.
    pub(crate) fn move_to(&mut self, call: &str) {
        const FIELD: &str = "\"call\":\"";
        if let Some(at) = self.text.rfind(FIELD) {
            let at = at + FIELD.len();
            overwrite(&mut self.frame, self.text.len(), at, call.as_bytes());
            self.text.replace_range(at..at + call.len(), call);
        }
    }
}

/// Asks for a name. Who counts messages, says so.
pub(crate) fn login(name: &str, counting: bool) -> Message {
    let count = if counting { r#","received":0"# } else { "" };
    Message::new(format!(r#"{{"type":"login","name":"{name}"{count}}}"#))
}

/// Says how many messages were got.
pub(crate) fn acknowledgement(received: u64) -> Message {
    Message::new(format!(r#"{{"type":"ping","received":{received}}}"#))
}

/// How the answer to it begins.
pub(crate) const PONG: &[u8] = br#"{"type":"pong""#;

/// After how many messages our page says how many it got.
pub(crate) const ACKNOWLEDGE_EVERY: u64 = 32;

/// Calls somebody.
pub(crate) fn offer(name: &str, call: &str) -> Message {
    description("offer", name, call)
}

/// Accepts a call.
pub(crate) fn answer(name: &str, call: &str) -> Message {
    description("answer", name, call)
}

/// A candidate for the peer.
pub(crate) fn candidate(name: &str, call: &str) -> Message {
    let with = |foundation: &str| {
        format!(
            r#"{{"type":"candidate","name":"{name}","candidate":{{"candidate":"candidate:{foundation} 1 udp 2113937151 192.0.2.17 54321 typ host generation 0 ufrag fAb1","sdpMid":"0","sdpMLineIndex":0}},"call":"{call}"}}"#
        )
    };
    let missing = CANDIDATE.saturating_sub(with("").len());
    Message::new(with(&"7".repeat(missing)))
}

/// Ends a call.
pub(crate) fn leave(name: &str, call: &str) -> Message {
    Message::new(format!(r#"{{"type":"leave","name":"{name}","call":"{call}"}}"#))
}

fn description(kind: &str, name: &str, call: &str) -> Message {
    let line = r"a=rtpmap:96 VP8/90000\r\n";
    let sdp = line.repeat(DESCRIPTION / line.len());
    Message::new(format!(
        r#"{{"type":"{kind}","name":"{name}","{kind}":{{"type":"{kind}","sdp":"{sdp}"}},"call":"{call}"}}"#
    ))
}

#[cfg(test)]
mod tests {
    use super::{CANDIDATE, Message, candidate};

    #[test]
    fn a_message_can_be_moved_to_another_call() {
        let mut message = candidate("bob", "call0001");
        message.move_to("call0002");
        let made = candidate("bob", "call0002");
        assert_eq!((&message.text, &message.frame), (&made.text, &made.frame));
        let Message { text, .. } = message;
        assert!(text.ends_with(r#""call":"call0002"}"#));
    }

    #[test]
    fn candidates_have_the_size_of_a_browsers() {
        for (name, call) in [("bob", "1"), ("callee99", "call99")] {
            assert_eq!(candidate(name, call).text.len(), CANDIDATE);
        }
    }
}
