//! What coturn's client is not given.

use interop::{Finished, Program, Server, run};
use server::config::Embedded;

use crate::relayed::{UCLIENT, config};

/// coturn's echo server, as an environment variable names it.
const PEER: &str = "TURNUTILS_PEER";

async fn uclient(server: &Server, options: &[&str]) -> Finished {
    let port = server.address.port().to_string();
    let basics = ["-c", "-n", "5", "-p", &port];
    run(UCLIENT, &[&basics[..], options, &["127.0.0.1"]].concat()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_know_the_secret_gets_nothing() {
    let server = Server::start("127.0.0.1:0", config(Embedded::default())).await.unwrap();
    for options in [
        &["-y", "-u", "alice", "-W", "south"][..],
        &["-y", "-u", "alice", "-w", "north"],
        &["-y", "-u", "1:alice", "-w", "north"],
        &["-y", "-t", "-u", "alice", "-W", "south"],
    ] {
        let finished = uclient(&server, options).await;
        assert!(!finished.success, "{options:?}: {}", finished.text);
        assert!(
            finished.text.contains("Cannot complete Allocation"),
            "{options:?}: {}",
            finished.text
        );
    }
}

/// Addresses that nobody may reach through the relay unasked, of every kind that coturn's client can name here.
#[tokio::test(flavor = "multi_thread")]
async fn peers_outside_are_forbidden() {
    let addresses = vec!["203.0.113.7".parse().unwrap()];
    let embedded = Embedded { addresses, ..Embedded::default() };
    let server = Server::start("127.0.0.1:0", config(embedded)).await.unwrap();
    for peer in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "192.168.0.1", "100.64.0.1", "8.8.8.8"]
    {
        for way in [&[][..], &["-s"], &["-t"]] {
            let options = [&["-u", "alice", "-W", "north", "-e", peer][..], way].concat();
            let finished = uclient(&server, &options).await;
            assert!(!finished.success, "{peer}: {}", finished.text);
            assert!(finished.text.contains("403"), "{peer}: {}", finished.text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_the_operator_named_is_reached_and_no_other() {
    let echo_port = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let echo_port = echo_port.to_string();
    let _echo = Program::start(PEER, &["-p", &echo_port, "-L", "127.0.0.1", "-v"], &[], "").await;
    let embedded = Embedded {
        addresses: vec!["203.0.113.7".parse().unwrap()],
        allow: vec!["127.0.0.1/32".parse().unwrap()],
        ..Embedded::default()
    };
    let server = Server::start("127.0.0.1:0", config(embedded)).await.unwrap();
    let to = |peer: &'static str| ["-u", "alice", "-W", "north", "-e", peer, "-r"];
    let reached = uclient(&server, &[&to("127.0.0.1")[..], &[&echo_port]].concat()).await;
    assert!(reached.success, "{}", reached.text);
    assert!(reached.text.contains("Total lost packets 0 (0.000000%)"), "{}", reached.text);
    assert!(reached.text.contains("tot_recv_msgs=5"), "{}", reached.text);
    let refused = uclient(&server, &[&to("127.0.0.2")[..], &[&echo_port]].concat()).await;
    assert!(!refused.success && refused.text.contains("403"), "{}", refused.text);
}
