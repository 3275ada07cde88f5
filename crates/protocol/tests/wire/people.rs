//! Names of real people, which must be let in, be shown as their owners spell them, and be found by whoever spells them
//! otherwise. The page's tests show them all.

use std::collections::BTreeSet;

use protocol::UserName;

/// Lines of a script, a name, and other spellings of the same.
const PEOPLE: &str = include_str!("../people.tsv");

#[test]
fn people_of_all_scripts_are_let_in_and_found() {
    let (mut scripts, mut names) = (BTreeSet::new(), 0);
    for line in PEOPLE.lines() {
        let mut fields = line.split('\t');
        let (script, written) = (fields.next().unwrap(), fields.next().unwrap());
        let name = UserName::parse(written).unwrap_or_else(|error| panic!("{written}: {error}"));
        assert_eq!(name.as_str(), written, "shown as it is written");
        let spellings = fields.next().unwrap_or_default().split_whitespace();
        let (upper, lower) = (written.to_uppercase(), written.to_lowercase());
        for spelling in spellings.chain([&*upper, &*lower]) {
            assert_eq!(UserName::parse(spelling).as_ref(), Ok(&name), "{spelling} is {written}");
        }
        scripts.insert(script);
        names += 1;
    }
    assert!(names >= 80 && scripts.len() >= 25, "{names} names in {} scripts", scripts.len());
}

/// All of them at once: nobody takes another's place.
#[test]
fn no_two_people_exclude_each_other() {
    let mut taken = BTreeSet::new();
    for line in PEOPLE.lines() {
        let name = UserName::parse(line.split('\t').nth(1).unwrap()).unwrap();
        assert!(taken.insert(("key", name.key().to_owned())), "{name}");
        for (case, look) in name.looks().each() {
            assert!(taken.insert((case, look.to_owned())), "{name} in {case}");
        }
    }
}
