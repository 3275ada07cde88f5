//! What is tested, and with what: paths in environment variables, which `cargo xtask test` sets.

use std::{env, path::PathBuf};

use anyhow::{Context, Result};

/// The server's program.
pub const SERVER: &str = "PRONTO_BIN";
/// The page, as `cargo xtask run` builds it.
pub const PAGE: &str = "PRONTO_WEB_ROOT";
/// The page, as trunk builds it.
pub const TRUNK_PAGE: &str = "PRONTO_TRUNK_WEB_ROOT";
/// Where pictures are kept.
pub const SCREENSHOTS: &str = "PRONTO_SCREENSHOTS";
/// The folder with the text of the tutorial.
pub const TUTORIAL: &str = "PRONTO_TUTORIAL_TEXT";
/// The file for the table of set-up times.
pub const SETUP_TIMES: &str = "PRONTO_SETUP_TIMES";
/// `axe.min.js`.
pub const AXE: &str = "PRONTO_AXE";
/// The script that is an OpenID Connect provider.
pub const PROVIDER: &str = "PRONTO_PROVIDER";
/// The folder of the packages that it needs.
pub const PROVIDER_MODULES: &str = "PRONTO_PROVIDER_MODULES";
/// What runs it.
pub const NODE: &str = "NODE";
/// A web server of other people's.
pub const NGINX: &str = "NGINX";
/// The browsers, and the programs that drive them.
pub const CHROMIUM: &str = "CHROMIUM";
/// See [`CHROMIUM`].
pub const CHROMEDRIVER: &str = "CHROMEDRIVER";
/// See [`CHROMIUM`].
pub const FIREFOX: &str = "FIREFOX";
/// See [`CHROMIUM`].
pub const GECKODRIVER: &str = "GECKODRIVER";

/// The path that a variable names.
///
/// # Errors
/// It is not set.
pub fn path(variable: &str) -> Result<PathBuf> {
    env::var_os(variable).map(PathBuf::from).with_context(|| {
        format!("{variable} is not set: these tests are run by `cargo xtask test --step e2e`")
    })
}

/// The variables that are meant for these tests or for a server that somebody starts by hand: a server under test
/// shall hear of none of them.
pub(crate) fn foreign_to_the_server() -> impl Iterator<Item = String> {
    env::vars().map(|(name, _)| name).filter(|name| name.starts_with("PRONTO_"))
}
