//! Two users call each other at once: in every order in which things can happen, it becomes one call.

use std::collections::VecDeque;

use protocol::{ClientMessage, ServerMessage};

use super::{Input, Phase, Return, World};

const USERS: [&str; 2] = ["alice", "bob"];

/// Two clients that each mean to call the other, and know the rule for glare.
#[derive(Clone)]
struct Scene {
    world: World,
    /// Whether each client gives its calls an id.
    ids: [bool; 2],
    client: [Client; 2],
    /// What each client said, and its session has not read yet.
    to_session: [VecDeque<String>; 2],
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Client {
    MeansToCall,
    Calling,
    InCall,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    ClientCalls(usize),
    SessionReads(usize),
    EnvelopeArrives(usize),
    ClientReads(usize),
}

impl Scene {
    fn new(ids: [bool; 2]) -> Self {
        Self {
            world: World::new(&USERS),
            ids,
            client: [Client::MeansToCall; 2],
            to_session: [VecDeque::new(), VecDeque::new()],
        }
    }

    fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        for (user, name) in USERS.into_iter().enumerate() {
            if self.client[user] == Client::MeansToCall {
                steps.push(Step::ClientCalls(user));
            }
            if !self.to_session[user].is_empty() {
                steps.push(Step::SessionReads(user));
            }
            if self.world.on_the_way.keys().any(|(_, to)| to == name) {
                steps.push(Step::EnvelopeArrives(user));
            }
            if self.world.heard.get(name).is_some_and(|heard| !heard.is_empty()) {
                steps.push(Step::ClientReads(user));
            }
        }
        steps
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::ClientCalls(user) => {
                let id =
                    if self.ids[user] { format!(r#","call":"c{user}""#) } else { String::new() };
                let peer = USERS[1 - user];
                let offer = format!(r#"{{"type":"offer","name":"{peer}","offer":{user}{id}}}"#);
                self.to_session[user].push_back(offer);
                self.client[user] = Client::Calling;
            }
            Step::SessionReads(user) => {
                let json = self.to_session[user].pop_front().unwrap();
                let message = ClientMessage::decode(&json).unwrap();
                self.world.input(USERS[user], Input::FromClient(message));
            }
            Step::EnvelopeArrives(user) => {
                let way = (USERS[1 - user].to_owned(), USERS[user].to_owned());
                self.world.deliver(&way);
            }
            Step::ClientReads(user) => {
                let heard = self.world.heard.get_mut(USERS[user]).unwrap().pop_front().unwrap();
                self.client_hears(user, &heard);
            }
        }
    }

    fn client_hears(&mut self, user: usize, heard: &ServerMessage) {
        match heard {
            ServerMessage::Offer(offer) => {
                let wins = self.client[user] == Client::Calling && USERS[user] < USERS[1 - user];
                if !wins {
                    let call = offer.call.as_ref();
                    let id = call.map(|id| format!(r#","call":"{id}""#)).unwrap_or_default();
                    let answer = format!(r#"{{"type":"answer","answer":{user}{id}}}"#);
                    self.to_session[user].push_back(answer);
                    self.client[user] = Client::InCall;
                }
            }
            ServerMessage::Answer(_) => {
                assert_eq!(self.client[user], Client::Calling);
                self.client[user] = Client::InCall;
            }
            other => panic!("{} hears {other:?}", USERS[user]),
        }
    }

    /// Goes on from here in every possible order. Returns in how many.
    fn explore(&self, path: &mut Vec<Step>) -> usize {
        let steps = self.steps();
        if steps.is_empty() {
            self.world.assert_agreement();
            assert_eq!(self.client, [Client::InCall; 2], "{path:?}");
            assert!(matches!(self.world.phase("alice"), Phase::InCall(_)), "{path:?}");
            return 1;
        }
        steps
            .into_iter()
            .map(|step| {
                let mut next = self.clone();
                path.push(step);
                next.take(step);
                let paths = next.explore(path);
                path.pop();
                paths
            })
            .sum()
    }
}

#[test]
fn both_calling_at_once_become_one_call_in_every_order() {
    for ids in [[true, true], [false, false], [true, false], [false, true]] {
        let orders = Scene::new(ids).explore(&mut Vec::new());
        assert!(orders > 100, "only {orders} orders were tried");
    }
}

#[test]
fn the_call_of_the_lesser_name_wins() {
    let mut world = World::new(&USERS);
    world.says("alice", r#"{"type":"offer","name":"bob","offer":1,"call":"by-alice"}"#);
    world.says("bob", r#"{"type":"offer","name":"alice","offer":2,"call":"by-bob"}"#);
    world.settle();
    world.hears_nothing("alice");
    assert_eq!(
        world.hears("bob"),
        [r#"{"type":"offer","name":"alice","offer":1,"call":"by-alice"}"#]
    );
    world.assert_agreement();
}

/// A regression: it rang for a call that had been dropped, and could even accept it, with nobody at the other end.
#[test]
fn a_winner_that_has_left_before_it_hears_of_the_other_call_hears_that_this_is_over() {
    let mut world = World::new(&[]);
    for user in USERS {
        world.returns(user, Return { received: Some(0), ..Return::default() });
    }
    world.tells("bob", r#"{"type":"offer","name":"alice","offer":2,"call":"by-bob"}"#);
    // Alice's client has not read that yet.
    world.tells("alice", r#"{"type":"offer","name":"bob","offer":1,"call":"by-alice"}"#);
    world.tells("alice", r#"{"type":"leave","reason":"cancelled"}"#);
    assert_eq!(
        world.hears("alice"),
        [
            r#"{"type":"offer","name":"bob","offer":2,"call":"by-bob"}"#,
            r#"{"type":"leave","name":"bob","call":"by-bob","reason":"cancelled"}"#,
        ]
    );
    world.assert_agreement();
}

#[test]
fn a_winner_that_has_left_meanwhile_does_not_ring_for_the_call_that_was_given_up() {
    let mut world = World::new(&USERS);
    world.says("alice", r#"{"type":"offer","name":"bob","offer":1,"call":"by-alice"}"#);
    world.says("bob", r#"{"type":"offer","name":"alice","offer":2,"call":"by-bob"}"#);
    world.says("alice", r#"{"type":"leave","reason":"cancelled"}"#);
    world.settle();
    world.assert_agreement();
    assert_eq!(world.phase("alice"), &Phase::Idle);
    assert_eq!(world.phase("bob"), &Phase::Idle);
}

/// A client that is away hears of the end of its own call by the offer of the one that has won, though that is over by then.
#[test]
fn a_client_that_is_away_hears_that_its_call_gave_way() {
    let mut world = super::resume::counting_users(&["alice", "bob"]);
    world.says("bob", r#"{"type":"offer","name":"alice","offer":1,"call":"by-bob"}"#);
    world.lose("bob");
    world.says("alice", r#"{"type":"offer","name":"bob","offer":1,"call":"by-alice"}"#);
    world.settle();
    world.tells("alice", r#"{"type":"leave","reason":"cancelled"}"#);
    world.returns("bob", super::Return { received: Some(0), ..super::Return::default() });
    assert_eq!(
        world.hears("bob"),
        [
            r#"{"type":"offer","name":"alice","offer":1,"call":"by-alice"}"#,
            r#"{"type":"leave","name":"alice","call":"by-alice","reason":"cancelled"}"#,
        ]
    );
    world.assert_agreement();
}
