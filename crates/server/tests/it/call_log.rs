//! One line of the log for each call that has ended.

use tempfile::TempDir;

use crate::{
    common::Client,
    program::{Program, pronto},
};

/// Two who are in a call with the id `c1`.
async fn call(program: &Program, caller: &str, callee: &str) -> (Client, Client) {
    let (mut from, mut to) = (program.client().await, program.client().await);
    from.log_in(caller).await;
    to.log_in(callee).await;
    from.call(caller, &mut to, callee).await;
    (from, to)
}

/// What the log says of calls at the end, without the time and the module.
fn calls(log: &str) -> Vec<&str> {
    log.lines().filter_map(|line| Some(line.split_once(" a call has ended ")?.1)).collect()
}

#[tokio::test]
async fn each_call_that_was_answered_is_told_once_with_its_cause_and_no_name() {
    let folder = TempDir::new().unwrap();
    let mut command = pronto();
    let program = Program::start(
        command.args(["--listen", "127.0.0.1:0", "--grace", "0", "--state"]).arg(folder.path()),
    );
    // Whoever of the two hangs up, and whoever of the two has called.
    for (caller, callee) in [("alice", "bob"), ("carol", "bert")] {
        let (mut from, mut to) = call(&program, caller, callee).await;
        from.say(&format!(r#"{{"type":"leave","name":"{callee}","call":"c1"}}"#)).await;
        to.hear().await;
    }
    let (mut from, to) = call(&program, "dave", "dora").await;
    to.close().await;
    from.hear().await;
    let (mut from, mut to) = call(&program, "emil", "eve").await;
    from.say(r#"{"type":"leave","name":"eve","call":"c1","reason":"lost"}"#).await;
    to.hear().await;
    // Nobody answers this one.
    from.say(r#"{"type":"offer","name":"eve","offer":1,"call":"c2"}"#).await;
    to.hear().await;
    from.say(r#"{"type":"leave","name":"eve","call":"c2"}"#).await;
    to.hear().await;
    let (_, stderr) = program.stop();
    let said = |cause: &str| format!("cause=\"{cause}\" seconds=0 path=direct");
    assert_eq!(calls(&stderr), ["hangup", "hangup", "gone", "lost"].map(said), "{stderr}");
}
