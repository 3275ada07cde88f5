//! The same, from steps that proptest draws and shortens.

use proptest::{collection::vec, prelude::*, sample::select};

use super::{super::bytes::check_seeds, Input, Loss, Run, Step, USERS, check};

fn step() -> impl Strategy<Value = Step> {
    let user = || 0..USERS.len();
    prop_oneof![
        4 => (user(), user()).prop_map(|(user, to)| Step::Calls(user, to)),
        4 => user().prop_map(Step::Answers),
        3 => user().prop_map(Step::SaysSomething),
        2 => user().prop_map(Step::HangsUp),
        2 => user().prop_map(Step::Acknowledges),
        12 => user().prop_map(Step::ClientReads),
        12 => user().prop_map(Step::ServerReads),
        12 => (0..6_usize).prop_map(Step::Deliver),
        2 => user().prop_map(Step::Breaks),
        2 => (user(), select(&[Loss::Broken, Loss::PageGone][..]))
            .prop_map(|(user, loss)| Step::IsLost(user, loss)),
        4 => user().prop_map(Step::ComesBack),
        2 => user().prop_map(Step::Reloads),
        1 => any::<bool>().prop_map(Step::Restarts),
        1 => (1..40_u64).prop_map(Step::TimePasses),
    ]
}

/// Bob leaves a call and calls back, while the server that started anew lets the first one ring again.
#[test]
fn a_call_back_that_crosses_with_a_call_that_rings_again() {
    let mut run = Run::new();
    for step in [
        Step::Calls(0, 1),
        Step::ServerReads(0),
        Step::Deliver(0),
        Step::ClientReads(1),
        Step::Restarts(true),
        Step::ComesBack(0),
        Step::ClientReads(0),
        Step::ServerReads(0),
        Step::ComesBack(1),
        Step::ClientReads(1),
        Step::HangsUp(1),
        Step::Calls(1, 0),
    ] {
        run.take(step);
    }
    run.becomes_fair();
    run.assert_agreement();
}

/// Bob's login names the call to a server that has started anew, and bob hangs up before its reply is there.
#[test]
fn a_call_that_its_user_leaves_between_a_login_and_its_reply_is_not_restored() {
    let mut run = Run::new();
    for step in [Step::Calls(0, 1), Step::Answers(1)] {
        run.take(step);
        run.settle();
    }
    for step in [Step::Restarts(true), Step::ComesBack(1), Step::HangsUp(1), Step::ClientReads(1)] {
        run.take(step);
    }
    run.becomes_fair();
    run.assert_agreement();
}

/// While bob is away, somebody has his name, and calls alice without an id. She is calling bob, who calls her as well.
#[test]
fn a_call_without_an_id_that_crosses_with_its_own_is_not_refused() {
    let mut run = Run::new();
    for step in [
        Step::IsLost(1, Loss::Broken),
        Step::Calls(0, 1),
        Step::SaysSomething(0),
        Step::TimePasses(32),
        Step::Calls(1, 0),
    ] {
        run.take(step);
    }
    run.world.log_in("bob");
    run.world.says("bob", r#"{"type":"offer","name":"alice","offer":1}"#);
    run.world.input("bob", Input::Left);
    run.becomes_fair();
    run.assert_agreement();
}

#[test]
fn the_seeds_of_the_fuzz_target_hold() {
    check_seeds("losses", check);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    /// `check_recipients` watches every step, and every message is compared with what was said.
    #[test]
    fn what_is_said_arrives_once_and_in_order_and_all_agree_in_the_end(
        steps in vec(step(), 0..80)
    ) {
        let mut run = Run::new();
        for step in steps {
            run.take(step);
        }
        run.becomes_fair();
        run.assert_agreement();
    }

    /// As the fuzz target has it.
    #[test]
    fn bytes_are_steps_as_well(bytes in vec(any::<u8>(), 0..200)) {
        check(&bytes);
    }
}
