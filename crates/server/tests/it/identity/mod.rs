//! Who somebody is: signing in with providers, real ones on this machine, some of which lie.

mod accounts;
mod browser;
mod edge;
mod flow;
mod kept;
mod lies;
mod outages;
mod path;
mod provider;

use identity::{Guests, Settings};
use server::Config;

pub(crate) use self::{
    browser::Browser,
    provider::{CLIENT, Provider, SECRET},
};

use crate::common::Server;

/// A server whose people sign in with these providers.
pub(crate) async fn server_with(
    providers: &[(&str, &Provider)],
    configure: impl FnOnce(&mut Config, &mut Settings),
) -> Server {
    let settings = providers.iter().map(|(id, provider)| provider.settings(id)).collect();
    let mut settings = Settings::new(settings, Guests::Allow).unwrap();
    Server::with(|config| {
        configure(config, &mut settings);
        config.identity = Some(settings);
    })
    .await
}
