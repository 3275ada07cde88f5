//! The load: clients that cost as little as they can, so that there is time left to measure the server.
//!
//! All of them live on one thread. They write each message for itself, as browsers do, and look no further into what
//! comes than they must to see that it is the right message.

mod client;
mod frame;
mod pair;
mod turn;
mod words;

pub(crate) use client::{Client, UPGRADE, connect_from};
pub(crate) use pair::{Pair, Progress};
pub(crate) use turn::{PACKET, TurnClient};
pub(crate) use words::{login, offer};
