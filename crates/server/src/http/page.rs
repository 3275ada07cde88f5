//! The built page: static files, with headers that let browsers keep what cannot change.
//!
//! They are read once, and looked at for changes now and then: a flood of requests costs no disk.

mod files;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use hyper::{
    HeaderMap, Method, StatusCode,
    header::{
        ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY,
        CONTENT_TYPE, ETAG, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, VARY,
    },
};
use tokio::{
    sync::{Semaphore, watch},
    task::{JoinHandle, spawn_blocking},
    time::{Instant, timeout},
};

use self::files::{File, Files, START};
use super::edge::{Markup, Servers};
use crate::limits::{PAGE_CHECK_PATIENCE, PAGE_READ_PATIENCE};

/// For files whose name holds the hash of their content: another content has another name.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// For all others: keep it, but ask before using it whether it changed.
const ASK_FIRST: HeaderValue = HeaderValue::from_static("no-cache");

/// What is shown instead of a page that is not there.
const NOT_BUILT: &str = include_str!("not_built.html");

/// Its markup, for its policy.
static NOT_BUILT_MARKUP: LazyLock<Markup> = LazyLock::new(|| Markup::of(NOT_BUILT));

/// The forms in which a file may lie beside itself: their names in `Accept-Encoding`, and how the files' names go on. The
/// smallest comes first.
const FORMS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// The directory of the built page.
#[derive(Debug)]
pub(super) struct Page {
    root: PathBuf,
    interval: Duration,
    /// `None` until they were read for the first time.
    files: watch::Sender<Option<Arc<Files>>>,
    looked_at: Mutex<Option<Instant>>,
    /// One looks at a time, however long the disk takes.
    looking: Arc<Semaphore>,
}

impl Page {
    /// The files are looked for while somebody asks for them, as often as `interval` says, so the page may be built while the
    /// server runs.
    pub(super) fn new(web_root: &Path, interval: Duration) -> Self {
        Self {
            root: web_root.to_owned(),
            interval,
            files: watch::Sender::new(None),
            looked_at: Mutex::default(),
            looking: Arc::new(Semaphore::new(1)),
        }
    }

    /// Answers a request for a file.
    pub(super) async fn serve(&self, request: Request) -> Response {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let say = "This is only read.\n";
            return (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET, HEAD")], say).into_response();
        }
        let Some(files) = self.files().await else { return unreadable() };
        let path = match request.uri().path() {
            "/" => START,
            path => path,
        };
        let file = files.get(path);
        let mut response = match file {
            Some(_) => whole_or_unchanged(&files, path, request.headers()),
            None if path == START => not_built(),
            None => not_found(),
        };
        if path == START {
            let servers = Servers::of(request.uri(), request.headers());
            let markup = file.and_then(|file| file.markup.as_ref()).unwrap_or(&NOT_BUILT_MARKUP);
            if let Some(policy) = markup.policy(&servers) {
                response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
            }
        }
        let cache = if file.is_some() && has_hash(path) { FOR_EVER } else { ASK_FIRST };
        response.headers_mut().insert(CACHE_CONTROL, cache);
        response
    }

    /// The files, as new as they can be had in a moment; `None` if the disk does not answer.
    async fn files(&self) -> Option<Arc<Files>> {
        let mut files = self.files.subscribe();
        let is_known = files.borrow().is_some();
        match self.look_if_due() {
            Some(look) => {
                let patience = if is_known { PAGE_CHECK_PATIENCE } else { PAGE_READ_PATIENCE };
                // The look goes on, and later requests see its result.
                let _ = timeout(patience, look).await;
            }
            None if is_known => {}
            None => {
                let read = timeout(PAGE_READ_PATIENCE, files.wait_for(Option::is_some));
                let _ = read.await;
            }
        }
        files.borrow().clone()
    }

    /// Looks at the files, unless somebody does, or did a moment ago.
    fn look_if_due(&self) -> Option<JoinHandle<()>> {
        let looking = Arc::clone(&self.looking).try_acquire_owned().ok()?;
        {
            let mut looked_at = self.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
            if looked_at.is_some_and(|at| at.elapsed() < self.interval) {
                return None;
            }
            *looked_at = Some(Instant::now());
        }
        let (root, files) = (self.root.clone(), self.files.clone());
        Some(spawn_blocking(move || {
            let before = files.borrow().clone().unwrap_or_default();
            files.send_replace(Some(Arc::new(Files::read(&root, &before))));
            drop(looking);
        }))
    }
}

/// The smallest form of a file that the browser takes, unless it has that.
fn whole_or_unchanged(files: &Files, path: &str, headers: &HeaderMap) -> Response {
    let forms = FORMS
        .iter()
        .filter_map(|(name, suffix)| Some((Some(name), files.get(&format!("{path}{suffix}"))?)));
    let mut forms: Vec<_> = forms.chain(Some(None).zip(files.get(path))).collect();
    let has_forms = forms.len() > 1;
    forms.retain(|(name, _)| name.is_none_or(|name| accepts(headers, name)));
    let Some(&(encoding, file)) = forms.first() else { return not_found() };
    let mut response = if has_not_changed(file, headers) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = file.content.clone().into_response();
        let kind = mime_guess::from_path(path).first_or_octet_stream();
        if let Ok(kind) = HeaderValue::try_from(kind.essence_str()) {
            response.headers_mut().insert(CONTENT_TYPE, kind);
        }
        if let Some(encoding) = encoding {
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    };
    let headers = response.headers_mut();
    headers.insert(ETAG, file.tag.clone());
    if let Ok(modified) = HeaderValue::try_from(httpdate::fmt_http_date(file.modified)) {
        headers.insert(LAST_MODIFIED, modified);
    }
    if has_forms {
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    }
    response
}

/// Whether a browser takes a form (RFC 9110 section 12.5.3).
fn accepts(headers: &HeaderMap, form: &str) -> bool {
    let lines = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|item| {
        let (name, quality) = item.split_once(';').unwrap_or((item, ""));
        let quality = quality.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case(form) && quality.is_none_or(|quality| quality > 0.0)
    })
}

/// Whether the browser has this very file: by its tag, or else by its time (RFC 9110 section 13.2.2).
fn has_not_changed(file: &File, headers: &HeaderMap) -> bool {
    let mut tags = headers.get_all(IF_NONE_MATCH).iter().peekable();
    if tags.peek().is_some() {
        let tags = tags.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
        return tags
            .map(str::trim)
            .any(|tag| tag == "*" || tag.trim_start_matches("W/") == file.tag);
    }
    let since = headers.get(IF_MODIFIED_SINCE).and_then(|since| since.to_str().ok());
    let since = since.and_then(|since| httpdate::parse_http_date(since).ok());
    let seconds = |time: SystemTime| {
        time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
    };
    since.is_some_and(|since| seconds(file.modified) <= seconds(since))
}

fn not_built() -> Response {
    let html = [(CONTENT_TYPE, "text/html; charset=utf-8")];
    (StatusCode::SERVICE_UNAVAILABLE, html, NOT_BUILT).into_response()
}

fn unreadable() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, "The page cannot be read right now: try again.\n")
        .into_response()
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
    use std::{path::Path, sync::Arc, time::Duration};

    use axum::{body::Body, extract::Request};
    use hyper::StatusCode;
    use tokio::time::Instant;

    use super::{Files, PAGE_READ_PATIENCE, Page, has_hash};

    #[tokio::test(start_paused = true)]
    async fn a_disk_that_hangs_is_given_up_and_hides_nothing_that_was_read() {
        let page = Page::new(Path::new("nowhere"), Duration::ZERO);
        // Somebody looks at the files, and never comes back.
        let _looking = Arc::clone(&page.looking).try_acquire_owned().unwrap();
        let asked = async || {
            let begin = Instant::now();
            let request = Request::builder().uri("/x.js").body(Body::empty()).unwrap();
            (page.serve(request).await.status(), begin.elapsed())
        };
        assert_eq!(asked().await, (StatusCode::SERVICE_UNAVAILABLE, PAGE_READ_PATIENCE));
        page.files.send_replace(Some(Arc::new(Files::default())));
        assert_eq!(asked().await, (StatusCode::NOT_FOUND, Duration::ZERO));
    }

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
