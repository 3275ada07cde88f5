//! Picture and sound that come in.

use anyhow::{Context, Result};
use serde::Deserialize;

use super::Browser;
use crate::wait::{PATIENCE, until};

/// How much more must come in before picture and sound count as flowing: half a second of each.
const MORE_FRAMES: u64 = 5;
const MORE_PACKETS: u64 = 25;

/// What has come in over the page's connections since the call began.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub struct Received {
    /// Decoded video frames.
    pub frames: u64,
    /// Packets of sound.
    pub packets: u64,
    /// The picture's codec, as a MIME type.
    pub codec: Option<String>,
}

impl Browser {
    /// What has come in until now.
    ///
    /// # Errors
    /// The browser is gone.
    pub async fn received(&self) -> Result<Received> {
        self.promised("e2eSpy.received()").await
    }

    /// Waits until picture and sound come in, and more and more of them.
    ///
    /// # Errors
    /// They do not.
    pub async fn receives_media(&self) -> Result<Received> {
        self.receives_more("picture and sound", |begin, now| {
            begin.frames > 0
                && begin.packets > 0
                && now.frames >= begin.frames + MORE_FRAMES
                && now.packets >= begin.packets + MORE_PACKETS
        })
        .await
    }

    /// Waits until sound comes in, and more and more of it.
    ///
    /// # Errors
    /// It does not.
    pub async fn receives_sound(&self) -> Result<Received> {
        self.receives_more("sound", |begin, now| {
            begin.packets > 0 && now.packets >= begin.packets + MORE_PACKETS
        })
        .await
    }

    /// Waits until a picture has come and is played: for pages that cannot be watched from their first moment on.
    ///
    /// # Errors
    /// It is not.
    pub async fn plays(&self, video: &str) -> Result<()> {
        let script = format!(
            "const video = document.getElementById('{video}'); return video.videoWidth ? video.currentTime : null"
        );
        let mut first = None;
        let plays = until(PATIENCE, async || {
            let Some(now) = self.value::<Option<f64>>(&script).await? else { return Ok(None) };
            let begin = *first.get_or_insert(now);
            Ok((now >= begin + 1.0).then_some(()))
        });
        plays.await?.with_context(|| format!("#{video} does not play"))
    }

    async fn receives_more(
        &self,
        what: &str,
        enough: impl Fn(&Received, &Received) -> bool,
    ) -> Result<Received> {
        let mut seen: Vec<Received> = Vec::new();
        let flows = until(PATIENCE, async || {
            let now = self.received().await?;
            let before = seen.iter().any(|before| enough(before, &now));
            seen.push(now.clone());
            Ok(before.then_some(now))
        });
        let flows = flows.await?;
        flows.with_context(|| format!("no {what} comes in: {:?}", seen.last()))
    }
}
