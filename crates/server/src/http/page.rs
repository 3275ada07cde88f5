//! The built page: static files, with headers that let browsers keep what cannot change.

use std::path::{Path, PathBuf};

use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
};
use hyper::{
    StatusCode,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue},
};
use tower::ServiceExt;
use tower_http::services::ServeDir;

use super::edge::{Servers, policy};

/// For files whose name holds the hash of their content: another content has another name.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// For all others: keep it, but ask before using it whether it changed.
const ASK_FIRST: HeaderValue = HeaderValue::from_static("no-cache");

/// What is shown instead of a page that is not there.
const NOT_BUILT: &str = include_str!("not_built.html");

/// The directory of the built page.
#[derive(Clone, Debug)]
pub(super) struct Page {
    files: ServeDir,
    start: PathBuf,
}

impl Page {
    /// The files are looked for with each request, so the page may be built while the server runs.
    pub(super) fn new(web_root: &Path) -> Self {
        let files = ServeDir::new(web_root).precompressed_br().precompressed_gzip();
        Self { files, start: web_root.join("index.html") }
    }

    /// Answers a request for a file.
    pub(super) async fn serve(&self, request: Request) -> Response {
        let path = request.uri().path().to_owned();
        let servers = Servers::of(request.uri(), request.headers());
        let mut response = match self.files.clone().oneshot(request).await {
            Ok(response) => response.map(Body::new),
            Err(never) => match never {},
        };
        let is_start = path == "/" || path == "/index.html";
        match response.status() {
            StatusCode::NOT_FOUND if is_start => response = not_built(),
            StatusCode::NOT_FOUND => response = not_found(),
            _ => {}
        }
        if is_start && let Some(policy) = self.policy(&servers).await {
            response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
        }
        let there = response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED;
        let cache = if there && has_hash(&path) { FOR_EVER } else { ASK_FIRST };
        response.headers_mut().insert(CACHE_CONTROL, cache);
        response
    }

    /// What the start page may do. It is read anew each time, as it may have been built anew.
    async fn policy(&self, servers: &Servers) -> Option<HeaderValue> {
        match tokio::fs::read_to_string(&self.start).await {
            Ok(html) => policy(&html, servers),
            Err(_) => policy(NOT_BUILT, servers),
        }
    }
}

fn not_built() -> Response {
    let html = [(CONTENT_TYPE, "text/html; charset=utf-8")];
    (StatusCode::SERVICE_UNAVAILABLE, html, NOT_BUILT).into_response()
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "There is nothing here.\n").into_response()
}

/// Whether a file is named after its content, as trunk does it: `style-0123456789abcdef.css`, `page-0123456789abcdef_bg.wasm`.
fn has_hash(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let Some((stem, _)) = name.split_once('.') else { return false };
    let stem = stem.strip_suffix("_bg").unwrap_or(stem);
    stem.rsplit_once('-').is_some_and(|(_, hash)| {
        hash.len() >= 8 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

#[cfg(test)]
mod tests {
    use super::has_hash;

    #[test]
    fn a_name_with_a_hash_is_told_from_one_without() {
        for (path, hashed) in [
            ("/style-0123456789abcdef.css", true),
            ("/client-web-01234567.js", true),
            ("/client-web-0123456789abcdef_bg.wasm", true),
            ("/sub/ring-0123456789abcdef.mp3", true),
            ("/", false),
            ("/index.html", false),
            ("/client-web.js", false),
            ("/client-web_bg.wasm", false),
            ("/style-0123456.css", false),
            ("/style-0123456z.css", false),
            ("/style-0123456789abcdef", false),
            ("/snippets/gloo-0123456789abcdef/inline0.js", false),
        ] {
            assert_eq!(has_hash(path), hashed, "{path}");
        }
    }
}
