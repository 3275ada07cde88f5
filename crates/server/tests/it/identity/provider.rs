//! A provider of OpenID Connect on this machine, with keys of its own. It does what the standard says, unless it is told to lie.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use identity::ProviderSettings;
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::{net::TcpListener, task::JoinHandle};

pub(crate) const CLIENT: &str = "pronto";
pub(crate) const SECRET: &str = "a secret of the client";

/// How a provider lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    /// The token has another nonce, or none.
    Nonce,
    NoNonce,
    /// It names another issuer.
    Issuer,
    /// It is for another client, or for one more.
    Audience,
    OneMoreAudience,
    AuthorizedParty,
    /// Its time is over, or is to come.
    Expired,
    Future,
    /// It is signed with a key that nobody published.
    Key,
    /// Its claims are not those that were signed.
    Signature,
    /// It is not signed at all.
    Unsigned,
    /// It is signed with the client's secret, or with what is public of the key.
    Secret,
    PublicKey,
    /// There is no token.
    NoToken,
    /// Its subject is empty.
    NoSubject,
}

/// A provider. It stops when dropped.
pub(crate) struct Provider {
    site: Arc<Site>,
    running: JoinHandle<()>,
}

struct Site {
    issuer: String,
    keys: Mutex<Vec<(String, EcdsaKeyPair)>>,
    now: Mutex<Now>,
}

/// What it does now.
#[derive(Default)]
pub(crate) struct Now {
    /// Who signs in, as claims of the token and of the user info.
    pub(crate) claims: Value,
    pub(crate) user_info: Value,
    pub(crate) lie: Option<Lie>,
    /// What stands as `iss` in its answer to the browser.
    pub(crate) names: Option<String>,
    /// Whether its discovery says that it names itself.
    pub(crate) says_that_it_names_itself: bool,
    /// The user, or the provider, does not want to.
    pub(crate) error: Option<&'static str>,
    /// Where it accepts questions and never answers: the last word of the path.
    pub(crate) silent_at: Option<&'static str>,
    /// What stands after its authorization endpoint.
    pub(crate) endpoint_ends_with: String,
    codes: HashMap<String, HashMap<String, String>>,
    /// How often its keys, and tokens, were asked for.
    pub(crate) keys_asked: usize,
    pub(crate) tokens_asked: usize,
}

impl Provider {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener).await
    }

    pub(crate) async fn on(listener: TcpListener) -> Self {
        let address = listener.local_addr().unwrap();
        let site = Arc::new(Site {
            issuer: format!("http://{address}/here"),
            keys: Mutex::new(vec![key("k1")]),
            now: Mutex::default(),
        });
        let router = Router::new()
            .route("/here/.well-known/openid-configuration", get(discovery))
            .route("/here/keys", get(keys))
            .route("/here/authorize", get(authorize))
            .route("/here/token", post(token))
            .route("/here/me", get(user_info))
            .with_state(Arc::clone(&site));
        let running = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let service = TowerToHyperService::new(router.clone());
                tokio::spawn(async move {
                    let _ =
                        http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        let provider = Self { site, running };
        provider.signs_in("1", "alice");
        provider
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.site.issuer
    }

    pub(crate) fn settings(&self, id: &str) -> ProviderSettings {
        let settings = ProviderSettings::new(&self.site.issuer, CLIENT).unwrap();
        settings.with_id(id).unwrap().with_secret(SECRET).unwrap()
    }

    pub(crate) fn now(&self) -> MutexGuard<'_, Now> {
        self.site.now.lock().unwrap()
    }

    /// From now on it is this subject who signs in.
    pub(crate) fn signs_in(&self, subject: &str, username: &str) {
        self.now().claims = json!({"sub": subject, "preferred_username": username});
    }

    pub(crate) fn lies(&self, lie: Option<Lie>) {
        self.now().lie = lie;
    }

    /// It signs with another key from now on, and publishes it.
    pub(crate) fn changes_its_key(&self) {
        let mut keys = self.site.keys.lock().unwrap();
        let id = format!("k{}", keys.len() + 1);
        keys.insert(0, key(&id));
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.running.abort();
    }
}

fn key(id: &str) -> (String, EcdsaKeyPair) {
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    (id.to_owned(), EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap())
}

fn answer(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

async fn discovery(State(site): State<Arc<Site>>) -> Response {
    site.answers_at("discovery").await;
    let issuer = &site.issuer;
    let (names_itself, rest) = {
        let now = site.now.lock().unwrap();
        (now.says_that_it_names_itself, now.endpoint_ends_with.clone())
    };
    answer(&json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize{rest}"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/me"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        // A provider that means ill would have anything taken.
        "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
        "authorization_response_iss_parameter_supported": names_itself,
    }))
}

async fn keys(State(site): State<Arc<Site>>) -> Response {
    site.now.lock().unwrap().keys_asked += 1;
    site.answers_at("keys").await;
    let keys = site.keys.lock().unwrap();
    let keys = keys.iter().map(|(id, pair)| {
        let point = pair.public_key().as_ref();
        let (x, y) = (BASE64.encode(&point[1..33]), BASE64.encode(&point[33..]));
        json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": id, "x": x, "y": y})
    });
    answer(&json!({"keys": keys.collect::<Vec<_>>()}))
}

async fn authorize(State(site): State<Arc<Site>>, request: Request) -> Response {
    let asked = fields(request.uri().query().unwrap_or_default());
    let good = asked.get("response_type").is_some_and(|kind| kind == "code")
        && asked.get("client_id").is_some_and(|id| id == CLIENT)
        && asked.get("scope").is_some_and(|scope| scope.split(' ').any(|one| one == "openid"))
        && asked.get("code_challenge_method").is_some_and(|method| method == "S256")
        && asked.contains_key("nonce");
    let (Some(back), Some(state), true) = (asked.get("redirect_uri"), asked.get("state"), good)
    else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let mut now = site.now.lock().unwrap();
    let code = format!("code-{}", now.codes.len());
    let mut to = format!("{back}?state={state}");
    match now.error {
        Some(error) => to.push_str(&format!("&error={error}")),
        None => to.push_str(&format!("&code={code}")),
    }
    if let Some(name) = &now.names {
        let name: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
        to.push_str(&format!("&iss={name}"));
    }
    now.codes.insert(code, asked);
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}

async fn token(State(site): State<Arc<Site>>, headers: HeaderMap, body: Bytes) -> Response {
    site.answers_at("token").await;
    let refused = |why: &str| {
        let say = json!({"error": why}).to_string();
        (StatusCode::BAD_REQUEST, [(header::CONTENT_TYPE, "application/json")], say).into_response()
    };
    let credentials: String = {
        let encode =
            |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!("{}:{}", encode(CLIENT), encode(SECRET));
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
    };
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if shown != Some(&*credentials) {
        return refused("invalid_client");
    }
    let given = fields(std::str::from_utf8(&body).unwrap_or_default());
    let mut now = site.now.lock().unwrap();
    now.tokens_asked += 1;
    // A code is good once.
    let Some(asked) = given.get("code").and_then(|code| now.codes.remove(code)) else {
        return refused("invalid_grant");
    };
    let verifier = given.get("code_verifier").map(String::as_bytes).unwrap_or_default();
    let challenge = BASE64.encode(Sha256::digest(verifier));
    if asked.get("code_challenge") != Some(&challenge)
        || asked.get("redirect_uri") != given.get("redirect_uri")
    {
        return refused("invalid_grant");
    }
    let mut answer_ = json!({"access_token": "access", "token_type": "Bearer", "expires_in": 60});
    if now.lie != Some(Lie::NoToken) {
        answer_["id_token"] = json!(site.id_token(&now, &asked["nonce"]));
    }
    answer(&answer_)
}

async fn user_info(State(site): State<Arc<Site>>) -> Response {
    site.answers_at("me").await;
    let now = site.now.lock().unwrap();
    let mut said = now.user_info.clone();
    if said.is_null() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    if said.get("sub").is_none() {
        said["sub"] = now.claims["sub"].clone();
    }
    answer(&said)
}

impl Site {
    /// Never, if it is silent there.
    async fn answers_at(&self, place: &'static str) {
        let is_silent = self.now.lock().unwrap().silent_at == Some(place);
        if is_silent {
            std::future::pending().await
        }
    }

    fn id_token(&self, now: &Now, nonce: &str) -> String {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let mut claims = json!({
            "iss": self.issuer, "aud": CLIENT, "iat": seconds, "exp": seconds + 60, "nonce": nonce,
        });
        for (key, value) in now.claims.as_object().unwrap() {
            claims[key] = value.clone();
        }
        let mut algorithm = "ES256";
        let stranger = key("k1");
        let keys = self.keys.lock().unwrap();
        let (mut id, mut pair) = (&keys[0].0, &keys[0].1);
        match now.lie {
            Some(Lie::Nonce) => claims["nonce"] = json!("another"),
            Some(Lie::NoNonce) => claims["nonce"] = Value::Null,
            Some(Lie::Issuer) => claims["iss"] = json!("http://127.0.0.1:1/here"),
            Some(Lie::Audience) => claims["aud"] = json!("another"),
            Some(Lie::OneMoreAudience) => claims["aud"] = json!([CLIENT, "another"]),
            Some(Lie::AuthorizedParty) => claims["azp"] = json!("another"),
            Some(Lie::Expired) => {
                (claims["iat"], claims["exp"]) = (json!(seconds - 3_600), json!(seconds - 3_000));
            }
            Some(Lie::Future) => {
                (claims["iat"], claims["exp"]) = (json!(seconds + 3_000), json!(seconds + 3_600));
            }
            Some(Lie::Key) => (id, pair) = (&stranger.0, &stranger.1),
            Some(Lie::Unsigned) => algorithm = "none",
            Some(Lie::Secret | Lie::PublicKey) => algorithm = "HS256",
            Some(Lie::NoSubject) => claims["sub"] = json!(""),
            _ => {}
        }
        let head = json!({"alg": algorithm, "typ": "JWT", "kid": id});
        let signed =
            format!("{}.{}", BASE64.encode(head.to_string()), BASE64.encode(claims.to_string()));
        let signature = match now.lie {
            Some(Lie::Unsigned) => Vec::new(),
            Some(Lie::Secret) => mac(SECRET.as_bytes(), &signed),
            Some(Lie::PublicKey) => mac(pair.public_key().as_ref(), &signed),
            _ => pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap().as_ref().to_vec(),
        };
        if now.lie == Some(Lie::Signature) {
            claims["sub"] = json!("somebody else");
            let (head, _) = signed.split_once('.').unwrap();
            let claims = BASE64.encode(claims.to_string());
            return format!("{head}.{claims}.{}", BASE64.encode(signature));
        }
        format!("{signed}.{}", BASE64.encode(signature))
    }
}

fn mac(key: &[u8], signed: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), signed.as_bytes()).as_ref().to_vec()
}

pub(crate) fn fields(query: &str) -> HashMap<String, String> {
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}
