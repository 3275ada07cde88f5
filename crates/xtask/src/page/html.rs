//! index.html: its `data-trunk` links, and the page with what they stand for in their place.

use std::cell::RefCell;

use anyhow::{Context, Result, anyhow, bail};
use lol_html::{
    HandlerResult, RewriteStrSettings, element,
    html_content::{ContentType, Element},
    rewrite_str,
};

/// What a link stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rel {
    /// The crate that is compiled to WASM.
    Rust,
    /// A style sheet.
    Css,
    /// The page's icon.
    Icon,
    /// A file that is served under its own name.
    CopyFile,
    /// A folder whose files are served under their own names.
    CopyDir,
}

/// A `<link data-trunk>` of index.html.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) rel: Rel,
    /// A path from the folder of index.html.
    pub(super) href: String,
    /// `data-target-path`: the folder of the page that the file goes to; empty for the page's own.
    pub(super) folder: String,
    /// `data-wasm-opt`: how hard the WASM is optimised.
    pub(super) wasm_opt: Option<String>,
    /// Attributes that stay as they are, such as `media` or `type`.
    pub(super) kept: Vec<(String, String)>,
}

/// The `data-trunk` links of `html`, in order.
pub(super) fn links(html: &str) -> Result<Vec<Link>> {
    let links = RefCell::new(Vec::new());
    let visit = |element: &mut Element<'_, '_>, _| {
        links.borrow_mut().push(link(element)?);
        Ok(())
    };
    rewrite(html, visit, "")?;
    Ok(links.into_inner())
}

/// The one link that names the crate.
pub(super) fn only_app(links: &[Link]) -> Result<&Link> {
    let mut apps = links.iter().filter(|link| link.rel == Rel::Rust);
    match (apps.next(), apps.next()) {
        (Some(app), None) => Ok(app),
        _ => bail!("index.html needs exactly one <link data-trunk rel=\"rust\">."),
    }
}

/// `html` with each `data-trunk` link replaced by the text of the same number, and `head` at the end of its head.
pub(super) fn render(html: &str, replacements: &[String], head: &str) -> Result<String> {
    let replace = |element: &mut Element<'_, '_>, number: usize| {
        let text = replacements.get(number).context("a link of index.html was not dealt with")?;
        element.replace(text, ContentType::Html);
        Ok(())
    };
    rewrite(html, replace, head)
}

/// Calls `visit` for each element with `data-trunk` and its number, and appends `head` to the head.
fn rewrite<V>(html: &str, visit: V, head: &str) -> Result<String>
where
    V: Fn(&mut Element<'_, '_>, usize) -> Result<()>,
{
    let mut number = 0..;
    let on_link = element!("[data-trunk]", |element| -> HandlerResult {
        let number = number.next().context("numbers do not end")?;
        Ok(visit(element, number)?)
    });
    let on_head = element!("head", |element| -> HandlerResult {
        element.append(head, ContentType::Html);
        Ok(())
    });
    let settings = RewriteStrSettings::new()
        .append_element_content_handler(on_link)
        .append_element_content_handler(on_head);
    rewrite_str(html, settings).map_err(|error| anyhow!("index.html: {error}"))
}

fn link(element: &Element<'_, '_>) -> Result<Link> {
    let tag = element.tag_name();
    if tag != "link" {
        bail!("<{tag} data-trunk> is something only trunk knows; <link data-trunk> is known here.");
    }
    let rel = match element.get_attribute("rel").as_deref() {
        Some("rust") => Rel::Rust,
        Some("css") => Rel::Css,
        Some("icon") => Rel::Icon,
        Some("copy-file") => Rel::CopyFile,
        Some("copy-dir") => Rel::CopyDir,
        other => bail!(
            "<link data-trunk rel=\"{}\"> is not known here: use rust, css, icon, copy-file or copy-dir, \
             or teach it to crates/xtask/src/page.",
            other.unwrap_or_default()
        ),
    };
    let href = element
        .get_attribute("href")
        .filter(|href| !href.is_empty())
        .context("a <link data-trunk> has no href.")?;
    let mut link = Link { rel, href, folder: String::new(), wasm_opt: None, kept: Vec::new() };
    for attribute in element.attributes() {
        let value = attribute.value();
        match attribute.name().as_str() {
            "data-trunk" | "rel" | "href" => {}
            "data-target-path" => link.folder = value.trim_matches('/').to_owned(),
            "data-wasm-opt" if rel == Rel::Rust => link.wasm_opt = Some(value),
            name if name.starts_with("data-") => bail!(
                "{name} on a <link data-trunk rel=…> is not known here: leave it out, \
                 or teach it to crates/xtask/src/page."
            ),
            name => link.kept.push((name.to_owned(), value)),
        }
    }
    Ok(link)
}

#[cfg(test)]
mod tests {
    use super::{Link, Rel, links, only_app, render};

    const PAGE: &str = "<html><head><link data-trunk rel=\"rust\" href=\"c/Cargo.toml\" data-wasm-opt=\"z\"/>\
                        <link data-trunk rel=\"css\" href=\"a.css\" media=\"print\"/></head><body></body></html>";

    fn link(rel: Rel, href: &str) -> Link {
        let href = href.to_owned();
        Link { rel, href, folder: String::new(), wasm_opt: None, kept: Vec::new() }
    }

    #[test]
    fn links_are_read_in_order_with_their_attributes() {
        let app = Link { wasm_opt: Some("z".to_owned()), ..link(Rel::Rust, "c/Cargo.toml") };
        let kept = vec![("media".to_owned(), "print".to_owned())];
        let css = Link { kept, ..link(Rel::Css, "a.css") };
        assert_eq!(links(PAGE).unwrap(), [app, css]);
    }

    #[test]
    fn links_give_way_to_what_they_stand_for() {
        let replacements = ["<script>".to_owned(), "<style>".to_owned()];
        assert_eq!(
            render(PAGE, &replacements, "<meta>").unwrap(),
            "<html><head><script><style><meta></head><body></body></html>"
        );
    }

    #[test]
    fn what_only_trunk_knows_is_an_error_that_names_it() {
        for (html, named) in [
            ("<link data-trunk rel=\"sass\" href=\"a\"/>", "rel=\"sass\""),
            ("<link data-trunk href=\"a\"/>", "rel=\"\""),
            ("<link data-trunk rel=\"css\"/>", "no href"),
            ("<link data-trunk rel=\"css\" href=\"a\" data-inline/>", "data-inline"),
            ("<script data-trunk src=\"a.js\"></script>", "<script data-trunk>"),
        ] {
            let error = links(html).unwrap_err().to_string();
            assert!(error.contains(named), "{html}: {error}");
        }
    }

    #[test]
    fn a_page_has_exactly_one_app() {
        let app = link(Rel::Rust, "a");
        assert_eq!(only_app(std::slice::from_ref(&app)).unwrap(), &app);
        assert!(only_app(&[]).is_err());
        assert!(only_app(&[app.clone(), app]).is_err());
    }
}
