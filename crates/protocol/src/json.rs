//! JSON (RFC 8259) in a few bytes of code, for pages: what they read is small, and all that is known of its shape stands in
//! this workspace. serde would make a fifth of the whole page.
//!
//! The server reads with serde what strangers send. Property tests hold the two together.

mod read;
mod write;

pub use read::{Mistake, Object, items, string, value};
pub use write::{Writer, quoted};
