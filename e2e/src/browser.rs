//! A browser with one page in it, of which nothing is known but that it calls people.

mod launch;
mod received;
mod route;
mod tabs;
mod times;
mod watch;

pub(crate) use launch::launch;
pub use launch::{Devices, Kind};
pub use received::Received;
pub use times::Times;
pub use watch::Watched;

use std::{path::Path, time::Duration};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use thirtyfour::{By, WebDriver, WebElement};

use crate::wait::{PATIENCE, until, until_it_works};

const SPY: &str = include_str!("browser/spy.js");

/// A browser with one page in it.
#[derive(Clone, Debug)]
pub struct Browser {
    driver: WebDriver,
    kind: Kind,
}

/// A camera or microphone that the page has opened at some time.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Track {
    /// `audio` or `video`.
    pub kind: String,
    /// Whether it was given back.
    pub ended: bool,
}

impl Browser {
    pub(crate) const fn new(driver: WebDriver, kind: Kind) -> Self {
        Self { driver, kind }
    }

    /// Which browser it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Its driver, for what is needed once only.
    #[must_use]
    pub const fn driver(&self) -> &WebDriver {
        &self.driver
    }

    /// Opens a page, and watches from then on what it opens.
    ///
    /// # Errors
    /// It cannot be loaded.
    pub async fn open(&self, url: &str) -> Result<()> {
        self.spy_on_what_comes().await?;
        self.driver.goto(url).await?;
        self.spy().await
    }

    /// A page that opens something as soon as it is loaded is watched from its first moment on, in Chromium.
    async fn spy_on_what_comes(&self) -> Result<()> {
        if self.kind == Kind::Chromium {
            let script = json!({ "source": SPY });
            self.devtools("Page.addScriptToEvaluateOnNewDocument", script).await?;
        }
        Ok(())
    }

    /// Presses the first link or button of any page that this selector finds.
    ///
    /// # Errors
    /// There is none.
    pub async fn press_any(&self, selector: &str) -> Result<()> {
        self.hears(&format!("document.querySelector({selector:?})")).await?;
        until_it_works(PATIENCE, async || {
            Ok(self.driver.find(By::Css(selector)).await?.click().await?)
        })
        .await
        .with_context(|| format!("{selector} cannot be pressed"))
    }

    /// Writes into a field of any page.
    ///
    /// # Errors
    /// There is none.
    pub async fn write_any(&self, selector: &str, text: &str) -> Result<()> {
        until_it_works(PATIENCE, async || {
            Ok(self.driver.find(By::Css(selector)).await?.send_keys(text).await?)
        })
        .await
        .with_context(|| format!("{selector} cannot be written into"))
    }

    /// Loads the page again.
    ///
    /// # Errors
    /// It cannot be loaded.
    pub async fn reload(&self) -> Result<()> {
        self.driver.refresh().await?;
        self.spy().await
    }

    /// Watches from now on what the page opens, as far as that is not done.
    ///
    /// # Errors
    /// The browser is gone.
    pub async fn spy(&self) -> Result<()> {
        self.driver.execute(SPY, Vec::new()).await?;
        Ok(())
    }

    /// The value of a function's body.
    ///
    /// # Errors
    /// It throws, or its value is of another type.
    pub async fn value<T: DeserializeOwned>(&self, script: &str) -> Result<T> {
        let returned = self.driver.execute(script, Vec::new()).await?;
        Ok(returned.convert()?)
    }

    /// Waits until this function's body gives `true`.
    ///
    /// # Errors
    /// It does not.
    pub async fn becomes(&self, script: &str) -> Result<()> {
        let become_so =
            until(PATIENCE, async || Ok(self.value::<bool>(script).await?.then_some(())));
        become_so.await?.with_context(|| format!("it is not so: {script}"))
    }

    /// What the promise comes to that an expression makes.
    ///
    /// # Errors
    /// It throws or is rejected, or its value is of another type.
    pub async fn promised<T: DeserializeOwned>(&self, expression: &str) -> Result<T> {
        let script = format!(
            "const done = arguments[arguments.length - 1];
            Promise.resolve().then(() => {expression}).then((value) => done({{ value }}), (error) => done({{ error: String(error) }}));"
        );
        let mut returned: Value = self.driver.execute_async(script, Vec::new()).await?.convert()?;
        ensure!(returned["error"].is_null(), "{expression}: {}", returned["error"]);
        Ok(serde_json::from_value(returned["value"].take())?)
    }

    /// Presses a button as soon as it can be pressed: not while something lies over it, or moves, or while it is deaf, as what
    /// has just come to where it is.
    ///
    /// # Errors
    /// It cannot be pressed.
    pub async fn click(&self, id: &str) -> Result<()> {
        const UNHEARD: &str = "return window.e2eSpy?.unheard ?? 0";
        loop {
            self.hears(&format!("document.getElementById('{id}')")).await?;
            let before: u32 = self.value(UNHEARD).await?;
            self.with_element(id, async |element| Ok(element.click().await?)).await?;
            // It may have moved just before it was pressed. Where that leads to another page, nobody can be asked.
            if self.value::<u32>(UNHEARD).await.unwrap_or(before) <= before {
                return Ok(());
            }
        }
    }

    /// Presses a button twice, as quickly as can be, as soon as it can be pressed.
    ///
    /// # Errors
    /// It cannot be pressed.
    pub async fn presses_twice(&self, id: &str) -> Result<()> {
        self.hears(&format!("document.getElementById('{id}')")).await?;
        self.with_element(id, async |element| {
            Ok(self.driver.action_chain().double_click_element(&element).perform().await?)
        })
        .await
    }

    /// Waits until an element hears that has just come to where it is; without one, does not wait.
    ///
    /// # Errors
    /// It does not.
    pub async fn hears(&self, element: &str) -> Result<()> {
        let script = format!(
            "return !(performance.now() < Number({element}?.closest('[data-deaf]')?.dataset.deaf))"
        );
        self.becomes(&script).await
    }

    /// Writes into a field, instead of what stands in it.
    ///
    /// # Errors
    /// There is no such field.
    pub async fn write(&self, id: &str, text: &str) -> Result<()> {
        self.with_element(id, async |field| {
            field.clear().await?;
            Ok(field.send_keys(text).await?)
        })
        .await
    }

    /// Does something with an element as soon as it can be done.
    ///
    /// # Errors
    /// What came of the last attempt.
    pub async fn with_element(
        &self,
        id: &str,
        mut act: impl AsyncFnMut(WebElement) -> Result<()>,
    ) -> Result<()> {
        until_it_works(PATIENCE, async || act(self.driver.find(By::Id(id)).await?).await)
            .await
            .with_context(|| format!("#{id} cannot be used"))
    }

    /// Presses keys, wherever the focus is.
    ///
    /// # Errors
    /// The browser is gone.
    pub async fn press(&self, keys: impl AsRef<str>) -> Result<()> {
        Ok(self.driver.action_chain().send_keys(keys.as_ref()).perform().await?)
    }

    /// All cameras and microphones that the page has opened.
    ///
    /// # Errors
    /// The browser is gone.
    pub async fn tracks(&self) -> Result<Vec<Track>> {
        self.value("return e2eSpy.tracks.map(({ kind, readyState }) => ({ kind, ended: readyState === 'ended' }))")
            .await
    }

    /// How many peer connections are open.
    ///
    /// # Errors
    /// The browser is gone.
    pub async fn open_connections(&self) -> Result<usize> {
        self.value("return e2eSpy.connections.filter(e2eSpy.isOpen).length").await
    }

    /// How many tones are sounding.
    ///
    /// # Errors
    /// The browser is gone.
    pub async fn tones(&self) -> Result<i64> {
        self.value("return e2eSpy.tones").await
    }

    /// Waits until the page can be heard, or costs nothing for that.
    ///
    /// # Errors
    /// It does not come to that.
    pub async fn is_heard(&self, heard: bool) -> Result<()> {
        self.becomes(&format!("return e2eSpy.runs() === {heard}")).await
    }

    /// What went wrong since this was asked the last time, by the browser's own log. Only Chromium tells.
    ///
    /// # Errors
    /// The browser is gone.
    pub async fn console_errors(&self) -> Result<Vec<String>> {
        if self.kind == Kind::Firefox {
            return Ok(Vec::new());
        }
        let log = self.driver.browser_log().await?;
        let errors = log.into_iter().filter(|entry| entry.level == "SEVERE");
        Ok(errors.map(|entry| entry.message).collect())
    }

    /// Keeps a picture of the page.
    ///
    /// # Errors
    /// It cannot be taken or written.
    pub async fn photograph(&self, file: &Path) -> Result<()> {
        Ok(self.driver.screenshot(file).await?)
    }

    /// Sends a command of the Chrome DevTools Protocol.
    ///
    /// # Errors
    /// It is no Chromium, or does not like the command.
    pub async fn devtools(&self, method: &str, parameters: Value) -> Result<Value> {
        Ok(self.driver.cdp().send_raw(method, parameters).await?)
    }

    /// Gives the page this size in CSS pixels, and this colour scheme, and holds decorations still.
    ///
    /// # Errors
    /// It is no Chromium.
    pub async fn dress(&self, (width, height): (u32, u32), colours: &str) -> Result<()> {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await?;
        let features = json!([
            { "name": "prefers-color-scheme", "value": colours },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await?;
        let laid_out = format!(
            "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(innerWidth === {width}))))"
        );
        let dressed =
            until(PATIENCE, async || Ok(self.promised::<bool>(&laid_out).await?.then_some(())));
        dressed.await?.context("the page does not take the size")
    }

    /// Ends the browser.
    pub(crate) async fn quit(self) {
        // It may have ended by itself; its driver ends in any case.
        let _ = tokio::time::timeout(Duration::from_secs(10), self.driver.quit()).await;
    }
}
