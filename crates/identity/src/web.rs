//! HTTP towards providers: over HTTPS with the certificates that this machine trusts, bounded in time and size, and without
//! following redirects, which no endpoint of a provider needs.

use std::{fmt, pin::Pin, time::Duration};

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use tokio::{sync::Semaphore, time::timeout};
use tokio_rustls::rustls::crypto::ring;

use crate::settings::is_safe;

/// How long a request may take, from looking up the name to the last byte: people wait for it.
const DEADLINE: Duration = Duration::from_secs(10);

/// How long it may take to connect.
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);

/// How long an idle connection is kept. A sign-in needs two or three requests within seconds.
const IDLE: Duration = Duration::from_secs(30);

/// The largest answer, in bytes. Key sets and tokens are a few KB; with chains of certificates, or all groups of somebody, some 30.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// How many requests one provider gets at once. More wait, within their time: a crowd that comes back all at once does not get us
/// turned away.
const AT_ONCE: usize = 32;

/// An HTTP client.
pub(crate) struct Web {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    room: Semaphore,
}

/// There is no answer, or none that could be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// Such a URL is not asked: what is said would not be safe on its way.
    Unsafe,
    /// Nobody is there, or does not say anything in time.
    Unreachable,
    /// It says that it cannot answer: 5xx or 429.
    Refused(u16),
    /// The answer is too large, or breaks off.
    Broken,
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsafe => f.write_str("it is not reached over HTTPS"),
            Self::Unreachable => f.write_str("it cannot be reached"),
            Self::Refused(status) => write!(f, "it answers {status}"),
            Self::Broken => f.write_str("its answer is too large, or broke off"),
        }
    }
}

impl std::error::Error for NoAnswer {}

impl Web {
    /// # Errors
    /// This machine's certificates cannot be had.
    pub(crate) fn new() -> std::io::Result<Self> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(CONNECT_DEADLINE));
        tcp.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_platform_verifier(ring::default_provider())?
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(4)
            .build(connector);
        Ok(Self { client, room: Semaphore::new(AT_ONCE) })
    }

    async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
        let url = request.uri().to_string().parse().map_err(|_| NoAnswer::Unsafe)?;
        if !is_safe(&url) {
            return Err(NoAnswer::Unsafe);
        }
        // Nobody closes it.
        let _room = self.room.acquire().await.map_err(|_| NoAnswer::Unreachable)?;
        let request = request.map(|body| Full::new(Bytes::from(body)));
        let answer = self.client.request(request).await.map_err(|_| NoAnswer::Unreachable)?;
        let (head, body) = answer.into_parts();
        if head.status.is_server_error() || head.status.as_u16() == 429 {
            return Err(NoAnswer::Refused(head.status.as_u16()));
        }
        let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
        let body = body.map_err(|_| NoAnswer::Broken)?.to_bytes().to_vec();
        Ok(HttpResponse::from_parts(head, body))
    }
}

impl<'c> AsyncHttpClient<'c> for Web {
    type Error = NoAnswer;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, NoAnswer>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            timeout(DEADLINE, self.ask(request)).await.unwrap_or(Err(NoAnswer::Unreachable))
        })
    }
}
