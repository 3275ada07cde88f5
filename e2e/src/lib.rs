//! What end-to-end tests are made of: the real server, real browsers, and the people who sit before them.
//!
//! A test is a [`scene::play`]: it names how many browsers it needs, lets [`Person`]s join, and says what each does and
//! comes to see. Nothing waits a fixed time; everything waits for something, until a deadline. When a scene fails, what
//! everybody saw at that moment is printed, and their screens are kept beside the other pictures. Whatever a scene
//! started ends with it, also when it panics.
//!
//! `cargo xtask test --step e2e` builds what is tested and names it in the environment; see [`settings`].

pub mod axe;
pub mod browser;
mod driver;
pub mod hostile;
pub mod person;
pub mod place;
mod program;
pub mod provider;
pub mod scene;
pub mod server;
pub mod settings;
pub mod setup_times;
pub mod tutorial;
pub mod wait;
pub mod web_server;
pub mod wire;

pub use browser::{Browser, Devices, Kind};
pub use hostile::{HostileServer, HostileSocket};
pub use person::{Look, Person};
pub use place::Place;
pub use provider::Provider;
pub use scene::{Join, Played, Scene, play};
pub use wire::Wire;
