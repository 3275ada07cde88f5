//! Comments and indentation, which are for whoever reads the sources, taken out of what is shipped.

use anyhow::{Result, anyhow};
use lol_html::{HandlerResult, RewriteStrSettings, doc_comments, rewrite_str};

use super::assets::Files;

/// Takes the comments out of the style sheets, and the spaces that mean nothing. Ours have neither within a string.
pub(super) fn style_sheets(files: &mut Files) {
    for (name, content) in files {
        if name.ends_with(".css")
            && let Ok(text) = std::str::from_utf8(content)
        {
            *content = without_spaces(&lines(&without_comments(text))).into_bytes();
        }
    }
}

/// The same for the glue. It has comments on lines of their own only.
pub(super) fn script(js: &str) -> String {
    if js.lines().any(|line| line.matches('`').count() % 2 == 1) {
        // A text of several lines, of which each is part of it.
        return js.to_owned();
    }
    let mut within = false;
    let code = js.lines().map(str::trim).filter(|line| {
        within |= line.starts_with("/*");
        let comment = within || line.starts_with("//");
        within &= !line.ends_with("*/");
        !comment
    });
    lines(&code.collect::<Vec<_>>().join("\n"))
}

/// The same for the page. It has no text whose spaces count.
pub(super) fn page(html: &str) -> Result<String> {
    let on_comment = doc_comments!(|comment| -> HandlerResult {
        comment.remove();
        Ok(())
    });
    let settings = RewriteStrSettings::new().append_document_content_handler(on_comment);
    let bare = rewrite_str(html, settings).map_err(|error| anyhow!("index.html: {error}"))?;
    Ok(lines(&bare))
}

fn without_comments(css: &str) -> String {
    let mut parts = css.split("/*");
    let mut bare = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        bare += part.split_once("*/").map_or("", |(_, after)| after);
    }
    bare
}

/// Where one thing ends and the next begins, nothing need stand between them; and no selector has a space behind a colon.
fn without_spaces(css: &str) -> String {
    let pairs = [("{\n", "{"), (";\n", ";"), ("}\n", "}"), (",\n", ","), (" {", "{"), (": ", ":")];
    pairs.into_iter().fold(css.to_owned(), |css, (spaced, dense)| css.replace(spaced, dense))
}

/// The lines that are not empty, without the spaces at their ends.
fn lines(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::{Files, page, script, style_sheets};

    #[test]
    fn a_style_sheet_loses_comments_and_spaces() {
        let css = "/* a */\na :f,\ng {\n  b: c d; /* d\n  e */\n}\n/* open";
        let mut files: Files = [("a.css", css), ("a.txt", css)]
            .map(|(name, css)| (name.to_owned(), css.into()))
            .into();
        style_sheets(&mut files);
        assert_eq!(files["a.css"], b"a :f,g{b:c d;}");
        assert_eq!(files["a.txt"], css.as_bytes());
    }

    #[test]
    fn a_script_loses_comments_and_indentation() {
        let js = "/**\n * a */\nf();\n\n  // b\n  const c = \"// `/* d */` \";\n/* e */\ng();\n";
        assert_eq!(script(js), "f();\nconst c = \"// `/* d */` \";\ng();");
        let text = "f(`a\n  // b\n`);";
        assert_eq!(script(text), text);
    }

    #[test]
    fn a_page_loses_comments_and_indentation() {
        let html = "<!DOCTYPE html>\n<!-- a\n b -->\n<p>c\n   d <!-- e -->f</p>\n";
        assert_eq!(page(html).unwrap(), "<!DOCTYPE html>\n<p>c\nd f</p>");
    }
}
