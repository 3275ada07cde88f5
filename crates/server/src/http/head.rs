//! A request has to name one host, in a target of bounded length: a request that names two is understood in two ways
//! by the programs on the way.

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use hyper::{StatusCode, Version, header::HOST};

use crate::{
    config::is_host_and_port,
    limits::{MAX_PATH_BYTES, MAX_TARGET_BYTES},
};

/// Refuses malformed requests before any route sees them.
pub(super) async fn check(request: Request, next: Next) -> Response {
    if is_long(&request) {
        return (StatusCode::URI_TOO_LONG, "This address is too long.\n").into_response();
    }
    if !names_one_host(&request) {
        let say = "A request names one host, and this one does not.\n";
        return (StatusCode::BAD_REQUEST, say).into_response();
    }
    next.run(request).await
}

fn is_long(request: &Request) -> bool {
    let uri = request.uri();
    let target = uri.path_and_query().map_or(0, |target| target.as_str().len());
    uri.path().len() > MAX_PATH_BYTES || target > MAX_TARGET_BYTES
}

/// Whether there is one `Host` line with a host in it, the same as in the request's target if one stands there (RFC 9112
/// section 3.2). Requests of HTTP/1.0 need none.
fn names_one_host(request: &Request) -> bool {
    let mut lines = request.headers().get_all(HOST).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else {
        return request.version() == Version::HTTP_10 && !request.headers().contains_key(HOST);
    };
    let named = request.uri().authority();
    line.to_str().is_ok_and(|host| {
        is_host_and_port(host)
            && named.is_none_or(|named| named.as_str().eq_ignore_ascii_case(host))
    })
}
