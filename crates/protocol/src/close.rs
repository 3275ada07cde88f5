//! The WebSocket close codes that server and clients use (RFC 6455 section 7.4; 4000–4999 are for applications).

/// A WebSocket close code, with what the client should do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseCode {
    /// 1000: the client said goodbye; the server echoes it.
    Normal,
    /// 1001: the page goes away. Sent by browsers, never by the server: a page that is loaded anew comes back, so that the
    /// session waits for [`RELOAD_PERIOD`](crate::limits::RELOAD_PERIOD).
    GoingAway,
    /// 1002: the frames were not WebSocket as RFC 6455 has it.
    Protocol,
    /// 1007: a text was not UTF-8.
    NotUtf8,
    /// 1009: a message was over [`MAX_MESSAGE_BYTES`](crate::limits::MAX_MESSAGE_BYTES).
    TooBig,
    /// 1012: the server restarts. Connect again soon, at a random moment within a few seconds.
    Restart,
    /// 4000: nobody logged in within [`LOGIN_DEADLINE`](crate::limits::LOGIN_DEADLINE).
    LoginTimeout,
    /// 4001: nothing was heard within [`PONG_DEADLINE`](crate::limits::PONG_DEADLINE) after a ping.
    Dead,
    /// 4002: messages were not read as fast as they came, and the queue for this socket was full.
    SlowConsumer,
    /// 4003: the session goes on over another socket. Do not connect again.
    Replaced,
    /// 4004: the client takes the socket for dead, and the session goes on over another one. Sent by clients only.
    GivenUp,
    /// 4005: messages came too fast, and went on to after that was said. Connect again, after a pause.
    Flood,
    /// 4006: the user has signed out, here or on another device. Do not connect again.
    SignedOut,
    /// 4007: the user has left the page, and the browser keeps it in case they come back: to the server it has gone away.
    /// Sent by pages, which may not say 1001 themselves.
    PageLeft,
}

impl CloseCode {
    /// Every code, for tables and tests.
    pub const ALL: [Self; 14] = [
        Self::Normal,
        Self::GoingAway,
        Self::Protocol,
        Self::NotUtf8,
        Self::TooBig,
        Self::Restart,
        Self::LoginTimeout,
        Self::Dead,
        Self::SlowConsumer,
        Self::Replaced,
        Self::GivenUp,
        Self::Flood,
        Self::SignedOut,
        Self::PageLeft,
    ];

    /// The number on the wire.
    #[must_use]
    pub const fn as_u16(self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::GoingAway => 1001,
            Self::Protocol => 1002,
            Self::NotUtf8 => 1007,
            Self::TooBig => 1009,
            Self::Restart => 1012,
            Self::LoginTimeout => 4000,
            Self::Dead => 4001,
            Self::SlowConsumer => 4002,
            Self::Replaced => 4003,
            Self::GivenUp => 4004,
            Self::Flood => 4005,
            Self::SignedOut => 4006,
            Self::PageLeft => 4007,
        }
    }

    /// The reason text that goes with the code: at most 123 bytes (RFC 6455 section 5.5).
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Normal => "goodbye",
            Self::GoingAway => "the page goes away",
            Self::Protocol => "not a valid WebSocket frame",
            Self::NotUtf8 => "text that is not UTF-8",
            Self::TooBig => "message larger than 64 KiB",
            Self::Restart => "the server is restarting",
            Self::LoginTimeout => "no login in time",
            Self::Dead => "no answer to a ping",
            Self::SlowConsumer => "messages were not read in time",
            Self::Replaced => "the session goes on over another socket",
            Self::GivenUp => "the socket seems dead",
            Self::Flood => "too many messages",
            Self::SignedOut => "signed out",
            Self::PageLeft => "the page is left",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::CloseCode;

    #[test]
    fn every_code_is_its_own_and_its_reason_fits_a_close_frame() {
        for (index, code) in CloseCode::ALL.into_iter().enumerate() {
            assert!(code.reason().len() <= 123, "{code:?}");
            for other in &CloseCode::ALL[index + 1..] {
                assert_ne!(code.as_u16(), other.as_u16());
            }
        }
    }
}
