//! Providers that lie, and those who stand between a browser and its provider.

use serde_json::json;

use super::{
    browser::Browser,
    provider::{Lie, Provider},
    server_with,
};

/// Each check of a token, by the token that only it refuses.
#[tokio::test]
async fn a_token_that_does_not_hold_signs_nobody_in() {
    let provider = Provider::start().await;
    let server = server_with(&[("ours", &provider)], |_, _| {}).await;
    for lie in [
        Lie::Nonce,
        Lie::NoNonce,
        Lie::Issuer,
        Lie::Audience,
        Lie::OneMoreAudience,
        Lie::AuthorizedParty,
        Lie::Expired,
        Lie::Future,
        Lie::Key,
        Lie::Signature,
        Lie::Unsigned,
        Lie::Secret,
        Lie::PublicKey,
        Lie::NoToken,
        Lie::NoSubject,
    ] {
        provider.lies(Some(lie));
        let mut browser = Browser::at(&server);
        assert_eq!(browser.sign_in("ours").await, "/?sign-in=failed", "{lie:?}");
        assert!(!browser.cookies.contains_key("__Host-pronto"), "{lie:?}");
        assert_eq!(browser.options().await.get("user"), None, "{lie:?}");
        // The very same without the lie does.
        provider.lies(None);
        assert_eq!(browser.sign_in("ours").await, "/", "{lie:?}");
    }
}

#[tokio::test]
async fn a_state_is_good_once_for_one_browser_and_one_provider() {
    let (one, other) = (Provider::start().await, Provider::start().await);
    let server = server_with(&[("one", &one), ("other", &other)], |_, _| {}).await;
    let mut browser = Browser::at(&server);
    let back = browser.leave_for("one").await;
    // Of nobody, and none at all.
    for wrong in ["", "?state=", "?code=1", &format!("?code=1&state={}", "a".repeat(43))] {
        let path = format!("/auth/callback/one{wrong}");
        assert_eq!(browser.come_back(&path).await, "/?sign-in=expired", "{wrong}");
    }
    assert_eq!(browser.come_back(&back).await, "/");
    assert_eq!(browser.come_back(&back).await, "/?sign-in=expired", "once");

    // Whoever gets somebody to follow a link signs nobody in with it.
    let back = browser.leave_for("one").await;
    let mut victim = Browser::at(&server);
    assert_eq!(victim.come_back(&back).await, "/?sign-in=expired");
    victim.leave_for("one").await;
    let back = browser.leave_for("one").await;
    assert_eq!(victim.come_back(&back).await, "/?sign-in=expired");
    assert_eq!(victim.options().await.get("user"), None);

    // What was said twice could mean either.
    let back = browser.leave_for("one").await;
    assert_eq!(browser.come_back(&format!("{back}&code=2")).await, "/?sign-in=failed");
}

#[tokio::test]
async fn two_sign_ins_of_one_browser_both_come_to_an_end() {
    let provider = Provider::start().await;
    let server = server_with(&[("ours", &provider)], |_, _| {}).await;
    let mut browser = Browser::at(&server);
    let (one, other) = (browser.leave_for("ours").await, browser.leave_for("ours").await);
    assert_eq!(browser.come_back(&other).await, "/");
    assert_eq!(browser.come_back(&one).await, "/");
}

/// RFC 9700 section 4.4: what one provider says is passed on by another as its own, or the other way round.
#[tokio::test]
async fn one_provider_does_not_get_what_is_meant_for_another() {
    let (honest, evil) = (Provider::start().await, Provider::start().await);
    let server = server_with(&[("honest", &honest), ("evil", &evil)], |_, _| {}).await;
    let mut browser = Browser::at(&server);
    let back = browser.leave_for("honest").await;
    let crossed = back.replace("/callback/honest", "/callback/evil");
    assert_eq!(browser.come_back(&crossed).await, "/?sign-in=failed");
    assert_eq!(evil.now().tokens_asked, 0, "the code went nowhere");
    assert_eq!(browser.come_back(&back).await, "/?sign-in=expired", "and is lost");

    // A provider that names itself as another, and one that should name itself and does not.
    honest.now().names = Some(evil.issuer().to_owned());
    assert_eq!(browser.sign_in("honest").await, "/?sign-in=failed");
    honest.now().names = Some(honest.issuer().to_owned());
    assert_eq!(browser.sign_in("honest").await, "/");
    assert_eq!(honest.now().tokens_asked, 1);
}

#[tokio::test]
async fn a_provider_that_says_that_it_names_itself_has_to() {
    let provider = Provider::start().await;
    provider.now().says_that_it_names_itself = true;
    let server = server_with(&[("ours", &provider)], |_, _| {}).await;
    let mut browser = Browser::at(&server);
    assert_eq!(browser.sign_in("ours").await, "/?sign-in=failed");
    provider.now().names = Some(provider.issuer().to_owned());
    assert_eq!(browser.sign_in("ours").await, "/");
}

/// The provider refuses a code that comes a second time, and one whose verifier is another's (RFC 7636): ours sends the right one.
#[tokio::test]
async fn a_code_that_was_seen_is_worth_nothing() {
    let provider = Provider::start().await;
    let server = server_with(&[("ours", &provider)], |_, _| {}).await;
    let (mut browser, mut thief) = (Browser::at(&server), Browser::at(&server));
    let stolen = browser.leave_for("ours").await;
    let code_of =
        |path: &str| super::provider::fields(path.split_once('?').unwrap().1)["code"].clone();
    // Put into the thief's own sign-in, whose verifier is another.
    let own = thief.leave_for("ours").await;
    let injected = own.replace(&code_of(&own), &code_of(&stolen));
    assert_ne!(own, injected);
    assert_eq!(thief.come_back(&injected).await, "/?sign-in=failed");
    assert_eq!(browser.come_back(&stolen).await, "/?sign-in=failed", "it was used up by that");
    let first = browser.leave_for("ours").await;
    assert_eq!(browser.come_back(&first).await, "/");
    let again = browser.leave_for("ours").await.replace("code-", "code-x");
    assert_eq!(browser.come_back(&again).await, "/?sign-in=failed");
}

#[tokio::test]
async fn who_does_not_want_to_and_who_cannot_are_told_apart() {
    let provider = Provider::start().await;
    let server = server_with(&[("ours", &provider)], |_, _| {}).await;
    let mut browser = Browser::at(&server);
    for (error, end) in [
        ("access_denied", "cancelled"),
        ("temporarily_unavailable", "unavailable"),
        ("server_error", "unavailable"),
        ("invalid_scope", "failed"),
    ] {
        provider.now().error = Some(error);
        assert_eq!(browser.sign_in("ours").await, format!("/?sign-in={end}"), "{error}");
    }
    provider.now().error = None;
    assert_eq!(browser.sign_in("ours").await, "/");
}

#[tokio::test]
async fn keys_that_are_not_known_are_looked_up_but_not_without_end() {
    let provider = Provider::start().await;
    let server = server_with(&[("ours", &provider)], |_, _| {}).await;
    let mut browser = Browser::at(&server);
    assert_eq!(browser.sign_in("ours").await, "/");
    let asked = provider.now().keys_asked;
    // The keys were read moments ago: whoever sends tokens with unknown ones does not make us ask each time.
    provider.changes_its_key();
    for _ in 0..5 {
        assert_eq!(browser.sign_in("ours").await, "/?sign-in=failed");
    }
    assert_eq!(provider.now().keys_asked, asked);
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_secs(11)).await;
    tokio::time::resume();
    assert_eq!(browser.sign_in("ours").await, "/");
    assert_eq!(provider.now().keys_asked, asked + 1);
}

#[tokio::test]
async fn a_name_is_suggested_by_the_token_or_else_by_the_user_info() {
    let provider = Provider::start().await;
    let server = server_with(&[("ours", &provider)], |_, _| {}).await;
    for (number, (claims, info, suggested)) in [
        (json!({"email": "Bob@example.org"}), json!(null), json!("bob")),
        (json!({"name": "Bob B."}), json!({"preferred_username": "other"}), json!("bob.b")),
        (json!({}), json!({"preferred_username": "carol"}), json!("carol")),
        // What is said of another subject is not taken.
        (json!({}), json!({"sub": "another", "preferred_username": "carol"}), json!(null)),
        (json!({}), json!(null), json!(null)),
        (json!({"name": "<b>"}), json!(null), json!("b")),
    ]
    .into_iter()
    .enumerate()
    {
        let mut claims = claims;
        claims["sub"] = json!(format!("s{number}"));
        provider.now().claims = claims.clone();
        provider.now().user_info = info;
        let mut browser = Browser::at(&server);
        assert_eq!(browser.sign_in("ours").await, "/", "{claims}");
        assert_eq!(browser.options().await["suggested"], suggested, "{claims}");
    }
}
