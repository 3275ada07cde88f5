//! Stand-ins for the two programs of the tutorial that Pronto comes from, in our own words: they do on the wire, and
//! with the browser, what those do, with all that is lacking in it.

mod original;
mod page;
mod server;
mod world;

pub use original::original;
pub use page::{TutorialPage, TutorialUser};
pub use server::TutorialServer;
