//! What the book keeps, and for how long.

use super::{Book, DAY, MAX_SESSIONS, NAMELESS_SECONDS, SESSION_SECONDS, Subject, sql};
use protocol::UserName;

const NOW: i64 = 1_800_000_000;

fn name(text: &str) -> UserName {
    UserName::parse(text).unwrap()
}

fn subject(subject: &str, suggested: Option<&str>) -> Subject {
    let suggested = suggested.map(name);
    Subject { issuer: "https://a.example".to_owned(), subject: subject.to_owned(), suggested }
}

fn hash(number: u8) -> [u8; 32] {
    [number; 32]
}

#[test]
fn the_same_person_has_the_same_account_and_keeps_the_name() {
    let mut book = Book::in_memory(NOW).unwrap();
    book.sign_in(NOW, &subject("1", Some("alice")), &hash(1), None).unwrap();
    let person = book.person(NOW, &hash(1)).unwrap().unwrap();
    assert_eq!((person.name, person.suggested), (None, Some(name("alice"))));
    assert!(book.choose(person.account, &name("ally")).unwrap());
    assert!(!book.choose(person.account, &name("other")).unwrap(), "for good");
    book.sign_in(NOW, &subject("1", Some("alice")), &hash(2), None).unwrap();
    let again = book.person(NOW, &hash(2)).unwrap().unwrap();
    assert_eq!((again.account, again.name), (person.account, Some(name("ally"))));
    assert_eq!(again.suggested, None, "nothing more is kept than what is needed");
    assert_eq!(book.standing(person.account).unwrap(), Some((Some(name("ally")), 0)));
    // Another subject, or the same one of another issuer, is another person.
    for (number, other) in [
        (3, subject("2", None)),
        (4, Subject { issuer: "https://b.example".to_owned(), ..subject("1", None) }),
    ] {
        book.sign_in(NOW, &other, &hash(number), None).unwrap();
        let stranger = book.person(NOW, &hash(number)).unwrap().unwrap();
        assert_ne!(stranger.account, person.account);
        assert!(!book.choose(stranger.account, &name("a11y")).unwrap(), "it looks the same");
    }
}

#[test]
fn what_looks_like_an_accounts_name_is_reserved() {
    let mut book = Book::in_memory(NOW).unwrap();
    book.sign_in(NOW, &subject("1", None), &hash(1), None).unwrap();
    let account = book.person(NOW, &hash(1)).unwrap().unwrap().account;
    assert!(!book.is_reserved(&name("mary")).unwrap());
    assert!(book.choose(account, &name("mary")).unwrap());
    for (wanted, reserved) in [("mary", true), ("rnary", true), ("martha", false)] {
        assert_eq!(book.is_reserved(&name(wanted)).unwrap(), reserved, "{wanted}");
    }
}

#[test]
fn a_session_lasts_for_30_days_after_its_last_use() {
    let mut book = Book::in_memory(NOW).unwrap();
    book.sign_in(NOW, &subject("1", None), &hash(1), None).unwrap();
    let mut at = |now| book.person(now, &hash(1)).unwrap().map(|person| person.prolonged);
    assert_eq!(at(NOW + DAY), Some(false));
    assert_eq!(at(NOW + SESSION_SECONDS - 1), Some(true));
    assert_eq!(at(NOW + 2 * SESSION_SECONDS - 2), Some(true));
    assert_eq!(at(NOW + 4 * SESSION_SECONDS), None);
}

#[test]
fn a_browser_has_one_session_and_an_account_a_few() {
    let mut book = Book::in_memory(NOW).unwrap();
    book.sign_in(NOW, &subject("1", None), &hash(1), None).unwrap();
    let account = book.person(NOW, &hash(1)).unwrap().unwrap().account;
    let replaced = book.sign_in(NOW, &subject("2", None), &hash(2), Some(&hash(1))).unwrap();
    assert_eq!(replaced, Some(account));
    assert_eq!(book.person(NOW, &hash(1)).unwrap(), None);
    let all = u8::try_from(MAX_SESSIONS).unwrap() + 10;
    for number in 10..10 + all {
        let now = NOW + i64::from(number);
        book.sign_in(now, &subject("1", None), &hash(number), None).unwrap();
    }
    let there = (10..10 + all).filter(|n| book.person(NOW, &hash(*n)).unwrap().is_some());
    let there: Vec<_> = there.collect();
    assert_eq!(there, (20..10 + all).collect::<Vec<_>>(), "the latest");
}

#[test]
fn a_sign_out_ends_all_sessions_of_the_account_and_no_other() {
    let mut book = Book::in_memory(NOW).unwrap();
    for (session, who) in [(1, "1"), (2, "1"), (3, "2")] {
        book.sign_in(NOW, &subject(who, None), &hash(session), None).unwrap();
    }
    assert_eq!(book.sign_out(&hash(9)).unwrap(), None);
    assert!(book.sign_out(&hash(1)).unwrap().is_some());
    let mut is_in = |number| book.person(NOW, &hash(number)).unwrap().is_some();
    assert_eq!([1, 2, 3].map(&mut is_in), [false, false, true]);
}

#[test]
fn no_question_looks_at_a_whole_table() {
    let book = Book::in_memory(NOW).unwrap();
    for question in sql::ALL {
        let mut explain = book.0.prepare(&format!("EXPLAIN QUERY PLAN {question}")).unwrap();
        let nothing = vec![rusqlite::types::Null; explain.parameter_count()];
        let nothing = rusqlite::params_from_iter(nothing);
        let steps = explain.query_map(nothing, |row| row.get::<_, String>(3)).unwrap();
        for step in steps {
            let step = step.unwrap();
            assert!(!step.starts_with("SCAN") || step == "SCAN CONSTANT ROW", "{question}: {step}");
        }
    }
}

#[test]
fn an_account_that_never_chose_a_name_is_forgotten_and_its_number_not_given_again() {
    let mut book = Book::in_memory(NOW).unwrap();
    for (number, who) in [(1, "1"), (2, "2"), (3, "3")] {
        book.sign_in(NOW, &subject(who, None), &hash(number), None).unwrap();
    }
    let mut account = |number| book.account_of(&hash(number)).unwrap().unwrap();
    let (named, used, unused) = (account(1), account(2), account(3));
    assert!(book.choose(named, &name("alice")).unwrap());
    // The second one's browser comes back now and then.
    book.person(NOW + 15 * DAY, &hash(2)).unwrap().unwrap();
    let later = NOW + NAMELESS_SECONDS;
    book.sign_in(later, &subject("4", None), &hash(4), None).unwrap();
    let mut is_there = |account| book.standing(account).unwrap().is_some();
    assert_eq!([named, used, unused].map(&mut is_there), [true, true, false]);
    assert!(book.account_of(&hash(4)).unwrap().unwrap() > unused);
}

#[test]
fn a_name_that_is_freed_is_anybodys() {
    let mut book = Book::in_memory(NOW).unwrap();
    for (number, who) in [(1, "1"), (2, "2")] {
        book.sign_in(NOW, &subject(who, None), &hash(number), None).unwrap();
    }
    let mut account = |number| book.account_of(&hash(number)).unwrap().unwrap();
    let (one, other) = (account(1), account(2));
    assert!(book.choose(one, &name("alice")).unwrap());
    assert!(!book.choose(other, &name("alice")).unwrap());
    assert!(!book.free(NOW, "bob").unwrap());
    assert!(book.free(NOW, "alice").unwrap());
    assert_eq!(book.person(NOW, &hash(1)).unwrap(), None, "and its owner is signed out");
    assert_eq!(book.standing(one).unwrap(), Some((None, 1)));
    assert!(book.choose(other, &name("alice")).unwrap());
    let entries = book.all(NOW).unwrap();
    let entries = entries.iter().map(|one| (one.name.as_deref(), one.browsers));
    assert_eq!(entries.collect::<Vec<_>>(), [(Some("alice"), 1), (None, 0)]);
}

#[test]
fn a_name_is_reserved_by_itself_and_by_what_it_looks_like() {
    let mut book = Book::in_memory(NOW).unwrap();
    book.sign_in(NOW, &subject("1", None), &hash(1), None).unwrap();
    let account = book.account_of(&hash(1)).unwrap().unwrap();
    assert!(book.choose(account, &name("mary")).unwrap());
    book.0
        .execute(
            "UPDATE accounts SET key = 'of', small = 'other', capitals = 'OTHER', title = 'Tables'",
            (),
        )
        .unwrap();
    assert!(book.is_reserved(&name("mary")).unwrap());
    book.sign_in(NOW, &subject("2", None), &hash(2), None).unwrap();
    let other = book.account_of(&hash(2)).unwrap().unwrap();
    assert!(!book.choose(other, &name("mary")).unwrap());
}

/// As on a disk that is full: all that can be read is still said.
#[test]
fn who_is_signed_in_is_known_though_nothing_can_be_written() {
    let mut book = Book::in_memory(NOW).unwrap();
    book.sign_in(NOW, &subject("1", None), &hash(1), None).unwrap();
    book.0.execute_batch("PRAGMA query_only = ON").unwrap();
    let person = book.person(NOW + 10 * DAY, &hash(1)).unwrap().unwrap();
    assert!(!person.prolonged);
    assert!(book.sign_out(&hash(1)).is_err());
}

/// A sign-in needs room, and changes nothing if there is none; to sign out needs none.
#[test]
fn a_sign_in_on_a_full_disk_leaves_all_as_it_was() {
    let mut book = Book::in_memory(NOW).unwrap();
    book.sign_in(NOW, &subject("1", None), &hash(1), None).unwrap();
    let account = book.account_of(&hash(1)).unwrap().unwrap();
    assert!(book.choose(account, &name("alice")).unwrap());
    let room = |book: &Book, pages: u32| {
        let question = format!("PRAGMA max_page_count = {pages}");
        book.0.query_row(&question, (), |row| row.get::<_, u32>(0)).unwrap()
    };
    assert!(room(&book, 1) > 1, "as many as there are");
    // More than a page holds.
    let other = subject(&"x".repeat(10_000), None);
    let full = book.sign_in(NOW, &other, &hash(2), Some(&hash(1))).unwrap_err();
    assert_eq!(full.sqlite_error_code(), Some(rusqlite::ErrorCode::DiskFull));
    assert_eq!(book.person(NOW, &hash(2)).unwrap(), None);
    assert_eq!(book.all(NOW).unwrap().len(), 1);
    let alice = book.person(NOW, &hash(1)).unwrap().unwrap();
    assert_eq!(alice.name, Some(name("alice")));
    assert_eq!(book.sign_out(&hash(1)).unwrap(), Some(account));
    assert_eq!(book.person(NOW, &hash(1)).unwrap(), None);
    room(&book, u32::MAX - 1);
    book.sign_in(NOW, &other, &hash(2), None).unwrap();
    assert!(book.person(NOW, &hash(2)).unwrap().is_some());
}

#[test]
fn it_is_all_there_after_it_was_closed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("accounts.sqlite");
    let mut book = Book::open(&file, NOW).unwrap();
    book.sign_in(NOW, &subject("1", None), &hash(1), None).unwrap();
    let account = book.person(NOW, &hash(1)).unwrap().unwrap().account;
    book.choose(account, &name("alice")).unwrap();
    drop(book);
    let mut book = Book::open(&file, NOW).unwrap();
    let person = book.person(NOW, &hash(1)).unwrap().unwrap();
    assert_eq!(person.name, Some(name("alice")));
}
