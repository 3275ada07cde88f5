//! Signing in with a provider, as far as it is HTTP: routes, cookies, and who may ask. What it means is [`identity`]'s.
//!
//! | path | answer |
//! | --- | --- |
//! | `GET /auth/options` | what can be chosen, and who this browser's user is |
//! | `GET /auth/sign-in/ID` | the way to the provider |
//! | `GET /auth/callback/ID` | where the provider sends the browser back to |
//! | `POST /auth/ticket` | a ticket for a WebSocket's login |
//! | `POST /auth/sign-out` | signs the account out, everywhere |

mod cookie;

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use axum::{
    Router,
    extract::{Path, Request, State},
    middleware::map_response,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use hyper::{
    HeaderMap, StatusCode, Uri,
    header::{CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderValue, LOCATION, SET_COOKIE},
};
use identity::{Answer, Guests, Identity, Network, NotBegun, NotDone, Options, Unavailable};
use serde_json::{Value, json};
use tracing::warn;

pub(super) use self::cookie::Cookies;
use super::{Site, requests::too_often};
use crate::{
    config::{BasePath, PublicHost},
    directory::Directory,
    edge::{NotNow, Peer, Remote},
};

/// What the routes share.
type Here<D> = State<Arc<Site<D>>>;

/// The routes below `/auth`.
pub(super) fn routes<D: Directory>() -> Router<Arc<Site<D>>> {
    Router::new()
        .route("/options", get(options))
        .route("/sign-in/{provider}", get(sign_in))
        .route("/callback/{provider}", get(callback))
        .route("/ticket", post(ticket))
        .route("/sign-out", post(sign_out))
        .layer(map_response(async |mut response: Response| {
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }))
}

/// Why there is no answer.
enum Refused {
    /// 401: nobody is signed in with this browser.
    NobodyThere,
    /// 403: the page that asks is none that may, or does not say which it is.
    Origin,
    /// 404: there is no such provider.
    NoProvider,
    /// 429: too often.
    TooOften(NotNow),
    /// 503: not right now.
    Unavailable,
}

impl From<Unavailable> for Refused {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, say) = match self {
            Self::NobodyThere => {
                (StatusCode::UNAUTHORIZED, "Nobody is signed in here.\n".to_owned())
            }
            Self::Origin => {
                (StatusCode::FORBIDDEN, "Pages of this origin may not do this.\n".to_owned())
            }
            Self::NoProvider => (StatusCode::NOT_FOUND, "There is no such provider.\n".to_owned()),
            Self::TooOften(not_now) => return too_often(not_now),
            Self::Unavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, "Not right now: try again.\n".to_owned())
            }
        };
        (status, say).into_response()
    }
}

async fn options<D: Directory>(
    State(site): Here<D>,
    request: Request,
) -> Result<Response, Refused> {
    site.asks(&request)?;
    let Some(identity) = &site.identity else {
        return Ok(json_response(&said(true, &Options::default(), false)));
    };
    let session = site.cookies.session(request.headers());
    let options = identity.options(session).await?;
    let name = options.user.as_ref().and_then(|user| user.name.as_ref());
    let here = name.is_some_and(|name| site.connections.is_attended(name));
    let mut response = json_response(&said(identity.guests() == Guests::Allow, &options, here));
    if options.prolonged
        && let Some(session) = session
    {
        response.headers_mut().append(SET_COOKIE, site.cookies.set_session(session));
    }
    Ok(response)
}

/// `here` says whether the user is signed in already, in another tab or on another device.
fn said(guests: bool, options: &Options, here: bool) -> Value {
    let providers = options.providers.iter();
    let providers: Vec<_> =
        providers.map(|one| json!({"id": one.id, "label": one.label})).collect();
    let mut said = json!({"guests": guests, "providers": providers});
    if let Some(user) = &options.user {
        said["user"] = json!({"provider": user.provider});
        if let Some(name) = &user.name {
            said["user"]["name"] = json!(name.as_str());
        }
        if here {
            said["user"]["here"] = json!(true);
        }
    }
    if let Some(name) = &options.suggested {
        said["suggested"] = json!(name.as_str());
    }
    said
}

async fn sign_in<D: Directory>(
    State(site): Here<D>,
    Path(provider): Path<String>,
    request: Request,
) -> Result<Response, Refused> {
    let remote = site.asks(&request)?;
    let identity = site.identity.as_ref().ok_or(Refused::NoProvider)?;
    if let Some((limits, remote)) = site.edge.limits.as_ref().zip(remote.as_ref()) {
        limits.sign_in(remote).map_err(Refused::TooOften)?;
    }
    let Some(origin) = site.origin(request.headers(), remote.as_ref()) else {
        warn!(
            "a browser asked over plain HTTP to sign in: behind a proxy, name it with --trusted-proxy"
        );
        return Ok(back_to_page(Some("failed")));
    };
    if let Some(path) = at_another_path(request.uri(), &site.base) {
        site.warn_of_path(&path);
        return Ok(back_to_page(Some("failed")));
    }
    let callback = format!("{origin}{}/auth/callback/{provider}", site.base);
    let browser = site.cookies.sign_in(request.headers());
    match identity.begin(&provider, callback, browser, network(remote.as_ref())).await {
        Ok(begun) => {
            let mut response = see_other(&begun.location);
            response.headers_mut().append(SET_COOKIE, site.cookies.set_sign_in(&begun.browser));
            Ok(response)
        }
        Err(NotBegun::Unknown) => Err(Refused::NoProvider),
        Err(NotBegun::Unavailable) => Ok(back_to_page(Some("unavailable"))),
    }
}

async fn callback<D: Directory>(
    State(site): Here<D>,
    Path(provider): Path<String>,
    request: Request,
) -> Result<Response, Refused> {
    site.asks(&request)?;
    let identity = site.identity.as_ref().ok_or(Refused::NoProvider)?;
    let Some(answer) = answer(request.uri()) else { return Ok(back_to_page(Some("failed"))) };
    let headers = request.headers();
    let (browser, before) = (site.cookies.sign_in(headers), site.cookies.session(headers));
    let what = match identity.finish(&provider, answer, browser, before).await {
        Ok(session) => {
            let mut response = back_to_page(None);
            response.headers_mut().append(SET_COOKIE, site.cookies.set_session(&session));
            return Ok(response);
        }
        Err(NotDone::Unknown) => return Err(Refused::NoProvider),
        Err(NotDone::Cancelled) => "cancelled",
        Err(NotDone::Failed) => "failed",
        Err(NotDone::Expired) => "expired",
        Err(NotDone::Unavailable) => "unavailable",
    };
    Ok(back_to_page(Some(what)))
}

/// The path that the page says it lies under, if that is neither where the provider would send the browser back to nor the root.
fn at_another_path(uri: &Uri, base: &BasePath) -> Option<BasePath> {
    let mut fields = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let (_, at) = fields.find(|(key, _)| key == "at")?;
    at.parse().ok().filter(|at: &BasePath| !at.is_root() && at != base)
}

/// What stands in the address that the provider sent the browser to; `None` if something stands there twice, since then nobody
/// can say what is meant.
fn answer(uri: &Uri) -> Option<Answer> {
    let mut fields = HashMap::new();
    for (key, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        if matches!(&*key, "state" | "code" | "error" | "iss")
            && fields.insert(key.into_owned(), value.into_owned()).is_some()
        {
            return None;
        }
    }
    let mut take = |key| fields.remove(key);
    let (state, code) = (take("state"), take("code"));
    Some(Answer { state, code, error: take("error"), issuer: take("iss") })
}

async fn ticket<D: Directory>(State(site): Here<D>, request: Request) -> Result<Response, Refused> {
    let identity = site.asks_by_its_page(&request)?;
    let session = site.cookies.session(request.headers());
    let ticket = identity.ticket(session).await?.ok_or(Refused::NobodyThere)?;
    Ok(json_response(&json!({"ticket": ticket})))
}

async fn sign_out<D: Directory>(
    State(site): Here<D>,
    request: Request,
) -> Result<Response, Refused> {
    let identity = site.asks_by_its_page(&request)?;
    identity.sign_out(site.cookies.session(request.headers())).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().append(SET_COOKIE, site.cookies.end_session());
    Ok(response)
}

impl<D: Directory> Site<D> {
    fn warn_of_path(&self, path: &BasePath) {
        if self.elsewhere.is_due() {
            warn!(
                "people find the page under {path}, and cannot sign in: their provider would send them back to another path. \
                 Start with --base-path {path}, and register its address with the provider"
            );
        }
    }

    /// Whose request it is. It counts.
    fn asks(&self, request: &Request) -> Result<Option<Remote>, Refused> {
        let Some(peer) = request.extensions().get::<Peer>() else { return Ok(None) };
        let remote = self.edge.proxies.remote(peer.ip, peer.tls, request.headers());
        if let Some(limits) = &self.edge.limits {
            limits.auth(&remote).map_err(Refused::TooOften)?;
        }
        Ok(Some(remote))
    }

    /// The same for what a page of ours does with its user's cookie. Browsers say with every POST which page it is of.
    fn asks_by_its_page(&self, request: &Request) -> Result<&Identity, Refused> {
        let remote = self.asks(request)?;
        if !self.is_of_own_page(request.headers(), remote.as_ref()) {
            return Err(Refused::Origin);
        }
        self.identity.as_deref().ok_or(Refused::NobodyThere)
    }

    /// The origin that a browser finds us at, and the provider sends it back to: by HTTPS, or on this machine. `None` if it is
    /// neither: what the provider says would be anybody's on the way.
    fn origin(&self, headers: &HeaderMap, remote: Option<&Remote>) -> Option<String> {
        let is_secure = remote.is_some_and(|remote| remote.secure);
        let is_proxied = remote.is_some_and(|remote| remote.proxied);
        if let Some(public) = self.door.public.as_ref().filter(|_| is_secure && !is_proxied) {
            let port = self.door.public_port(public, headers);
            return Some(format!("https://{}{}", public.host(), suffix(Some(port), 443)));
        }
        let host = headers.get(HOST)?.to_str().ok()?;
        let host: PublicHost = host.parse().ok().filter(|_| self.door.may_be_called(host))?;
        if is_secure {
            return Some(format!("https://{}{}", host.host(), suffix(host.port(), 443)));
        }
        let is_here = self.door.on_loopback && crate::ice::is_loopback(host.host());
        is_here.then(|| format!("http://{}{}", host.host(), suffix(host.port(), 80)))
    }
}

/// Whose place a sign-in takes while it is under way: of IPv6 by /48, /56 and /64, of IPv4 by /16, /24 and address.
fn network(remote: Option<&Remote>) -> Network {
    let Some(remote) = remote else { return Network::default() };
    let narrowest = match remote.ip.to_canonical() {
        // Below 0:ffff::/32, which nobody has.
        IpAddr::V4(ip) => 0xffff_u64 << 32 | u64::from(ip.to_bits()),
        IpAddr::V6(ip) => (ip.to_bits() >> 64) as u64,
    };
    Network([narrowest >> 16, narrowest >> 8, narrowest])
}

/// How a port stands in an origin: not, if it is the scheme's own.
fn suffix(port: Option<u16>, own: u16) -> String {
    port.filter(|port| *port != own).map_or_else(String::new, |port| format!(":{port}"))
}

fn json_response(value: &Value) -> Response {
    ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], value.to_string())
        .into_response()
}

/// Back from `auth/sign-in/ID` or `auth/callback/ID`, whatever path they are under.
fn back_to_page(sign_in: Option<&str>) -> Response {
    see_other(&sign_in.map_or_else(|| "../../".to_owned(), |what| format!("../../?sign-in={what}")))
}

fn see_other(to: &str) -> Response {
    match HeaderValue::try_from(to) {
        Ok(to) => (StatusCode::SEE_OTHER, [(LOCATION, to)]).into_response(),
        Err(_) => Refused::Unavailable.into_response(),
    }
}
