//! Threats that the server stands against, by name, over real sockets. While somebody attacks, two others are in a call
//! and notice nothing. What the table names besides are tests of the same that are closer to the code.
//!
//! | threat | here | and |
//! | --- | --- | --- |
//! | cross-site WebSocket, DNS rebinding | `web` | `origins`; the page's headers: `page` |
//! | homoglyph and control-character names, `__proto__`, markup, squatting | `names` | `login`, `edge`; `protocol`'s `names` |
//! | oversize, fragmented and malformed frames | `frames` | `garbage`; the Autobahn cases in `interop`; the fuzz targets |
//! | slowloris on headers, on frames, on TLS handshakes; sockets that never log in; a consumer that never reads | `slowloris` | `deadlines`, `tls`, `slow` |
//! | floods of connections, logins, messages and calls | `floods` | `edge`, `fairness` |
//! | one network, or a crowd of them, that takes the places, the calls or the time of all others | `networks` | `edge` |
//! | a forged address: a proxy that is not trusted | | `edge::who_is_behind_a_trusted_proxy_is_counted_alone` |
//! | forged sender; answers, candidates and leaves from outside a call; enumeration | `calls` | `outsiders`; the fuzz target `session` |
//! | stolen and guessed secrets of sessions | | `resume::socket::a_second_tab_without_the_secret_or_with_another_is_refused` |
//! | stolen, used and old tickets, squatting of an account's name, sessions of others | | `identity::accounts` |
//! | forged tokens, mix-up of providers, injected codes, login by somebody else's link | | `identity::lies` |
//! | cross-site sign-out, floods on `/auth`, signing in over plain HTTP | | `identity::edge` |
//! | several hosts or none, long paths; files outside of the page; pages on loopback | `http` | `page`, `origins` |
//! | a server that drives the doctor of those who examine it | | `hostile` |
//! | a relay that is faster than it may, makes more of what strangers send, or reaches this machine | | `relay`: `hub::tests::limits`, `hub::tests::strangers`, `hub::tests::peers`, `relay::tests` |
//! | terminal escapes in logs, secrets in logs | | `program::nothing_from_outside_commands_the_terminal_that_a_log_is_read_in`, `program::no_log_holds_what_users_say_or_where_they_are` |

mod calls;
mod floods;
mod frames;
mod http;
mod names;
mod networks;
mod slowloris;
mod web;

use crate::common::{Client, Server};

/// Two in a call, whom no attack concerns.
struct Victims {
    alice: Client,
    bob: Client,
}

impl Victims {
    async fn at(server: &Server) -> Self {
        let (alice, bob) = server.call("alice", "bob").await;
        Self { alice, bob }
    }

    /// They still talk to each other, and nobody else has reached them.
    async fn notice_nothing(&mut self) {
        self.alice.say(r#"{"type":"candidate","candidate":1}"#).await;
        self.bob.hears(r#"{"type":"candidate","name":"alice","candidate":1,"call":"c1"}"#).await;
        self.bob.say(r#"{"type":"candidate","candidate":2}"#).await;
        self.alice.hears(r#"{"type":"candidate","name":"bob","candidate":2,"call":"c1"}"#).await;
    }
}
