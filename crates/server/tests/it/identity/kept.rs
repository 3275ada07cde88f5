//! What is kept of accounts: over changes of the program and of Unicode, over damage, and for how long.

use std::{fs, path::Path};

use identity::{Guests, Settings};
use rusqlite::Connection;
use serde_json::json;
use server::{Config, Sockets};
use tempfile::TempDir;

use super::{
    browser::{Browser, log_in},
    provider::Provider,
    server_with,
};
use crate::{
    common::{Server, soon},
    program::{Program, pronto},
};

/// The tables of the first version.
const FIRST: &str = "
    CREATE TABLE accounts (
        id INTEGER PRIMARY KEY,
        issuer TEXT NOT NULL,
        subject TEXT NOT NULL,
        name TEXT UNIQUE,
        skeleton TEXT UNIQUE,
        suggested TEXT,
        UNIQUE (issuer, subject)
    ) STRICT;
    CREATE TABLE sessions (
        hash BLOB PRIMARY KEY,
        account INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        until INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX sessions_of_account ON sessions (account, until);
    PRAGMA user_version = 1;
";

fn database(state: &Path) -> Connection {
    Connection::open(state.join("accounts.sqlite")).unwrap()
}

fn first_version(state: &Path, accounts: &[(&str, &str, &str, &str)]) {
    let mut database = database(state);
    let all = database.transaction().unwrap();
    all.execute_batch(FIRST).unwrap();
    for account in accounts {
        let insert =
            "INSERT INTO accounts (issuer, subject, name, skeleton) VALUES (?1, ?2, ?3, ?4)";
        all.execute(insert, *account).unwrap();
    }
    all.commit().unwrap();
}

async fn at(state: &Path, provider: &Provider) -> Server {
    server_with(&[("ours", provider)], |config, _| config.state = Some(state.to_owned())).await
}

/// Why a server does not start with this state.
async fn refusal(state: &Path, provider: &Provider) -> String {
    let settings = Settings::new(vec![provider.settings("ours")], Guests::Allow).unwrap();
    let (identity, state) = (Some(settings), Some(state.to_owned()));
    let config = Config { identity, state, ..Config::default() };
    let sockets = Sockets::bind("127.0.0.1:0").await.unwrap();
    let started = soon(server::run(sockets, config, std::future::pending())).await;
    started.unwrap_err().to_string()
}

/// What names look like is told by tables that change. What was written down by older ones must not free a name.
#[tokio::test]
async fn an_accounts_name_stays_theirs_when_the_tables_of_lookalikes_change() {
    let (provider, state) = (Provider::start().await, TempDir::new().unwrap());
    first_version(state.path(), &[(provider.issuer(), "1", "mary", "as older tables said")]);
    let server = at(state.path(), &provider).await;
    for name in ["mary", "rnary"] {
        let reply = log_in(&mut server.client().await, json!({"name": name})).await;
        assert_eq!(reply["code"], "name_taken", "{name}: {reply}");
    }
    let mut browser = Browser::at(&server);
    browser.sign_in("ours").await;
    let (_mary, reply) = browser.log_in(&server, json!({"name": ""})).await;
    assert_eq!(reply["name"], "mary", "{reply}");
}

#[tokio::test]
async fn two_whose_names_have_come_to_look_alike_both_keep_them() {
    let (provider, state) = (Provider::start().await, TempDir::new().unwrap());
    let issuer = provider.issuer();
    first_version(state.path(), &[(issuer, "1", "mary", "one"), (issuer, "2", "rnary", "other")]);
    let server = at(state.path(), &provider).await;
    for (subject, name) in [("1", "mary"), ("2", "rnary")] {
        provider.signs_in(subject, "x");
        let mut browser = Browser::at(&server);
        browser.sign_in("ours").await;
        let (client, reply) = browser.log_in(&server, json!({"name": ""})).await;
        assert_eq!(reply["name"], name, "{reply}");
        client.close().await;
    }
}

/// The tables of the second version, which knew of a name what its small letters look like.
const SECOND: &str = "
    CREATE TABLE accounts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        issuer TEXT NOT NULL,
        subject TEXT NOT NULL,
        name TEXT UNIQUE,
        skeleton TEXT,
        suggested TEXT,
        signed_in INTEGER NOT NULL,
        sign_outs INTEGER NOT NULL DEFAULT 0,
        UNIQUE (issuer, subject)
    ) STRICT;
    CREATE INDEX accounts_by_skeleton ON accounts (skeleton);
    CREATE INDEX accounts_without_name ON accounts (signed_in) WHERE name IS NULL;
    CREATE TABLE sessions (
        hash BLOB PRIMARY KEY,
        account INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        until INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX sessions_of_account ON sessions (account, until);
    CREATE INDEX sessions_by_end ON sessions (until);
    PRAGMA user_version = 2;
";

/// A name that nobody could choose any more stays its owner's, who signs in with it, calls and is called; and so does one that is
/// spelled otherwise by now.
#[tokio::test]
async fn names_of_an_earlier_version_stay_their_owners() {
    let (provider, state) = (Provider::start().await, TempDir::new().unwrap());
    let all = database(state.path());
    all.execute_batch(SECOND).unwrap();
    // Once let in: a stroke over a letter, and the dot of a Turkish capital.
    let names = ["o\u{338}le", "i\u{307}brahim"];
    for (subject, name) in (1..).zip(names) {
        let insert =
            "INSERT INTO accounts (id, issuer, subject, name, skeleton, signed_in, sign_outs)
                      VALUES (?1, ?2, ?1, ?3, ?3, 4000000000, 7)";
        all.execute(insert, (subject, provider.issuer(), name)).unwrap();
    }
    // The number of an account that is gone is not given again.
    all.execute("UPDATE sqlite_sequence SET seq = 41", ()).unwrap();
    drop(all);
    let server = at(state.path(), &provider).await;
    let mut owners = Vec::new();
    for (subject, shown) in [("1", "o\u{338}le"), ("2", "ibrahim")] {
        provider.signs_in(subject, "x");
        let mut browser = Browser::at(&server);
        browser.sign_in("ours").await;
        let (client, reply) = browser.log_in(&server, json!({"name": ""})).await;
        assert_eq!(reply["name"], shown, "{reply}");
        owners.push((client, shown));
    }
    let mut carol = server.client().await;
    let reply = log_in(&mut carol, json!({"name": "carol"})).await;
    assert_eq!(reply["success"], true, "{reply}");
    for ((owner, shown), spelling) in owners.iter_mut().zip(["o\u{338}le", "İBRAHİM"]) {
        let offer = json!({"type": "offer", "name": spelling, "offer": 1, "call": "c1"});
        carol.say(&offer.to_string()).await;
        let heard: serde_json::Value = serde_json::from_str(&owner.hear().await).unwrap();
        assert_eq!((&heard["type"], &heard["name"]), (&json!("offer"), &json!("carol")), "{shown}");
        owner.say(r#"{"type":"leave","call":"c1","reason":"declined"}"#).await;
        let left: serde_json::Value = serde_json::from_str(&carol.hear().await).unwrap();
        assert_eq!((&left["type"], &left["name"]), (&json!("leave"), &json!(shown)), "{left}");
    }
    for name in ["o\u{338}le", "ıbrahim", "ibrahim"] {
        let reply = log_in(&mut server.client().await, json!({"name": name})).await;
        assert!(reply["success"] == false, "{name}: {reply}");
    }
    provider.signs_in("3", "x");
    let mut browser = Browser::at(&server);
    browser.sign_in("ours").await;
    browser.log_in(&server, json!({"name": "dora"})).await.0.close().await;
    server.stop().await;
    let number = database(state.path()).query_row(
        "SELECT id, sign_outs, (SELECT sign_outs FROM accounts WHERE id = 1) FROM accounts WHERE name = 'dora'",
        (),
        |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)),
    );
    let (number, new, old) = number.unwrap();
    assert!(number > 41 && (new, old) == (0, 7), "{number} {new} {old}");
}

/// Two spellings that were two names are one by now: each owner keeps theirs, the log tells it, and nobody else gets it.
#[tokio::test]
async fn two_whose_names_have_become_one_both_keep_them() {
    let (provider, state) = (Provider::start().await, TempDir::new().unwrap());
    let issuer = provider.issuer();
    let names = ["straße", "strasse"];
    first_version(
        state.path(),
        &[(issuer, "1", names[0], "one"), (issuer, "2", names[1], "other")],
    );
    let server = at(state.path(), &provider).await;
    for (subject, name) in (1..).zip(names) {
        provider.signs_in(&format!("{subject}"), "x");
        let mut browser = Browser::at(&server);
        browser.sign_in("ours").await;
        let (client, reply) = browser.log_in(&server, json!({"name": ""})).await;
        assert_eq!(reply["name"], name, "{reply}");
        // Not for the other one.
        let reply = log_in(&mut server.client().await, json!({"name": "STRASSE"})).await;
        assert_eq!(reply["code"], "name_taken", "{reply}");
        client.close().await;
    }
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused_in_words() {
    let (provider, state) = (Provider::start().await, TempDir::new().unwrap());
    first_version(state.path(), &[]);
    database(state.path()).execute_batch("PRAGMA user_version = 99").unwrap();
    let why = refusal(state.path(), &provider).await;
    assert!(why.contains("newer") && why.contains("accounts.sqlite"), "{why}");
    let version = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
    let kept = database(state.path()).query_row("PRAGMA user_version", (), version).unwrap();
    assert_eq!(kept, 99, "and is left as it was");
}

#[tokio::test]
async fn a_damaged_database_is_refused_in_words() {
    let provider = Provider::start().await;
    for damage in ["a page", "the head", "no database"] {
        let state = TempDir::new().unwrap();
        let numbers: Vec<_> = (0..2_000).map(|number| format!("user{number}")).collect();
        let accounts: Vec<_> = numbers
            .iter()
            .map(|name| (provider.issuer(), name.as_str(), name.as_str(), name.as_str()))
            .collect();
        first_version(state.path(), &accounts[..if damage == "a page" { 2_000 } else { 1 }]);
        let file = state.path().join("accounts.sqlite");
        let mut bytes = fs::read(&file).unwrap();
        match damage {
            "a page" => bytes[5 * 4_096..7 * 4_096].fill(0x55),
            "the head" => bytes[..100].fill(0x55),
            _ => bytes = b"something else".repeat(1_000),
        }
        fs::write(&file, bytes).unwrap();
        let why = refusal(state.path(), &provider).await;
        assert!(why.contains("accounts.sqlite") && why.contains("damaged"), "{damage}: {why}");
    }
}

/// Several servers may give tickets by one database; one that is asked must not believe in what another one has ended.
#[tokio::test]
async fn a_ticket_ends_with_a_sign_out_whoever_wrote_it_down() {
    let (provider, state) = (Provider::start().await, TempDir::new().unwrap());
    let server = at(state.path(), &provider).await;
    let mut browser = Browser::at(&server);
    browser.sign_in("ours").await;
    let (before, after) = (browser.ticket().await, "UPDATE accounts SET sign_outs = sign_outs + 1");
    database(state.path()).execute(after, ()).unwrap();
    let reply =
        log_in(&mut server.client().await, json!({"name": "alice", "ticket": before})).await;
    assert_eq!(reply["code"], "sign_in_required", "{reply}");
    let (_alice, reply) = browser.log_in(&server, json!({"name": "alice"})).await;
    assert_eq!(reply["success"], true, "{reply}");
}

#[tokio::test]
async fn the_start_tells_what_is_wrong_with_accounts() {
    let (provider, state) = (Provider::start().await, TempDir::new().unwrap());
    first_version(
        state.path(),
        &[
            (provider.issuer(), "1", "mary", "one"),
            (provider.issuer(), "2", "rnary", "other"),
            (provider.issuer(), "3", "no name", "no name"),
            (provider.issuer(), "4", "straße", "straße"),
            (provider.issuer(), "5", "strasse", "strasse"),
            ("https://former.example", "1", "bob", "bob"),
        ],
    );
    let issuer = format!("--oidc-issuer={}", provider.issuer());
    let arguments = ["--listen=127.0.0.1:0", "--oidc-client-id=pronto", &issuer];
    let mut program = Program::start(pronto().args(arguments).arg("--state").arg(state.path()));
    // The accounts are looked through while it serves already; of this it tells last.
    let until_then = program.writes(r#"issuer="https://former.example" accounts=1 names=1"#);
    let (code, rest) = program.stop();
    let said = until_then + &rest;
    assert_eq!(code, Some(0), "{said}");
    for part in [
        "the database of accounts is sound",
        r#"names=["mary", "rnary"]"#,
        r#"names=["straße", "strasse"]"#,
        r#"name="no name""#,
        r#"issuer="https://former.example" accounts=1 names=1"#,
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains(&format!("issuer={:?}", provider.issuer())), "{said}");
}

/// Runs the program to its end. Gives the exit code and all that it wrote.
fn run(state: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = pronto().args(arguments).arg("--state").arg(state).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[tokio::test]
async fn the_operator_lists_accounts_and_frees_names() {
    let (provider, state) = (Provider::start().await, TempDir::new().unwrap());
    let (code, said) = run(state.path(), &["accounts", "list"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("there are no accounts in"), "{said}");
    let server = at(state.path(), &provider).await;
    let mut browser = Browser::at(&server);
    browser.sign_in("ours").await;
    browser.log_in(&server, json!({"name": "Mary"})).await.0.close().await;
    // To look does no harm; to free a name under a server would.
    let (code, said) = run(state.path(), &["accounts", "list"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("mary") && said.contains(provider.issuer()), "{said}");
    let (code, said) = run(state.path(), &["accounts", "free", "mary"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("in use by another server"), "{said}");
    server.stop().await;

    let (code, said) = run(state.path(), &["accounts", "free", "martha"]);
    assert_eq!(code, Some(2), "{said}");
    let (code, said) = run(state.path(), &["accounts", "free", "Mary"]);
    assert_eq!(code, Some(0), "{said}");
    let server = at(state.path(), &provider).await;
    assert_eq!(browser.again_at(&server).options().await.get("user"), None);
    let reply = log_in(&mut server.client().await, json!({"name": "rnary"})).await;
    assert_eq!(reply["success"], true, "{reply}");
}
