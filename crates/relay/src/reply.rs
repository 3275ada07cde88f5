//! Responses that we write ourselves: those to strangers, and refusals.

use std::net::SocketAddr;

use turn_types::stun::{
    attribute::{
        AttributeType, ErrorCode, Fingerprint, Nonce, Realm, UnknownAttributes, XorMappedAddress,
    },
    message::{IntegrityAlgorithm, IntegrityKey, Message, MessageWriteVec},
    prelude::{AttributeStaticType, MessageWrite, MessageWriteExt},
};

use crate::REALM;

/// Says which address a Binding request came from (RFC 8489 section 2).
pub(crate) fn mapped_address(request: &Message<'_>, client: SocketAddr) -> Vec<u8> {
    let mut reply = Message::builder_success(request, MessageWriteVec::with_capacity(64));
    let address = XorMappedAddress::new(client, request.transaction_id());
    reply.add_attribute(&address).expect("there is room for one address");
    finish(request, reply, None)
}

/// Refuses a request, signed if its sender has proved who it is.
pub(crate) fn refusal(request: &Message<'_>, code: u16, key: Option<&IntegrityKey>) -> Vec<u8> {
    finish(request, error(request, code, key), key)
}

/// Refuses a request, and says how to sign the next one (RFC 8489 section 9.2.4).
pub(crate) fn challenge(request: &Message<'_>, code: u16, nonce: &str) -> Vec<u8> {
    let mut reply = error(request, code, None);
    let nonce = Nonce::new(nonce).expect("our nonces are short");
    let realm = Realm::new(REALM).expect("our realm is short");
    reply.add_attribute(&nonce).expect("there is room for a nonce");
    reply.add_attribute(&realm).expect("there is room for a realm");
    finish(request, reply, None)
}

/// Refuses a request for attributes that have to be understood and are not (RFC 8489 section 6.3.1).
pub(crate) fn unknown_attributes(
    request: &Message<'_>,
    unknown: &[AttributeType],
    key: Option<&IntegrityKey>,
) -> Vec<u8> {
    let mut reply = error(request, ErrorCode::UNKNOWN_ATTRIBUTE, key);
    let unknown = UnknownAttributes::new(unknown);
    reply.add_attribute(&unknown).expect("a request that we look into has room for a few hundred");
    finish(request, reply, key)
}

/// An error. Its reason is left out unless the request was signed: an unsigned one may have lied about its address.
fn error(request: &Message<'_>, code: u16, key: Option<&IntegrityKey>) -> MessageWriteVec {
    let mut reply = Message::builder_error(request, MessageWriteVec::with_capacity(128));
    let code = ErrorCode::builder(code);
    let code = if key.is_some() { code } else { code.reason("") };
    let code = code.build().expect("the codes are those of the RFCs");
    reply.add_attribute(&code).expect("there is room for a code");
    reply
}

/// Ends an answer. An unsigned one gets a fingerprint only if the request had one, to keep it small.
fn finish(
    request: &Message<'_>,
    mut reply: MessageWriteVec,
    key: Option<&IntegrityKey>,
) -> Vec<u8> {
    if let Some(key) = key {
        reply
            .add_message_integrity_with_key(key, IntegrityAlgorithm::Sha1)
            .expect("it is not signed yet");
    }
    if key.is_some() || request.has_attribute(Fingerprint::TYPE) {
        reply.add_fingerprint().expect("it has none yet");
    }
    reply.finish()
}
