//! axe-core: finds what keeps people from using a page.

use std::fs;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::{
    Browser,
    settings::{self, AXE},
};

const RUN: &str = "axe.run(document, { resultTypes: ['violations'] })
    .then(({ violations }) => violations.map(({ id, help, nodes }) => ({
        id,
        help,
        elements: nodes.map(({ html, failureSummary }) => `${html}: ${failureSummary}`),
    })))";

/// A rule that the page breaks.
#[derive(Clone, Debug, Deserialize)]
pub struct Violation {
    /// axe's name of the rule.
    pub id: String,
    /// What it asks for.
    pub help: String,
    /// What breaks it, and how.
    pub elements: Vec<String>,
}

/// The rules that the page breaks as it is now.
///
/// # Errors
/// axe cannot be run.
pub async fn violations(browser: &Browser) -> Result<Vec<Violation>> {
    if browser.value("return typeof axe === 'undefined'").await? {
        let file = settings::path(AXE)?;
        let script = fs::read_to_string(&file)
            .with_context(|| format!("{} cannot be read", file.display()))?;
        browser.driver().execute(script, Vec::new()).await?;
    }
    browser.promised(RUN).await
}
