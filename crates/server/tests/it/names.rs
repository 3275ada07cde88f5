//! Names over real sockets: who gets which, and under what they are found. What is meant to deceive stands in
//! `threats/names.rs`.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use crate::common::{Client, Server};

/// Lines of a script, a name, and other spellings of the same.
const PEOPLE: &str = include_str!("../../../protocol/tests/people.tsv");

/// Tries to log in.
async fn log_in(server: &Server, name: &str) -> (Client, Value) {
    let mut client = server.client().await;
    client.say(&json!({"type": "login", "name": name}).to_string()).await;
    let reply = client.hear().await;
    (client, serde_json::from_str(&reply).unwrap())
}

/// A call under this spelling reaches its owner, and the caller learns how they spell themselves.
async fn finds(carol: &mut Client, spelling: &str, callee: &mut Client, name: &str) {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let call = format!("c{}", CALLS.fetch_add(1, Ordering::Relaxed));
    let offer = json!({"type": "offer", "name": spelling, "offer": 1, "call": call});
    carol.say(&offer.to_string()).await;
    let heard = callee.hear().await;
    let offer = format!(r#"{{"type":"offer","name":"carol","offer":1,"call":"{call}"}}"#);
    assert_eq!(heard, offer, "{spelling}");
    callee.say(&json!({"type": "leave", "call": call, "reason": "declined"}).to_string()).await;
    let left = format!(r#"{{"type":"leave","name":"{name}","call":"{call}","reason":"declined"}}"#);
    carol.hears(&left).await;
}

/// All of them are here at once, and each is found under every spelling.
#[tokio::test]
async fn people_of_all_scripts_are_let_in_and_found() {
    // More calls at once than one user may make.
    let server = Server::with(|config| config.limits = None).await;
    let mut people = Vec::new();
    for line in PEOPLE.lines() {
        let mut fields = line.split('\t').skip(1);
        let name = fields.next().unwrap();
        let (client, reply) = log_in(&server, name).await;
        assert_eq!((&reply["success"], &reply["name"]), (&json!(true), &json!(name)), "{reply}");
        people.push((client, name, fields.next().unwrap_or_default()));
    }
    let mut carol = server.user("carol").await;
    for (callee, name, spellings) in &mut people {
        for spelling in spellings.split_whitespace().chain([&**name]) {
            finds(&mut carol, spelling, callee, name).await;
            // And nobody else gets it meanwhile.
            let (_, reply) = log_in(&server, spelling).await;
            assert_eq!(reply["code"], "name_taken", "{spelling}");
        }
    }
}

#[tokio::test]
async fn one_turkish_name_has_one_owner() {
    let spellings = ["İbrahim", "ibrahim", "İBRAHİM", "IBRAHIM", "ıbrahim", "i\u{307}brahim"];
    for own in spellings {
        let server = Server::start().await;
        let (mut owner, reply) = log_in(&server, own).await;
        let name = reply["name"].as_str().unwrap().to_owned();
        let mut carol = server.user("carol").await;
        for other in spellings {
            let (_, reply) = log_in(&server, other).await;
            assert_eq!(reply["code"], "name_taken", "{other} beside {own}");
            finds(&mut carol, other, &mut owner, &name).await;
        }
    }
}

/// In one form or in another, as keyboards and programs write it: one name, at the sign-in and where somebody is called.
#[tokio::test]
async fn names_are_normalised_in_one_way() {
    for (own, other) in [
        ("สำราญ", "สํ\u{e32}ราญ"),
        ("\u{fb01}ona", "fiona"),
        ("ＡＬＩＣＥ", "alice"),
        ("Å", "a\u{30a}"),
        ("ﻣﺤﻤﺪ", "محمد"),
        ("ｼﾞｮﾝ", "ジョン"),
        ("①", "1"),
    ] {
        for (own, other) in [(own, other), (other, own)] {
            let server = Server::start().await;
            let (mut owner, reply) = log_in(&server, own).await;
            let name = reply["name"].as_str().unwrap().to_owned();
            let mut carol = server.user("carol").await;
            finds(&mut carol, other, &mut owner, &name).await;
        }
    }
}

/// Nobody could have them while the server's tables were those of Unicode 6.3.
#[tokio::test]
async fn letters_of_a_current_unicode_are_let_in() {
    let server = Server::start().await;
    // Cherokee, Georgian capitals, Osage, Adlam, Todhri, Garay, and Latin letters of Unicode 8 to 16.
    for name in ["ᏣᎳᎩ", "ᲗᲐᲛᲐᲠ", "𐓏𐓘", "𞤀𞤣", "\u{105c0}\u{105c1}", "\u{10d70}", "ꭗꟃ", "\u{a7cd}"]
    {
        let (_client, reply) = log_in(&server, name).await;
        assert_eq!(reply["success"], true, "{name}: {reply}");
    }
}

/// What is wrong with a name is told with the character, to programs and to people.
#[tokio::test]
async fn a_refusal_says_which_character_and_why() {
    let server = Server::start().await;
    let mut carol = server.user("carol").await;
    for (name, reason, character) in [
        ("a b", "invisible", " "),
        ("a\u{200d}b", "invisible", "\u{200d}"),
        ("j\u{307}ohn", "mark", "\u{307}"),
        ("aliсe", "scripts", "с"),
        ("al@home", "character", "@"),
        ("١۲", "digits", "۲"),
        ("1דוד", "direction", "1"),
        ("alice.", "edge", "."),
    ] {
        let fault = json!({"reason": reason, "character": character});
        let number = format!("U+{:04X}", u32::from(character.chars().next().unwrap()));
        let (_, reply) = log_in(&server, name).await;
        assert_eq!((&reply["code"], &reply["fault"]), (&json!("bad_name"), &fault), "{name:?}");
        assert!(reply["message"].as_str().unwrap().starts_with(&number), "{reply}");
        let offer = json!({"type": "offer", "name": name, "offer": 1, "call": "c1"});
        carol.say(&offer.to_string()).await;
        let error = carol.hears_error("bad_name").await;
        assert_eq!((&error["fault"], &error["call"]), (&fault, &json!("c1")), "{name:?}");
    }
    let (_, reply) = log_in(&server, &"a".repeat(33)).await;
    assert_eq!(reply["fault"], json!({"reason": "too_long"}), "{reply}");
}
