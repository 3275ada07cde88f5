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
    finish(reply, None)
}

/// Refuses a request, signed if its sender has proved who it is.
pub(crate) fn refusal(request: &Message<'_>, code: u16, key: Option<&IntegrityKey>) -> Vec<u8> {
    finish(error(request, code), key)
}

/// Refuses a request, and says how to sign the next one (RFC 8489 section 9.2.4). Whoever sent it may have lied about its
/// address, so the answer has as few bytes as it can: no words for people, and a fingerprint only for who uses them.
pub(crate) fn challenge(request: &Message<'_>, code: u16, nonce: &str) -> Vec<u8> {
    let mut reply = Message::builder_error(request, MessageWriteVec::with_capacity(128));
    let code =
        ErrorCode::builder(code).reason("").build().expect("the codes are those of the RFCs");
    reply.add_attribute(&code).expect("there is room for a code");
    let nonce = Nonce::new(nonce).expect("our nonces are short");
    let realm = Realm::new(REALM).expect("our realm is short");
    reply.add_attribute(&nonce).expect("there is room for a nonce");
    reply.add_attribute(&realm).expect("there is room for a realm");
    if request.has_attribute(Fingerprint::TYPE) { finish(reply, None) } else { reply.finish() }
}

/// Refuses a request for attributes that have to be understood and are not (RFC 8489 section 6.3.1).
pub(crate) fn unknown_attributes(
    request: &Message<'_>,
    unknown: &[AttributeType],
    key: Option<&IntegrityKey>,
) -> Vec<u8> {
    let mut reply = error(request, ErrorCode::UNKNOWN_ATTRIBUTE);
    let unknown = UnknownAttributes::new(unknown);
    reply.add_attribute(&unknown).expect("a request that we look into has room for a few hundred");
    finish(reply, key)
}

fn error(request: &Message<'_>, code: u16) -> MessageWriteVec {
    let mut reply = Message::builder_error(request, MessageWriteVec::with_capacity(128));
    let code = ErrorCode::builder(code).build().expect("the codes are those of the RFCs");
    reply.add_attribute(&code).expect("there is room for a code");
    reply
}

fn finish(mut reply: MessageWriteVec, key: Option<&IntegrityKey>) -> Vec<u8> {
    if let Some(key) = key {
        reply
            .add_message_integrity_with_key(key, IntegrityAlgorithm::Sha1)
            .expect("it is not signed yet");
    }
    reply.add_fingerprint().expect("it has none yet");
    reply.finish()
}
