//! How a call came about: when its first picture was there, and by which path.

use std::time::Duration;

use anyhow::Result;

use super::Browser;

impl Browser {
    /// Waits for the first picture of a call: the time since 1970 at which it was there.
    ///
    /// # Errors
    /// The call ends before, or there is none within the browser's patience with scripts, half a minute.
    pub async fn first_picture(&self) -> Result<Duration> {
        Ok(Duration::from_millis(self.promised("e2eSpy.firstPicture()").await?))
    }

    /// When a call was last answered here, since 1970.
    ///
    /// # Errors
    /// None was.
    pub async fn answered_at(&self) -> Result<Duration> {
        Ok(Duration::from_millis(self.value("return e2eSpy.answeredAt").await?))
    }

    /// The path of the call that was chosen, seen from this end: the type of the local candidate, and the transport
    /// between it and whoever it is seen by, for example `host/udp` or `relay/tls`.
    ///
    /// # Errors
    /// There is none.
    pub async fn route(&self) -> Result<String> {
        self.promised("e2eSpy.route()").await
    }
}
