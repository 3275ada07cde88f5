//! The tutorial's page.

use anyhow::{Context, Result, ensure};
use axum::{Router, response::Html, routing::get};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    Browser, Scene,
    wait::{PATIENCE, until},
};

const PAGE: &str = include_str!("page.html");

/// The tutorial's page, on a web server of its own. Dropped, it is gone.
#[derive(Debug)]
pub struct TutorialPage {
    url: String,
    running: JoinHandle<()>,
}

/// Somebody before the tutorial's page.
#[derive(Debug)]
pub struct TutorialUser {
    browser: Browser,
}

impl TutorialPage {
    /// Serves it on a free port of this machine.
    ///
    /// # Errors
    /// There is none.
    pub async fn start() -> Result<Self> {
        Self::serve(PAGE.to_owned()).await
    }

    /// Serves this in its place, such as the [`original`](super::original()).
    ///
    /// # Errors
    /// There is no free port.
    pub async fn serve(page: String) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/", listener.local_addr()?);
        let router = Router::new().route("/", get(async || Html(page)));
        let running = tokio::spawn(async move {
            // It serves until it is aborted.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { url, running })
    }

    /// Its address, for a page that connects to the server at this WebSocket URL.
    #[must_use]
    pub fn address(&self, server: &str) -> String {
        format!("{}?server={server}", self.url)
    }

    /// Somebody opens it, and it connects to the server at this WebSocket URL.
    ///
    /// # Errors
    /// It cannot be opened.
    pub async fn join(&self, scene: &Scene, name: &str, server: &str) -> Result<TutorialUser> {
        let browser = scene.visit(name, &self.address(server)).await?;
        let user = TutorialUser { browser };
        user.shows("connected").await?;
        user.browser.write("usernameInput", name).await?;
        user.browser.click("loginBtn").await?;
        user.shows("ready").await?;
        Ok(user)
    }
}

impl Drop for TutorialPage {
    fn drop(&mut self) {
        self.running.abort();
    }
}

impl TutorialUser {
    /// The browser that it is in.
    #[must_use]
    pub const fn browser(&self) -> &Browser {
        &self.browser
    }

    /// Calls somebody.
    ///
    /// # Errors
    /// The page is not there for it.
    pub async fn calls(&self, name: &str) -> Result<()> {
        self.browser.write("callToUsernameInput", name).await?;
        self.browser.click("callBtn").await
    }

    /// Hangs up.
    ///
    /// # Errors
    /// The page is not there for it.
    pub async fn hangs_up(&self) -> Result<()> {
        self.browser.click("hangUpBtn").await
    }

    /// Waits until the call has ended, as far as this page notices.
    ///
    /// # Errors
    /// It has not, or the page has stumbled over something.
    pub async fn has_ended(&self) -> Result<()> {
        self.shows("left").await?;
        let stumbled: Vec<String> = self.browser.value("return stumbles").await?;
        ensure!(stumbled.is_empty(), "the tutorial's page stumbled: {stumbled:?}");
        Ok(())
    }

    async fn shows(&self, state: &str) -> Result<()> {
        let script = "return document.body.dataset.state ?? ''";
        let mut last = String::new();
        let shown = until(PATIENCE, async || {
            last = self.browser.value(script).await?;
            Ok((last == state).then_some(()))
        });
        let shown = shown.await?;
        shown.with_context(|| format!("the tutorial's page is not {state:?}, but {last:?}"))
    }
}
