//! Who gets in. Pure.
//!
//! Every request but Binding has to be signed (RFC 8489 section 9.2, long-term credentials) with a [`Credential`] that
//! this relay's [`Secret`] made, and hold a nonce of its own. Nothing is remembered of those who do not get in: what
//! has to be known about them is in their nonce and their user name, both signed.
//!
//! [`Credential`]: crate::Credential

use std::net::SocketAddr;

use turn_types::stun::{
    attribute::{ErrorCode, MessageIntegrity, Nonce, Realm, Username},
    message::{IntegrityAlgorithm, IntegrityKey, LongTermKeyCredentials, Message},
    prelude::AttributeStaticType,
};

use crate::{
    REALM, Secret,
    credential::Claim,
    nonce::Nonces,
    reply::{challenge, refusal},
};

/// Checks what requests are signed with.
#[derive(Debug)]
pub(crate) struct Gate {
    secret: Secret,
    nonces: Nonces,
}

/// Who sent a request, as its signature proves.
#[derive(Debug)]
pub(crate) struct Sender {
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) key: IntegrityKey,
}

impl Sender {
    /// The user that the credential was made for.
    pub(crate) fn user(&self) -> &str {
        Claim::parse(&self.username).map_or("", |claim| claim.user)
    }
}

impl Gate {
    pub(crate) fn new(secret: Secret) -> Self {
        Self { secret, nonces: Nonces::new() }
    }

    /// Finds out who sent a request.
    ///
    /// # Errors
    /// The answer to a request that does not get in.
    pub(crate) fn sender(
        &self,
        request: &Message<'_>,
        client: SocketAddr,
        unix: u64,
    ) -> Result<Sender, Vec<u8>> {
        let again = |code| self.again(request, code, client, unix);
        if !request.has_attribute(MessageIntegrity::TYPE) {
            return Err(again(ErrorCode::UNAUTHORIZED));
        }
        let (Ok(username), Ok(realm), Ok(nonce)) = (
            request.attribute::<Username>(),
            request.attribute::<Realm>(),
            request.attribute::<Nonce>(),
        ) else {
            return Err(refusal(request, ErrorCode::BAD_REQUEST, None));
        };
        if !self.nonces.is_good(nonce.nonce(), unix, client) {
            return Err(again(ErrorCode::STALE_NONCE));
        }
        let username = username.username().to_owned();
        let password = self.secret.password(&username);
        let key = key(&username, &password);
        let is_good = Claim::parse(&username).is_some_and(|claim| claim.is_good_at(unix));
        // The signature is checked in any case, so that the time which the answer takes says nothing.
        if request.validate_integrity_with_key(&key).is_err() || !is_good || realm.realm() != REALM
        {
            return Err(again(ErrorCode::UNAUTHORIZED));
        }
        Ok(Sender { username, password, key })
    }

    /// The answer to a request whose credential is good no more.
    pub(crate) fn unauthorized(
        &self,
        request: &Message<'_>,
        client: SocketAddr,
        unix: u64,
    ) -> Vec<u8> {
        self.again(request, ErrorCode::UNAUTHORIZED, client, unix)
    }

    /// Refuses a request, with a nonce for the next one.
    fn again(&self, request: &Message<'_>, code: u16, client: SocketAddr, unix: u64) -> Vec<u8> {
        challenge(request, code, &self.nonces.make(unix, client))
    }
}

pub(crate) fn key(username: &str, password: &str) -> IntegrityKey {
    LongTermKeyCredentials::new(username.to_owned(), password.to_owned(), REALM.to_owned())
        .make_key(IntegrityAlgorithm::Sha1)
}
