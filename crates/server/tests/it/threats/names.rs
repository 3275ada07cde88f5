//! Names that are meant to deceive a person, a program, or whoever had them first.

use serde_json::json;
use server::{Config, edge::AddressLimits};

use super::Victims;
use crate::common::{Client, Server};

/// Tries a name. Gives the code with which it is refused.
async fn refused(client: &mut Client, name: &str) -> String {
    client.say(&json!({"type": "login", "name": name}).to_string()).await;
    let reply = client.hear().await;
    let parsed: serde_json::Value = serde_json::from_str(&reply).unwrap();
    assert_eq!(parsed["success"], false, "{name:?}: {reply}");
    assert!(!reply.contains(name), "a refusal repeats nothing: {reply}");
    parsed["code"].as_str().unwrap().to_owned()
}

/// Nobody passes for somebody who is there, and a call to what looks like them does not reach them.
#[tokio::test]
async fn homoglyph_names() {
    let server = Server::start().await;
    let mut owners = Vec::new();
    for name in ["mary", "cape", "ol1ver", "beta"] {
        owners.push(server.user(name).await);
    }
    let mut mallory = server.client().await;
    for (name, code) in [
        ("rnary", "name_taken"),
        ("MARY", "name_taken"),
        ("ｍａｒｙ", "name_taken"),
        ("\u{441}\u{430}\u{440}\u{435}", "name_taken"), // саре, all of it Cyrillic
        ("ol\u{6c}ver", "name_taken"),
        // Marks that cannot be seen on their letter.
        ("o\u{307}l\u{131}\u{307}ver", "bad_name"),
        ("m\u{338}ary", "bad_name"),
        // Capitals look alike, though small letters do not.
        ("вета", "name_taken"),
        ("βετα", "name_taken"),
        // Letters that nothing is seen of, or of another case.
        ("ma\u{200d}ry", "bad_name"),
        ("\u{1d5c6}\u{1d5ba}\u{1d5cb}\u{1d5d2}", "name_taken"),
        ("m\u{430}ry", "bad_name"),
        ("mary\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}", "bad_name"),
    ] {
        assert_eq!(refused(&mut mallory, name).await, code, "{name:?}");
    }
    mallory.log_in("mallory").await;
    for name in ["rnary", "\u{441}\u{430}\u{440}\u{435}"] {
        let offer = json!({"type": "offer", "name": name, "offer": 1, "call": "c1"});
        mallory.say(&offer.to_string()).await;
        mallory.hears_error("offline").await;
    }
    for owner in &mut owners {
        owner.hears_nothing().await;
    }
}

/// A dot that cannot be seen makes no other name, beside a guest and beside an account.
#[tokio::test]
async fn a_dot_on_a_dotted_letter() {
    let server = Server::start().await;
    let mut alicia = server.user("alicia").await;
    let mut mallory = server.client().await;
    for name in ["ali\u{307}cia", "ALİCİA", "alıcıa", "alı\u{307}cia", "alіcia"] {
        let code = refused(&mut mallory, name).await;
        assert!(matches!(&*code, "name_taken" | "bad_name"), "{name:?}: {code}");
    }
    alicia.hears_nothing().await;
}

/// Not in a name, and not as somebody to call.
#[tokio::test]
async fn control_character_names() {
    let server = Server::start().await;
    let mut victims = Victims::at(&server).await;
    let mut guest = server.client().await;
    let mut user = server.user("mallory").await;
    for char in [
        '\0',
        '\u{7}',
        '\u{8}',
        '\n',
        '\r',
        '\u{1b}',
        '\u{7f}',
        '\u{85}',
        '\u{9b}',
        '\u{ad}',
        '\u{200b}',
        '\u{200d}',
        '\u{200e}',
        '\u{2028}',
        '\u{202e}',
        '\u{2060}',
        '\u{2066}',
        '\u{feff}',
        '\u{fe0f}',
        '\u{fff9}',
        '\u{e0041}',
        '\u{e000}',
        '\u{ffff}',
    ] {
        for name in [format!("alice{char}"), format!("al{char}ice"), format!("{char}alice")] {
            assert_eq!(refused(&mut guest, &name).await, "bad_name", "{name:?}");
            let offer = json!({"type": "offer", "name": name, "offer": 1, "call": "c1"});
            user.say(&offer.to_string()).await;
            user.hears_error("bad_name").await;
        }
    }
    victims.notice_nothing().await;
}

/// What other languages' objects have by themselves is a name like any other, or none.
#[tokio::test]
async fn proto_names() {
    let server = Server::start().await;
    let mut guest = server.client().await;
    for name in ["__proto__", "__defineGetter__", "$where", "../etc/passwd", "a\u{0}b", "%2e%2e"] {
        assert_eq!(refused(&mut guest, name).await, "bad_name", "{name}");
    }
    let (mut one, mut other) = server.call("constructor", "tostring").await;
    for field in ["__proto__", "constructor", "prototype"] {
        let polluted =
            json!({"type": "candidate", "candidate": 1, field: {"type": "leave", "name": "x"}});
        one.say(&polluted.to_string()).await;
        other.hears(r#"{"type":"candidate","name":"constructor","candidate":1,"call":"c1"}"#).await;
    }
    guest.log_in("valueof").await;
}

/// Markup is passed on as the data that it is, and is part of no name.
#[tokio::test]
async fn markup_in_names_and_messages() {
    let server = Server::start().await;
    let (mut alice, mut bob) = server.call("alice", "bob").await;
    let markup = r#"{"candidate":"<img src=x onerror=alert(1)>","__proto__":{"admin":true}}"#;
    alice.say(&format!(r#"{{"type":"candidate","name":"bob","candidate":{markup}}}"#)).await;
    bob.hears(&format!(
        r#"{{"type":"candidate","name":"alice","candidate":{markup},"call":"c1"}}"#
    ))
    .await;
    let mut guest = server.client().await;
    for name in ["<b>x</b>", "a&lt;b", "javascript:alert(1)", "a\"b", "a'b", "{{a}}", "${a}"] {
        assert_eq!(refused(&mut guest, name).await, "bad_name", "{name}");
    }
}

/// One address holds so many names, and one connection one; what it lets go of is free.
#[tokio::test]
async fn squatting_of_names() {
    let few = |config: &mut Config| {
        config.limits = Some(AddressLimits { users: 4, ..AddressLimits::default() });
    };
    let server = Server::with(few).await;
    let mut squatters = Vec::new();
    for name in ["anna", "berta", "carla"] {
        squatters.push(server.user(name).await);
    }
    // A second name for the same connection is none.
    squatters[0].say(r#"{"type":"login","name":"dora"}"#).await;
    squatters[0].hears_error("already_logged_in").await;
    let _dora = server.user("dora").await;
    let mut more = server.client().await;
    assert_eq!(refused(&mut more, "emma").await, "rate_limited");
    // Nor does a name stay held by who has gone.
    squatters.pop().unwrap().close().await;
    more.close().await;
    let again = Server::start().await;
    again.user("carla").await.close().await;
    again.user("carla").await.close().await;
}
