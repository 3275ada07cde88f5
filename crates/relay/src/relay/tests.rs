//! The relay over real sockets.

use std::{net::SocketAddr, num::NonZeroU64, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    net::UdpSocket,
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use turn_types::{
    attribute::RequestedTransport,
    message::{ALLOCATE, REFRESH},
    stun::{message::BINDING, prelude::AttributeWrite},
};

use super::{Relay, Settings};
use crate::{
    Policy, Rate, RelayAddresses, Secret,
    limits::{STREAM_IDLE, STREAM_QUEUE_FRAMES, STREAMS_PER_ADDRESS},
    testing::{Answer, Tester, World, channel_data},
};

async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(20), what).await.expect("this should have happened by now")
}

struct Running {
    relay: Arc<Relay>,
    address: SocketAddr,
    stop: CancellationToken,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A relay on a port of its own, with the secret of the [`World`]s.
fn start(policy: Policy) -> Running {
    start_at(policy, Rate::default())
}

fn start_at(policy: Policy, rate: Rate) -> Running {
    start_as(policy, rate, None)
}

fn start_as(policy: Policy, rate: Rate, host: Option<&str>) -> Running {
    let udp = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = udp.local_addr().unwrap();
    let addresses = RelayAddresses { v4: [192, 168, 0, 1].into(), v6: None };
    let host = host.map(str::to_owned);
    let settings = Settings { secret: Secret::new("north"), policy, addresses, rate, host };
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    let relay = Relay::start(settings, Some(udp), &tasks, &stop).unwrap();
    Running { relay, address, stop }
}

/// A user with a credential that is good now, whose requests are sent by hand.
fn user<'a>(world: &'a World, relay: &Relay, name: &str) -> Tester<'a> {
    let mut tester = world.tester(name, 1);
    tester.credential = relay.mint(name);
    tester
}

async fn ask(socket: &UdpSocket, request: &[u8]) -> Answer {
    socket.send(request).await.unwrap();
    let mut buffer = [0; 2048];
    let length = soon(socket.recv(&mut buffer)).await.unwrap();
    Answer(buffer[..length].to_vec())
}

fn allocate(tester: &Tester<'_>) -> Vec<u8> {
    let transport = RequestedTransport::new(RequestedTransport::UDP);
    tester.request(ALLOCATE, &[&transport as &dyn AttributeWrite])
}

async fn client(running: &Running) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(running.address).await.unwrap();
    socket
}

#[tokio::test]
async fn an_allocation_is_made_and_revoked_over_udp() {
    let (world, running) = (World::new(), start(Policy::default()));
    let mut alice = user(&world, &running.relay, "alice");
    let socket = client(&running).await;
    alice.nonce = ask(&socket, &allocate(&alice)).await.nonce();
    let answer = ask(&socket, &allocate(&alice)).await;
    assert_eq!(answer.mapped(), socket.local_addr().unwrap());
    assert!(answer.is_signed_with(&alice.credential));
    assert_eq!(running.relay.clients(), 1);

    // What somebody recorded is of no use from elsewhere.
    let thief = client(&running).await;
    assert_eq!(ask(&thief, &allocate(&alice)).await.code(), 438);

    running.relay.revoke("alice");
    assert_eq!(running.relay.clients(), 0);
    assert_eq!(ask(&socket, &allocate(&alice)).await.code(), 401);
    assert_eq!(ask(&socket, &alice.request(REFRESH, &[])).await.code(), 401);
}

#[tokio::test]
async fn what_has_expired_or_is_foreign_is_refused_over_udp() {
    let (world, running) = (World::new(), start(Policy::default()));
    let socket = client(&running).await;
    // A World's own time is long ago.
    let expired = world.tester("alice", 1).credential;
    let foreign =
        Secret::new("south").mint("alice", running.relay.now().unix, Duration::from_secs(600));
    for credential in [expired, foreign] {
        let mut alice = world.tester("alice", 1);
        alice.credential = credential;
        alice.nonce = ask(&socket, &allocate(&alice)).await.nonce();
        assert_eq!(ask(&socket, &allocate(&alice)).await.code(), 401);
    }
    assert_eq!(running.relay.clients(), 0);
}

/// A flood of requests from many addresses leaves nothing behind, and the next one is answered.
#[tokio::test]
async fn a_flood_of_strangers_is_answered_and_forgotten() {
    let (world, running) = (World::new(), start(Policy::default()));
    let stranger = world.tester("alice", 1);
    for _ in 0..200 {
        let socket = client(&running).await;
        assert_eq!(ask(&socket, &allocate(&stranger)).await.code(), 401);
    }
    assert_eq!(running.relay.clients(), 0);
    assert_eq!(ask(&client(&running).await, &stranger.request(BINDING, &[])).await.code(), 0);
}

/// An allocation's own socket is on this machine, and the relay's own port would answer it.
#[tokio::test]
async fn the_relays_own_port_is_not_reached_by_relay_though_loopback_is_named() {
    let world = World::new();
    let running = start(Policy::allowing(vec!["127.0.0.0/8".parse().unwrap()]));
    let mut alice = user(&world, &running.relay, "alice");
    let (mut client, _served) = Streaming::connect(&running, 1);
    client.allocate(&mut alice).await;
    let other = UdpSocket::bind("127.0.0.2:0").await.unwrap();
    knows_itself(&mut client, &alice).await;
    for (channel, peer) in [(0x4000, running.address), (0x4001, other.local_addr().unwrap())] {
        let bind = alice.bind_request(channel, &peer.to_string());
        assert_eq!(client.ask(&bind).await.code(), 0);
    }
    // The service that the operator named is reached each time, and the relay's own port never answers.
    for _ in 0..20 {
        client.stream.write_all(&channel_data(0x4000, &last_question())).await.unwrap();
        client.stream.write_all(&channel_data(0x4001, b"ping")).await.unwrap();
        let mut buffer = [0; 100];
        let (_, from) = soon(other.recv_from(&mut buffer)).await.unwrap();
        other.send_to(b"pong", from).await.unwrap();
        assert_eq!(read_message(&mut client.stream).await, channel_data(0x4001, b"pong"));
    }
}

/// Behind a NAT that gives the machine a public address, it is none of the machine's interfaces.
#[tokio::test]
async fn the_address_that_the_public_host_stands_for_is_not_reached() {
    let world = World::new();
    let policy = Policy::allowing(vec!["0.0.0.0/0".parse().unwrap()]);
    let running = start_as(policy, Rate::default(), Some("9.9.9.9"));
    let mut alice = user(&world, &running.relay, "alice");
    let (mut client, _served) = Streaming::connect(&running, 1);
    client.allocate(&mut alice).await;
    let permit = alice.permit_request(&["8.8.8.8"]);
    soon(async { while client.ask(&permit).await.code() == 403 {} }).await;
    assert_eq!(client.ask(&alice.permit_request(&["9.9.9.9"])).await.code(), 403);
}

/// A machine with two public addresses: by the one clients come, and at the other a service listens that is for the machine.
#[cfg(target_os = "linux")]
#[test]
fn a_service_at_another_address_of_this_machine_is_not_reached_though_all_that_is_public_is() {
    if let Some(missing) = lab::missing() {
        return eprintln!("skipped: {missing}");
    }
    let outside = lab::Network::new("outside", "8.8.8.0/24").unwrap();
    let inside = lab::Network::new("inside", "9.9.9.0/24").unwrap();
    let machine = lab::Host::within("machine", &outside, 1).unwrap();
    let second = machine.join(&inside, "eth1", 1, lab::Line::default()).unwrap();
    let neighbour = lab::Host::within("neighbour", &inside, 2).unwrap();
    let peer = neighbour.inside(|| std::net::UdpSocket::bind("9.9.9.2:53").unwrap()).unwrap();
    let scene = async || {
        let world = World::new();
        let running = start(Policy::allowing(vec!["0.0.0.0/0".parse().unwrap()]));
        let mut alice = user(&world, &running.relay, "alice");
        let (mut client, _served) = Streaming::connect(&running, 1);
        client.allocate(&mut alice).await;
        let permit = alice.permit_request(&["9.9.9.2"]);
        soon(async { while client.ask(&permit).await.code() == 403 {} }).await;
        let service = UdpSocket::bind((second, 53)).await.unwrap();
        for own in [second, [8, 8, 8, 1].into()] {
            let bind = alice.bind_request(0x4000, &SocketAddr::new(own, 53).to_string());
            assert_eq!(client.ask(&bind).await.code(), 403, "{own}");
        }
        client.stream.write_all(&channel_data(0x4000, b"ours")).await.unwrap();
        let bind = alice.bind_request(0x4001, "9.9.9.2:53");
        assert_eq!(client.ask(&bind).await.code(), 0);
        client.stream.write_all(&channel_data(0x4001, b"away")).await.unwrap();
        // Once this is answered, both are dealt with.
        assert_eq!(client.ask(&last_question()).await.code(), 0);
        assert!(service.try_recv(&mut [0; 8]).is_err());
    };
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    machine.inside(|| runtime().block_on(scene())).unwrap();
    peer.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut buffer = [0; 8];
    assert_eq!(peer.recv(&mut buffer).unwrap(), 4, "a neighbour is reached");
}

/// Waits until the relay knows which addresses are its own: until then it reaches nobody outside.
async fn knows_itself(client: &mut Streaming, alice: &Tester<'_>) {
    let permit = alice.permit_request(&["127.0.0.1"]);
    soon(async { while client.ask(&permit).await.code() == 403 {} }).await;
}

/// The bytes that come back for an unsigned datagram.
#[tokio::test]
async fn a_datagram_of_a_stranger_gets_little_more_than_it_has() {
    let running = start(Policy::default());
    let socket = client(&running).await;
    let question = |method: u8, attributes: &[u8]| {
        [&[0, method, 0, attributes.len() as u8], &b"\x21\x12\xa4\x42transaction!"[..], attributes]
            .concat()
    };
    let udp = b"\x00\x19\x00\x04\x11\x00\x00\x00";
    let mut measured = Vec::new();
    for (method, attributes) in [(1, &b""[..]), (3, b""), (4, b""), (8, b""), (3, udp)] {
        let question = question(method, attributes);
        socket.send(&question).await.unwrap();
        // The answer to a later question shows that no other is on its way.
        let last = last_question();
        socket.send(&last).await.unwrap();
        let mut answered = 0;
        let mut buffer = [0; 2048];
        loop {
            let length = soon(socket.recv(&mut buffer)).await.unwrap();
            if buffer[4..20] == last[4..] {
                break;
            }
            answered += length;
        }
        measured.push((question.len(), answered));
    }
    // With 28 bytes of headers each: 60 for 48 (1.25 times), nothing for what asks for more, 88 for 56 (1.57 times).
    assert_eq!(measured, [(20, 32), (20, 0), (20, 0), (20, 0), (28, 60)]);
}

/// A Binding request without attributes.
fn last_question() -> Vec<u8> {
    b"\x00\x01\x00\x00\x21\x12\xa4\x42the last one".to_vec()
}

/// A client on a stream in memory.
struct Streaming {
    stream: DuplexStream,
}

impl Streaming {
    fn connect(running: &Running, port: u16) -> (Self, tokio::task::JoinHandle<()>) {
        let (near, far) = duplex(1 << 16);
        let remote = SocketAddr::from(([198, 51, 100, 1], port));
        let served = Arc::clone(&running.relay).serve(far, running.address, remote);
        (Self { stream: near }, tokio::spawn(served))
    }

    async fn ask(&mut self, request: &[u8]) -> Answer {
        self.stream.write_all(request).await.unwrap();
        Answer(read_message(&mut self.stream).await)
    }

    async fn allocate(&mut self, alice: &mut Tester<'_>) -> SocketAddr {
        alice.nonce.clear();
        alice.nonce = self.ask(&allocate(alice)).await.nonce();
        self.ask(&allocate(alice)).await.relayed()
    }
}

async fn read_message(stream: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut message = vec![0; 4];
    soon(stream.read_exact(&mut message)).await.unwrap();
    let header = if message[0] < 4 { 16 } else { 0 };
    let length = usize::from(u16::from_be_bytes([message[2], message[3]]));
    let mut rest = vec![0; header + length.next_multiple_of(4)];
    soon(stream.read_exact(&mut rest)).await.unwrap();
    message.extend(rest);
    message
}

#[tokio::test]
async fn a_stream_takes_its_allocation_with_it() {
    let (world, running) = (World::new(), start(Policy::default()));
    let mut alice = user(&world, &running.relay, "alice");
    let (mut client, served) = Streaming::connect(&running, 1);
    client.allocate(&mut alice).await;
    assert_eq!(running.relay.clients(), 1);
    drop(client);
    soon(served).await.unwrap();
    assert_eq!(running.relay.clients(), 0);
    assert!(running.relay.streams().is_empty());
}

#[tokio::test]
async fn messages_may_come_in_pieces_and_together() {
    let (world, running) = (World::new(), start(Policy::default()));
    let stranger = world.tester("alice", 1);
    let (mut client, _served) = Streaming::connect(&running, 1);
    let request = stranger.request(BINDING, &[]);
    for byte in &request {
        client.stream.write_all(&[*byte]).await.unwrap();
    }
    assert_eq!(Answer(read_message(&mut client.stream).await).code(), 0);
    client.stream.write_all(&[&request[..], &request, &request[..10]].concat()).await.unwrap();
    read_message(&mut client.stream).await;
    read_message(&mut client.stream).await;
    client.stream.write_all(&request[10..]).await.unwrap();
    read_message(&mut client.stream).await;
}

#[tokio::test]
async fn what_is_no_message_ends_the_stream() {
    let running = start(Policy::default());
    for bad in
        [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\x40\x00\xff\xff", b"\x00\x01\xff\xfc", &[0xff; 4]]
    {
        let (mut client, served) = Streaming::connect(&running, 1);
        client.stream.write_all(bad).await.unwrap();
        soon(served).await.unwrap();
        assert_eq!(client.stream.read(&mut [0]).await.unwrap(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_without_an_allocation_is_closed_and_one_with_is_not() {
    let (world, running) = (World::new(), start(Policy::default()));
    let mut alice = user(&world, &running.relay, "alice");
    let (_idle, served) = Streaming::connect(&running, 1);
    let (mut client, other) = Streaming::connect(&running, 2);
    client.allocate(&mut alice).await;
    let begin = tokio::time::Instant::now();
    served.await.unwrap();
    assert!(begin.elapsed() >= STREAM_IDLE && begin.elapsed() < STREAM_IDLE * 2);
    tokio::time::sleep(STREAM_IDLE * 3).await;
    assert!(!other.is_finished());
    assert_eq!(client.ask(&alice.request(BINDING, &[])).await.code(), 0);
}

#[tokio::test]
async fn a_stream_too_many_from_one_address_is_closed_at_once() {
    let running = start(Policy::default());
    let port = |n: u32| u16::try_from(n + 1).unwrap();
    let mut open: Vec<_> =
        (0..STREAMS_PER_ADDRESS).map(|n| Streaming::connect(&running, port(n))).collect();
    let request = World::new().tester("alice", 1).request(BINDING, &[]);
    let connected = async || {
        let (mut client, served) = Streaming::connect(&running, port(STREAMS_PER_ADDRESS));
        // It may be closed before anything is sent.
        let _ = client.stream.write_all(&request).await;
        let answered = soon(client.stream.read(&mut [0; 100])).await.unwrap() > 0;
        drop(client);
        soon(served).await.unwrap();
        answered
    };
    // Each is in the table once it is served, which those that come first are first.
    tokio::task::yield_now().await;
    assert!(!connected().await);
    let (client, served) = open.pop().unwrap();
    drop(client);
    soon(served).await.unwrap();
    assert!(connected().await);
}

/// What a client does not read is dropped, and neither kept nor waited for.
#[tokio::test]
async fn a_client_that_does_not_read_loses_what_it_is_sent_and_nobody_else_does() {
    let (world, running) = (World::new(), start(Policy::default()));
    let (mut alice, mut bob) =
        (user(&world, &running.relay, "alice"), user(&world, &running.relay, "bob"));
    let (mut sending, _served) = Streaming::connect(&running, 1);
    let (mut deaf, _served_too) = Streaming::connect(&running, 2);
    let alices = sending.allocate(&mut alice).await;
    let bobs = deaf.allocate(&mut bob).await;
    let bind =
        |tester: &Tester<'_>, peer: SocketAddr| tester.bind_request(0x4000, &peer.to_string());
    assert_eq!(sending.ask(&bind(&alice, bobs)).await.code(), 0);
    assert_eq!(deaf.ask(&bind(&bob, alices)).await.code(), 0);
    let frame = channel_data(0x4000, &[7; 1200]);
    let frames = 20 * STREAM_QUEUE_FRAMES;
    for _ in 0..frames {
        sending.stream.write_all(&frame).await.unwrap();
    }
    // Whoever sends is served as ever.
    assert_eq!(sending.ask(&alice.request(BINDING, &[])).await.code(), 0);
    // What is there is what the stream and the queue hold, and it is whole.
    let mut heard = 0;
    while let Ok(message) =
        timeout(Duration::from_millis(300), read_message(&mut deaf.stream)).await
    {
        assert_eq!(message, frame);
        heard += 1;
    }
    assert!(heard >= STREAM_QUEUE_FRAMES && heard < frames / 2, "{heard} of {frames}");
}

/// Refresh(0), Allocate and another burst, as fast as it goes.
#[tokio::test]
async fn a_user_that_ends_and_makes_its_allocation_is_held_to_the_rate() {
    let world = World::new();
    let rate = Rate::bits_per_second(NonZeroU64::new(1_000_000).unwrap());
    let running = start_at(Policy::allowing(vec!["127.0.0.0/8".parse().unwrap()]), rate);
    let peer = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut alice = user(&world, &running.relay, "alice.1");
    let socket = client(&running).await;
    alice.nonce = ask(&socket, &allocate(&alice)).await.nonce();
    let begin = std::time::Instant::now();
    let (mut sent, mut heard) = (0_usize, 0_usize);
    let mut buffer = [0; 2048];
    for _ in 0..40 {
        assert_eq!(ask(&socket, &allocate(&alice)).await.code(), 0);
        let bind = alice.bind_request(0x4000, &peer.local_addr().unwrap().to_string());
        // The relay reaches nobody outside until it knows which addresses are its own.
        soon(async { while ask(&socket, &bind).await.code() == 403 {} }).await;
        for _ in 0..100 {
            socket.send(&channel_data(0x4000, &[7; 1200])).await.unwrap();
            sent += 1200;
        }
        let end = alice.request(REFRESH, &[&turn_types::attribute::Lifetime::new(0)]);
        assert_eq!(ask(&socket, &end).await.code(), 0, "all before it is dealt with");
        while let Ok(length) = peer.try_recv(&mut buffer) {
            heard += length;
        }
    }
    let seconds = begin.elapsed().as_secs_f64();
    // A burst of a second, and the rate.
    let most = (1.0 + seconds) * 125_000.0;
    assert!(heard as f64 <= most, "{heard} of {sent} bytes in {seconds:.2} s, {most:.0} may pass");
    assert!(heard > 60_000, "and the rate itself passes: {heard}");
}

#[tokio::test]
async fn a_peer_outside_is_reached_from_a_socket_if_it_is_allowed() {
    let world = World::new();
    let running = start(Policy::allowing(vec!["127.0.0.0/8".parse().unwrap()]));
    let mut alice = user(&world, &running.relay, "alice");
    let peer = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let peers = peer.local_addr().unwrap();
    let (mut client, served) = Streaming::connect(&running, 1);
    let relayed = client.allocate(&mut alice).await;
    knows_itself(&mut client, &alice).await;
    let bind = alice.bind_request(0x4000, &peers.to_string());
    assert_eq!(client.ask(&bind).await.code(), 0);
    client.stream.write_all(&channel_data(0x4000, b"ping")).await.unwrap();
    let mut buffer = [0; 100];
    let (length, from) = soon(peer.recv_from(&mut buffer)).await.unwrap();
    assert_eq!((&buffer[..length], from.port()), (&b"ping"[..], relayed.port()));
    peer.send_to(b"pong", from).await.unwrap();
    assert_eq!(read_message(&mut client.stream).await, channel_data(0x4000, b"pong"));
    // Its port is free again once the allocation is no more.
    drop(client);
    soon(served).await.unwrap();
    soon(async {
        while std::net::UdpSocket::bind(("0.0.0.0", relayed.port())).is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
