//! Pronto's page.
//!
//! [`call`] is the pure part: what the page does, as a state machine that is told what happened and says what to do.
//! `browser` is the shell around it, and the only part that knows a browser.

pub mod address;
pub mod call;
pub mod check;
pub mod clock;
pub mod drawing;
pub mod ids;
pub mod intake;
pub mod timing;

#[cfg(target_arch = "wasm32")]
pub mod browser;
