//! HTTP: the built page, the upgrade to WebSocket, and signing in with a provider.
//!
//! | path | answer |
//! | --- | --- |
//! | `/ws` | the WebSocket |
//! | `/` | the WebSocket if the request asks for one (the tutorial's clients connect here), else the page |
//! | `/healthz` | `ok` |
//! | `/auth/…` | see `auth` |
//! | anything else | a file of the built page |

mod accept;
mod auth;
mod below;
mod edge;
mod head;
mod origin;
mod page;
mod port;
mod redirect;
mod requests;
mod upgrade;

use std::{path::Path, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use hyper::{HeaderMap, header::UPGRADE};
use identity::Identity;
use tokio_util::task::TaskTracker;

use crate::{
    config::{BasePath, Origins},
    connection::Shared,
    directory::Directory,
    edge::{Edge, Seldom},
    ice::Door,
    limits::PROXY_WARNING_INTERVAL,
};

pub(crate) use accept::accept_loop;
use page::Page;
pub(crate) use port::Port;
pub(crate) use redirect::redirect;

/// What the handlers of requests share.
pub(crate) struct Site<D: Directory> {
    page: Page,
    origins: Origins,
    door: Door,
    /// The path that people find it under.
    base: BasePath,
    cookies: auth::Cookies,
    edge: Arc<Edge>,
    connections: Arc<Shared<D>>,
    tasks: TaskTracker,
    identity: Option<Arc<Identity>>,
    /// When the operator was last told of a web server that does not pass WebSockets on.
    stripped: Seldom,
    /// When the operator was last told that people find the page under another path.
    elsewhere: Seldom,
}

impl<D: Directory> Site<D> {
    pub(crate) fn new(
        (web_root, look_every): (&Path, Duration),
        origins: Origins,
        door: Door,
        edge: Arc<Edge>,
        connections: Arc<Shared<D>>,
        tasks: TaskTracker,
    ) -> Self {
        let page = Page::new(web_root, look_every);
        let [stripped, elsewhere] =
            [Seldom::new(PROXY_WARNING_INTERVAL), Seldom::new(PROXY_WARNING_INTERVAL)];
        Self {
            page,
            origins,
            door,
            base: BasePath::default(),
            cookies: auth::Cookies::new(&BasePath::default()),
            edge,
            connections,
            tasks,
            identity: None,
            stripped,
            elsewhere,
        }
    }

    /// Lets people sign in with a provider.
    pub(crate) fn identifying(self, identity: Option<Arc<Identity>>) -> Self {
        Self { identity, ..self }
    }

    /// People find it under this path.
    pub(crate) fn at(self, base: BasePath) -> Self {
        Self { cookies: auth::Cookies::new(&base), base, ..self }
    }
}

/// The routes. With `https_only` browsers are told to come back over HTTPS alone.
pub(crate) fn router<D: Directory>(site: Site<D>, https_only: bool) -> Router {
    let edge = Arc::clone(&site.edge);
    let base = site.base.clone();
    let site = Router::new()
        .route("/ws", any(upgrade::upgrade))
        .route("/healthz", get(async || "ok\n"))
        .nest("/auth", auth::routes())
        .fallback(page_or_socket)
        .layer(from_fn_with_state(edge, requests::pace))
        .layer(from_fn(head::check))
        .layer(from_fn(edge::guard))
        .layer(from_fn_with_state(https_only, edge::keep_to_https))
        .with_state(Arc::new(site));
    below::below(base, site)
}

async fn page_or_socket<D: Directory>(
    State(site): State<Arc<Site<D>>>,
    request: Request,
) -> Response {
    if request.uri().path() == "/" && asks_for_websocket(request.headers()) {
        upgrade::upgrade(State(site), request).await.into_response()
    } else {
        site.page.serve(request).await
    }
}

/// Some clients offer other protocols with every request, such as HTTP/2 (`h2c`), and are content with the page.
fn asks_for_websocket(headers: &HeaderMap) -> bool {
    upgrade::lists(headers, &UPGRADE, "websocket")
}
