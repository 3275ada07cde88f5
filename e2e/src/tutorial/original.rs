//! The tutorial's own page, taken out of the tutorial's text.

use std::{fs, path::Path};

use anyhow::{Context, Result};

/// What lets it run in a browser of today.
const SHIMS: &str = include_str!("shims.js");

/// With which line its program begins, of which the text has a whole one at its end.
const BEGIN: &str = "//our username";

/// The tutorial's page from the text of the tutorial, which lies in this folder; with what it needs to run in a browser of
/// today.
///
/// # Errors
/// There is no such text, or not the page in it.
pub fn original(folder: &Path) -> Result<String> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("{} is not there", folder.display()))?;
    let texts = entries.filter_map(|entry| fs::read_to_string(entry.ok()?.path()).ok());
    texts
        .filter_map(|text| page(&text))
        .next()
        .with_context(|| format!("{} has no text of the tutorial", folder.display()))
}

fn page(text: &str) -> Option<String> {
    let html = &text[text.find("<html>")?..];
    let html = &html[..html.find("</html>")?];
    let script = &text[text.rfind(BEGIN)?..];
    let script = &script[..script.rfind("};")? + 2];
    let (before, after) = html.split_once("<script src = \"client.js\"></script>")?;
    Some(format!(
        "<!DOCTYPE html>{before}<script>{SHIMS}</script><script>{script}</script>{after}</html>"
    ))
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn the_page_and_the_last_program_are_taken_out_of_the_text() {
        let text = "words //our username old(); }; <html>a<script src = \"client.js\"></script>b</html> \
                    //our username new(); }; words";
        let page = page(text).unwrap();
        assert!(page.contains(">a<script>") && page.contains("</script>b</html>"), "{page}");
        assert!(page.contains("<script>//our username new(); };</script>"), "{page}");
        assert!(!page.contains("old()") && !page.contains("words"), "{page}");
        assert_eq!(super::page("no page"), None);
    }
}
