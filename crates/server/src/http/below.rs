//! A site that people find under a path, behind a web server that leaves the path in its requests, or takes it off.

use axum::{
    Router,
    extract::Request,
    response::{IntoResponse, Response},
};
use hyper::{
    StatusCode, Uri,
    header::{HeaderValue, LOCATION},
    http::uri::PathAndQuery,
};
use tower::ServiceExt;

use crate::config::BasePath;

/// `site`, which also answers requests that have its path.
pub(super) fn below(base: BasePath, site: Router) -> Router {
    if base.is_root() {
        return site;
    }
    Router::new().fallback(async move |mut request: Request| {
        match base.below(request.uri().path()) {
            // What is relative in the page would be looked for beside it.
            Some("") => return to_folder(&base, request.uri()),
            Some(_) => *request.uri_mut() = without(&base, request.uri()),
            None => {}
        }
        // A router never fails.
        site.clone().oneshot(request).await.unwrap_or_else(|never| match never {})
    })
}

fn to_folder(base: &BasePath, uri: &Uri) -> Response {
    let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
    match HeaderValue::try_from(format!("{base}/{query}")) {
        Ok(to) => (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, to)]).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A request's URI as it would be without the path.
fn without(base: &BasePath, uri: &Uri) -> Uri {
    let whole = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let rest = whole.get(base.to_string().len()..).and_then(|rest| rest.parse().ok());
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = rest.or(parts.path_and_query);
    Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
}
