//! What plain HTTP gets where the server speaks TLS: the way there.

use axum::{
    Router,
    extract::Request,
    middleware::from_fn,
    response::{IntoResponse, Response},
};
use hyper::{
    StatusCode,
    header::{CONNECTION, HOST, HeaderValue, LOCATION},
};

use super::head;
use crate::config::PublicHost;

/// Sends whoever asks to the same path over HTTPS: at `public` if that is given, else at the host that was asked for.
/// There the port is the one that was asked for, unless `port` names another: that of the listener with TLS.
pub(crate) fn redirect(public: Option<PublicHost>, port: Option<u16>) -> Router {
    Router::new()
        .fallback(async move |request: Request| {
            let to = location(&request, public.as_ref(), port);
            // The next request on this connection would only get the same answer.
            let close = [(CONNECTION, HeaderValue::from_static("close"))];
            let answer: Response = match to.and_then(|to| HeaderValue::try_from(to).ok()) {
                Some(to) => {
                    (StatusCode::PERMANENT_REDIRECT, close, [(LOCATION, to)]).into_response()
                }
                None => {
                    let say = "This server speaks HTTPS: use https:// in the address.\n";
                    (StatusCode::BAD_REQUEST, close, say).into_response()
                }
            };
            answer
        })
        .layer(from_fn(head::check))
}

fn location(request: &Request, public: Option<&PublicHost>, port: Option<u16>) -> Option<String> {
    let asked: Option<PublicHost> = request
        .headers()
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .and_then(|host| host.parse().ok());
    let host = public.or(asked.as_ref())?;
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let port = match host.port().filter(|_| public.is_some()).or(port).or(host.port()) {
        None | Some(443) => String::new(),
        Some(port) => format!(":{port}"),
    };
    Some(format!("https://{}{port}{path}", host.host()))
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, extract::Request};

    use super::location;

    #[test]
    fn the_way_to_https() {
        for (host, public, port, to) in [
            ("a.example:8443", None, None, Some("https://a.example:8443/x?y=1")),
            ("a.example", None, None, Some("https://a.example/x?y=1")),
            ("a.example", None, Some(443), Some("https://a.example/x?y=1")),
            ("a.example:80", None, Some(443), Some("https://a.example/x?y=1")),
            ("a.example", None, Some(8443), Some("https://a.example:8443/x?y=1")),
            ("10.0.0.1", Some("a.example"), Some(443), Some("https://a.example/x?y=1")),
            ("10.0.0.1", Some("a.example:99"), Some(443), Some("https://a.example:99/x?y=1")),
            ("[::1]:9090", None, None, Some("https://[::1]:9090/x?y=1")),
            ("a/b", None, None, None),
            ("a@b", None, None, None),
            ("", None, None, None),
        ] {
            let request =
                Request::builder().uri("/x?y=1").header("host", host).body(Body::empty()).unwrap();
            let public = public.map(|public: &str| public.parse().unwrap());
            assert_eq!(
                location(&request, public.as_ref(), port).as_deref(),
                to,
                "{host} {public:?}"
            );
        }
    }
}
