//! Whether the picture goes on while something else does not.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::Browser;
use crate::wait::{PATIENCE, until};

/// For how long no frame may come, in ms. The cameras give 10 a second, and a machine that runs several browsers on two
/// cores is late by a few; a path or a connection that is made anew takes longer than this.
const LONGEST_STALL: f64 = 1_500.0;

/// How often the picture is looked at after what was to be watched: for 3 s.
const AFTERWARDS: usize = 12;

/// What was seen of the picture that comes in.
#[derive(Debug, Deserialize)]
pub struct Watched {
    samples: Vec<Sample>,
    /// How many peer connections the page has built since it was loaded.
    connections: usize,
}

#[derive(Debug, Deserialize)]
struct Sample {
    /// On the page's clock, in ms.
    at: f64,
    frames: u64,
    state: String,
    credentials: String,
}

impl Browser {
    /// Watches the picture from now on.
    ///
    /// # Errors
    /// There is no connection.
    pub async fn watches(&self) -> Result<()> {
        self.value("return e2eSpy.watch()").await
    }

    /// What was seen of the picture since [`watches`](Self::watches), and in the next seconds: what does harm may do it late.
    ///
    /// # Errors
    /// The browser is gone, or was not watched.
    pub async fn watched(&self) -> Result<Watched> {
        let count = async || self.value::<usize>("return e2eSpy.samples.length").await;
        let enough = count().await? + AFTERWARDS;
        let seen = until(PATIENCE, async || Ok((count().await? >= enough).then_some(()))).await?;
        seen.context("the page does not say how its picture does")?;
        self.value("return e2eSpy.watched()").await
    }

    /// The credentials of ICE on this side, which are others for each path that is sought.
    ///
    /// # Errors
    /// There is no connection.
    pub async fn path(&self) -> Result<String> {
        self.value("return e2eSpy.path()").await
    }

    /// Waits until another path was sought.
    ///
    /// # Errors
    /// None is.
    pub async fn has_another_path_than(&self, before: &str) -> Result<()> {
        let other = until(PATIENCE, async || Ok((self.path().await? != before).then_some(())));
        other.await?.context("no other path is sought")
    }
}

impl Watched {
    /// The longest time in which no frame came, in ms.
    #[must_use]
    pub fn longest_stall(&self) -> f64 {
        let (mut longest, mut last): (f64, Option<&Sample>) = (0.0, None);
        for sample in &self.samples {
            match last {
                Some(grown) if sample.frames <= grown.frames => {
                    longest = longest.max(sample.at - grown.at)
                }
                _ => last = Some(sample),
            }
        }
        longest
    }

    /// The picture has gone on all the time, over the connection and the path that it was on before.
    ///
    /// # Errors
    /// It has not.
    pub fn has_gone_on(&self) -> Result<()> {
        ensure!(self.samples.len() > AFTERWARDS, "it was hardly watched: {self:?}");
        ensure!(self.connections == 1, "{} connections were built", self.connections);
        ensure!(
            self.samples.iter().all(|sample| sample.state == "connected"),
            "the path broke: {self:?}"
        );
        let first = &self.samples[0].credentials;
        let same = self.samples.iter().all(|sample| sample.credentials == *first);
        ensure!(same, "another path was sought: {self:?}");
        let stall = self.longest_stall();
        ensure!(stall <= LONGEST_STALL, "no frame came for {stall} ms: {self:?}");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Sample, Watched};

    fn watched(frames: &[u64]) -> Watched {
        let samples = frames.iter().zip(0_u32..).map(|(frames, index)| Sample {
            at: f64::from(index) * 250.0,
            frames: *frames,
            state: "connected".to_owned(),
            credentials: "abcd".to_owned(),
        });
        Watched { samples: samples.collect(), connections: 1 }
    }

    #[test]
    fn a_picture_that_stands_still_is_found() {
        for (frames, stall) in [
            (&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13][..], 0.0),
            (&[1, 2, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], 500.0),
            (&[1, 2, 3, 4, 5, 6, 6, 6, 6, 6, 6, 6, 6], 1_750.0),
            // Another connection counts from the beginning.
            (&[90, 91, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], 2_750.0),
        ] {
            let watched = watched(frames);
            assert_eq!(watched.longest_stall(), stall, "{frames:?}");
            assert_eq!(watched.has_gone_on().is_ok(), stall < 1_500.0, "{frames:?}");
        }
    }

    #[test]
    fn another_connection_or_path_is_found() {
        let frames: Vec<u64> = (1..=13).collect();
        assert!(Watched { connections: 2, ..watched(&frames) }.has_gone_on().is_err());
        let mut broken = watched(&frames);
        broken.samples[3].state = "disconnected".to_owned();
        assert!(broken.has_gone_on().is_err());
        let mut restarted = watched(&frames);
        restarted.samples[5].credentials = "efgh".to_owned();
        assert!(restarted.has_gone_on().is_err());
        assert!(watched(&[1, 2]).has_gone_on().is_err());
    }
}
