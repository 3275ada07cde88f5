//! Waiting for something to become so.

use std::time::{Duration, Instant};

use anyhow::Result;

/// How long is waited for what takes a moment. It never does take that long, unless the machine is very busy.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How often is looked: often enough to lose no time, seldom enough to leave it to the browsers.
const INTERVAL: Duration = Duration::from_millis(80);

/// Looks again and again until there is something, or the time is up.
///
/// # Errors
/// Looking failed.
pub async fn until<T>(
    patience: Duration,
    mut look: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<Option<T>> {
    let begin = Instant::now();
    loop {
        if let Some(found) = look().await? {
            return Ok(Some(found));
        }
        if begin.elapsed() > patience {
            return Ok(None);
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// Does something that may be too early, again and again until it succeeds or the time is up.
///
/// # Errors
/// The last one.
pub async fn until_it_works<T>(
    patience: Duration,
    mut attempt: impl AsyncFnMut() -> Result<T>,
) -> Result<T> {
    let begin = Instant::now();
    loop {
        match attempt().await {
            Err(_) if begin.elapsed() <= patience => tokio::time::sleep(INTERVAL).await,
            result => return result,
        }
    }
}
