//! When things happened while a call was set up.

use anyhow::Result;
use serde::Deserialize;

use super::Browser;

/// When things happened on one page while a call was set up, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Times {
    /// The button was pressed that calls.
    pub called: Option<f64>,
    /// The page was told that it rings at the other end.
    pub outgoing: Option<f64>,
    /// It rang here.
    pub incoming: Option<f64>,
    /// The offer was there.
    pub offered: Option<f64>,
    /// The button was pressed that accepts.
    pub accepted: Option<f64>,
    /// The other's first picture was there.
    pub picture: Option<f64>,
}

impl Browser {
    /// Waits for the other's first picture, and says when what happened.
    ///
    /// # Errors
    /// None comes within the browser's patience with scripts, half a minute.
    pub async fn times(&self) -> Result<Times> {
        self.promised("e2eSpy.allTimes()").await
    }
}
