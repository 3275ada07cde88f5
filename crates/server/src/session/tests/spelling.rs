//! Callers who spell a name otherwise than its owner does.

use super::{LIMITS, Phase, World};

const OFFER: &str = r#"{"type":"offer","name":"NAME","offer":1,"call":"c1"}"#;

fn calling(name: &str) -> String {
    OFFER.replace("NAME", name)
}

#[test]
fn a_callee_is_named_as_they_spell_themselves_once_they_have_said_something() {
    for spelling in ["IBRAHIM", "İbrahim", "ibrahim", "ıbrahim"] {
        let mut world = World::new(&["alice", "ıbrahim"]);
        world.tells("alice", &calling(spelling));
        let offer = r#"{"type":"offer","name":"alice","offer":1,"call":"c1"}"#;
        assert_eq!(world.hears("ıbrahim"), [offer], "{spelling}");
        world.tells("ıbrahim", r#"{"type":"ringing","name":"alice","call":"c1"}"#);
        let ringing = r#"{"type":"ringing","name":"ıbrahim","call":"c1"}"#;
        assert_eq!(world.hears("alice"), [ringing], "{spelling}");
        // By either name, since the client may not have read that yet.
        for name in [spelling, "ıbrahim"] {
            world.tells(
                "alice",
                &format!(r#"{{"type":"candidate","name":"{name}","candidate":1,"call":"c1"}}"#),
            );
            assert_eq!(world.hears("ıbrahim").len(), 1, "{spelling} {name}");
        }
        // What the caller's own session says of the call has the callee's spelling as well.
        world.pass(LIMITS.ring);
        let timeout = r#"{"type":"leave","name":"ıbrahim","call":"c1","reason":"timeout"}"#;
        assert_eq!(world.hears("alice"), [timeout], "{spelling}");
    }
}

/// The lesser name wins, as both clients spell it, whatever the order of the keys by which names are found.
#[test]
fn calls_that_cross_are_settled_by_the_spelling() {
    let mut world = World::new(&["jane", "ıbrahim"]);
    world.says("jane", &calling("ibrahim"));
    world.says("ıbrahim", r#"{"type":"offer","name":"jane","offer":2,"call":"c2"}"#);
    world.settle();
    assert!("jane" < "ıbrahim" && "jane" > "ibrahim");
    assert!(matches!(world.phase("jane"), Phase::Calling { .. }));
    assert!(matches!(world.phase("ıbrahim"), Phase::Ringing(_)));
}

/// A name that no newcomer can have may be somebody's all the same: whoever had it before.
#[test]
fn a_name_of_an_earlier_version_can_be_called_and_nobody_learns_who_has_one() {
    let mut world = World::new(&["alice"]);
    world.tells("alice", &calling("aliсe"));
    let said = world.hears("alice").concat();
    assert!(
        said.contains(r#""code":"bad_name""#) && said.contains(r#""reason":"scripts""#),
        "{said}"
    );
    assert_eq!(world.phase("alice"), &Phase::Idle);
}
