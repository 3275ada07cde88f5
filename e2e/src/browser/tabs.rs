//! The tabs of a browser, and what is in them.

use anyhow::{Context, Result};
use thirtyfour::WindowHandle;

use super::Browser;
use crate::wait::{PATIENCE, until};

impl Browser {
    /// Duplicates the tab: the same page, with what this tab keeps. What is asked from now on is of the new one. Gives
    /// the old one.
    ///
    /// # Errors
    /// There is no other tab, or the page cannot be loaded there.
    pub async fn duplicate_tab(&self) -> Result<WindowHandle> {
        let (old, url) = (self.driver.window().await?, self.driver.current_url().await?);
        self.driver.execute("window.open('about:blank')", Vec::new()).await?;
        let new = until(PATIENCE, async || {
            let all = self.driver.windows().await?;
            Ok(all.into_iter().find(|window| *window != old))
        });
        let new = new.await?.context("no tab opens")?;
        self.driver.switch_to_window(new).await?;
        self.open(url.as_str()).await?;
        Ok(old)
    }

    /// What is asked from now on is of this tab. Gives the one that it was of.
    ///
    /// # Errors
    /// It is closed.
    pub async fn switch_to(&self, tab: WindowHandle) -> Result<WindowHandle> {
        let before = self.driver.window().await?;
        self.driver.switch_to_window(tab).await?;
        Ok(before)
    }

    /// Leaves the page for another one, in the same tab. Gives the page's address.
    ///
    /// # Errors
    /// The browser is gone.
    pub async fn leave_page(&self) -> Result<String> {
        let page = self.driver.current_url().await?;
        self.driver.goto("about:blank").await?;
        Ok(page.into())
    }

    /// Goes back to the page that was left, as by the browser's button.
    ///
    /// # Errors
    /// The browser does not do it.
    pub async fn goes_back(&self) -> Result<()> {
        Ok(self.driver.back().await?)
    }

    /// Closes the tab, as a user does who has enough of it.
    ///
    /// # Errors
    /// It is closed already.
    pub async fn close_tab(&self) -> Result<()> {
        Ok(self.driver.close_window().await?)
    }
}
