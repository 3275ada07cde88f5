//! How often somebody may ask for something.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use hyper::{StatusCode, header::RETRY_AFTER};

use crate::edge::{Edge, NotNow, Peer};

/// Answers with 429 what comes too often from one network, whatever it asks for.
pub(super) async fn pace(State(edge): State<Arc<Edge>>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>();
    match peer.map_or(Ok(()), |peer| edge.request(peer, request.headers())) {
        Ok(()) => next.run(request).await,
        Err(not_now) => too_often(not_now),
    }
}

/// It says after how many seconds it may be tried again.
pub(super) fn too_often(not_now: NotNow) -> Response {
    let later = [(RETRY_AFTER, not_now.seconds().to_string())];
    (StatusCode::TOO_MANY_REQUESTS, later, format!("{not_now}\n")).into_response()
}
