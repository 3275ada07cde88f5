//! Somebody who sits before Pronto's page.

mod look;

pub use look::Look;

use std::{ops::Deref, time::Duration};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    Browser,
    wait::{PATIENCE, until},
};

/// What the check of the connection says, by its keys.
const CHECKED: &str = "const of = (id) => document.getElementById(id).dataset.result ?? '';
    return [document.getElementById('checkPanel').dataset.summary ?? '',
        of('checkUdp'), of('checkTcp'), of('checkTls')];";

/// Somebody before Pronto's page. What can be done with any page, see [`Browser`], can be done with this one.
#[derive(Clone, Debug)]
pub struct Person {
    name: String,
    browser: Browser,
}

impl Deref for Person {
    type Target = Browser;

    fn deref(&self) -> &Browser {
        &self.browser
    }
}

impl Person {
    pub(crate) fn new(name: &str, browser: Browser) -> Self {
        Self { name: name.to_owned(), browser }
    }

    /// The name to sign in with.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same person, under another name.
    #[must_use]
    pub fn under(&self, name: &str) -> Self {
        Self { name: name.to_owned(), browser: self.browser.clone() }
    }

    /// What there is to see now.
    ///
    /// # Errors
    /// The browser is gone.
    pub async fn look(&self) -> Result<Look> {
        self.value(look::SCRIPT).await
    }

    /// Waits until there is something to see; `what` is said when it does not come.
    ///
    /// # Errors
    /// It does not come.
    pub async fn sees(&self, what: &str, is_it: impl Fn(&Look) -> bool) -> Result<Look> {
        self.sees_within(PATIENCE, what, is_it).await
    }

    /// The same for what takes longer.
    ///
    /// # Errors
    /// It does not come.
    pub async fn sees_within(
        &self,
        patience: Duration,
        what: &str,
        is_it: impl Fn(&Look) -> bool,
    ) -> Result<Look> {
        let mut last = None;
        let seen = until(patience, async || {
            let look = self.look().await?;
            let found = is_it(&look);
            last = Some(look.clone());
            Ok(found.then_some(look))
        });
        match seen.await? {
            Some(look) => Ok(look),
            None => {
                let last = last.map(|look| look.to_string()).unwrap_or_default();
                bail!("{} does not see {what} within {patience:?}, but {last}", self.name)
            }
        }
    }

    /// Agrees to use the server that the page's address names.
    ///
    /// # Errors
    /// The page does not ask, or does not go on.
    pub async fn uses_other_server(&self) -> Result<()> {
        self.sees("the question", |look| look.other_server.is_some()).await?;
        // An answer does not count before one can have read the question.
        let gone = until(PATIENCE, async || {
            self.click("useServerBtn").await?;
            Ok((self.look().await?.page() != "serverPage").then_some(()))
        });
        gone.await?.context("the page does not go on")
    }

    /// Signs in under the name, and comes to the page from which one calls.
    ///
    /// # Errors
    /// That does not happen.
    pub async fn sign_in(&self) -> Result<()> {
        self.tries_to_sign_in(&self.name).await?;
        self.sees("that they are signed in", Look::is_signed_in).await?;
        Ok(())
    }

    /// Goes to the provider of this id, and signs in there under the name, which is new to it. Comes back to the page.
    ///
    /// # Errors
    /// That does not happen.
    pub async fn signs_in_with(&self, provider: &str) -> Result<()> {
        self.goes_to(provider).await?;
        self.write_any("input[name=login]", &self.name).await?;
        self.write_any("input[name=password]", "any").await?;
        self.press_any("button[type=submit]").await?;
        self.agrees().await?;
        self.is_back().await
    }

    /// Agrees, at the provider, to what Pronto may know.
    ///
    /// # Errors
    /// The provider does not ask.
    pub async fn agrees(&self) -> Result<()> {
        self.press_any("form:has([value=consent]) button[type=submit]").await
    }

    /// Goes to the provider of this id.
    ///
    /// # Errors
    /// There is no link to it.
    pub async fn goes_to(&self, provider: &str) -> Result<()> {
        self.sees("the providers", |look| !look.providers.is_empty()).await?;
        self.press_any(&format!("#providers a[href^='auth/sign-in/{provider}?']")).await
    }

    /// Waits until the page is there again.
    ///
    /// # Errors
    /// It is not.
    pub async fn is_back(&self) -> Result<()> {
        self.sees("their page", |look| matches!(look.page(), "loginPage" | "callPage")).await?;
        self.spy().await
    }

    /// Asks to be signed in under this name.
    ///
    /// # Errors
    /// The page is not there for it.
    pub async fn tries_to_sign_in(&self, name: &str) -> Result<()> {
        self.sees("the sign-in", |look| look.page() == "loginPage").await?;
        self.write("usernameInput", name).await?;
        self.click("loginBtn").await
    }

    /// Checks the connection before signing in, and waits until it comes to this: the check's sentence, and what it says
    /// of UDP, TCP and TLS, by their keys.
    ///
    /// # Errors
    /// It comes to something else.
    pub async fn checks_connection(&self, expected: [&str; 4]) -> Result<()> {
        self.click("checkBtn").await?;
        let mut last = Vec::new();
        let done = until(PATIENCE, async || {
            last = self.value::<Vec<String>>(CHECKED).await?;
            Ok((last == expected).then_some(()))
        });
        ensure!(done.await?.is_some(), "{}'s check comes to {last:?}, not {expected:?}", self.name);
        Ok(())
    }

    /// Calls somebody.
    ///
    /// # Errors
    /// The page is not there for it.
    pub async fn calls(&self, name: &str) -> Result<()> {
        self.sees("that calls can be made", |look| look.can_call).await?;
        self.write("callToUsernameInput", name).await?;
        self.click("callBtn").await
    }

    /// Waits until it rings for a call from somebody.
    ///
    /// # Errors
    /// It does not.
    pub async fn is_rung_by(&self, caller: &str) -> Result<()> {
        let what = format!("a call from {caller}");
        self.sees(&what, |look| look.caller.as_deref() == Some(caller) && look.can_answer).await?;
        Ok(())
    }

    /// Answers, with the camera.
    ///
    /// # Errors
    /// There is no call.
    pub async fn answers(&self) -> Result<()> {
        self.click("acceptBtn").await
    }

    /// Declines.
    ///
    /// # Errors
    /// There is no call.
    pub async fn declines(&self) -> Result<()> {
        self.click("declineBtn").await
    }

    /// Hangs up, or gives up.
    ///
    /// # Errors
    /// There is no call.
    pub async fn hangs_up(&self) -> Result<()> {
        self.click("hangUpBtn").await
    }

    /// Waits until the call with somebody stands.
    ///
    /// # Errors
    /// It does not.
    pub async fn is_in_call_with(&self, peer: &str) -> Result<()> {
        let what = format!("a call with {peer}");
        let status = format!("in-call: {peer}");
        self.sees(&what, |look| look.phase() == "in-call" && look.status() == status).await?;
        Ok(())
    }

    /// Waits until there is no call any more and the page says so: `reason` is a sentence's key and its slots.
    ///
    /// # Errors
    /// There is one, or another reason.
    pub async fn is_idle_because(&self, reason: &str) -> Result<Look> {
        let what = format!("an end of the call by reason of {reason:?}");
        let look = self
            .sees(&what, |look| look.phase() == "idle" && look.notice.as_deref() == Some(reason))
            .await?;
        self.has_let_go().await?;
        Ok(look)
    }

    /// Waits until nothing is left of a call: no camera, no microphone, no connection, no ringing.
    ///
    /// # Errors
    /// Something is left.
    pub async fn has_let_go(&self) -> Result<()> {
        let mut left = None;
        let free = until(PATIENCE, async || {
            let tracks = self.tracks().await?;
            let (connections, tones) = (self.open_connections().await?, self.tones().await?);
            let free = tracks.iter().all(|track| track.ended) && connections == 0 && tones == 0;
            left = Some((tracks, connections, tones));
            Ok(free.then_some(()))
        });
        ensure!(
            free.await?.is_some(),
            "{} still has (tracks, connections, tones): {left:?}",
            self.name
        );
        Ok(())
    }

    /// Waits until the page has given a camera back, and has none open.
    ///
    /// # Errors
    /// It has not.
    pub async fn has_camera(&self, on: bool) -> Result<()> {
        let right = until(PATIENCE, async || {
            let tracks = self.tracks().await?;
            let open = tracks.iter().any(|track| track.kind == "video" && !track.ended);
            Ok((open == on).then_some(()))
        });
        let right = right.await?;
        ensure!(right.is_some(), "{}'s camera is not as it should be: on = {on}", self.name);
        Ok(())
    }
}
