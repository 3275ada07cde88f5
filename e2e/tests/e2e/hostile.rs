//! A caller and a peer who want to make the page do more than it should.

use anyhow::{Context, Result, ensure};
use e2e::{Look, Person, Played, play};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

/// A description as the victim's own browser makes it.
const DESCRIPTION: &str = "(async () => {
    const connection = new RTCPeerConnection();
    for (const kind of ['audio', 'video']) connection.addTransceiver(kind);
    connection.createDataChannel('pronto');
    const { sdp } = await connection.createOffer();
    connection.close();
    e2eSpy.connections.length = 0;
    return sdp;
})()";

/// Logs in as mallory with a socket of its own, and answers the call that comes.
const ANSWERS: &str = "(async () => {
    const socket = new WebSocket(location.origin.replace('http', 'ws') + '/ws');
    const say = (message) => socket.send(JSON.stringify(message));
    const connection = new RTCPeerConnection();
    const hostile = window.hostile = {};
    hostile.channel = new Promise((done) => {
        connection.ondatachannel = ({ channel }) => { channel.onopen = () => done(channel); };
    });
    let described;
    const signed = new Promise((done) => {
        socket.onmessage = async ({ data }) => {
            const { type, name, call, offer, candidate } = JSON.parse(data);
            if (type === 'login') done(true);
            if (type === 'candidate') { await described; await connection.addIceCandidate(candidate); }
            if (type !== 'offer') return;
            connection.onicecandidate = ({ candidate }) => candidate && say({ type: 'candidate', name, call, candidate });
            described = connection.setRemoteDescription(offer);
            await described;
            await connection.setLocalDescription();
            say({ type: 'answer', name, call, answer: connection.localDescription });
        };
    });
    await new Promise((done) => { socket.onopen = done; });
    say({ type: 'login', name: 'mallory' });
    return signed;
})()";

/// Says that its camera is on.
const ON: &str = "hostile.channel.then((channel) => {
    clearInterval(hostile.after);
    channel.send(JSON.stringify({ type: 'media', audio: true, video: true }));
    return true;
})";

/// Says 60,000 times whether its microphone is on; and after that, again and again, that its camera is off.
const FLOOD: &str = "(async () => {
    const channel = await hostile.channel;
    for (let n = 0; n < 60_000; n += 1) {
        channel.send(JSON.stringify({ type: 'media', audio: n % 2 === 0, video: true }));
        if (n % 1_000 === 999) await new Promise((done) => setTimeout(done));
    }
    hostile.after = setInterval(() => {
        channel.send(JSON.stringify({ type: 'media', audio: true, video: false }));
    }, 250);
    return true;
})()";

/// Notes for how long the page's thread has done nothing else, at the longest.
const WATCH: &str = "
    clearInterval(e2eSpy.beat);
    e2eSpy.longest = 0;
    let last = performance.now();
    e2eSpy.beat = setInterval(() => {
        const now = performance.now();
        e2eSpy.longest = Math.max(e2eSpy.longest, now - last);
        last = now;
    }, 5);";

/// How many times longer something takes here than on a machine that does nothing else: work is done in pieces of a millisecond,
/// of which the quickest was not interrupted.
const SLOWNESS: &str = "(() => {
    let least = Infinity, all = 0;
    for (let piece = 0; piece < 300; piece += 1) {
        const began = performance.now();
        for (let n = 0, sum = 0; n < 1_000_000; n += 1) sum += n % 7;
        const took = performance.now() - began;
        least = Math.min(least, took);
        all += took;
    }
    return all / (300 * least);
})()";

/// For how long a page may be busy with texts without looking up, in ms, on such a machine: what is shorter nobody notices.
const BLOCKED: f64 = 200.0;

/// The flood itself keeps both browsers busy, with two threads each: a machine of two cores is as slow as this with it.
const SLOWNESS_OF_FLOOD: f64 = 2.0;

/// How often the flood is played at most.
const FLOODS: u32 = 3;

type Socket = WebSocketStream<TcpStream>;

async fn say(socket: &mut Socket, message: Value) -> Result<()> {
    Ok(socket.send(Message::text(message.to_string())).await?)
}

/// Waits until the server says something of this type.
async fn hears(socket: &mut Socket, kind: &str) -> Result<Value> {
    loop {
        let message = socket.next().await.with_context(|| format!("no {kind} comes"))??;
        let Message::Text(text) = message else { continue };
        let message: Value = serde_json::from_str(&text)?;
        if message["type"] == kind {
            return Ok(message);
        }
    }
}

async fn built(person: &Person) -> Result<usize> {
    person.value("return e2eSpy.connections.length").await
}

#[test]
fn a_caller_who_only_rings_does_not_disable_the_page() -> Played {
    play(1, async |scene| {
        let alice = scene.signed_in("alice").await?;
        let sdp: String = alice.promised(DESCRIPTION).await?;
        let server = scene.server().address();
        let stream = TcpStream::connect(server).await?;
        let (mut mallory, _) = client_async(format!("ws://{server}/ws"), stream).await?;
        say(&mut mallory, json!({ "type": "login", "name": "mallory" })).await?;
        hears(&mut mallory, "login").await?;
        for n in 0..600 {
            let sdp = format!("{sdp}a=x-byte:{n:03}\r\n");
            let offer = json!({ "type": "offer", "sdp": sdp });
            let message = json!({ "type": "offer", "name": "alice", "call": "c1", "offer": offer });
            say(&mut mallory, message).await?;
        }
        alice.is_rung_by("mallory").await?;
        // The server has all of them, and the page what the server lets through: both keep the order.
        say(&mut mallory, json!({ "type": "candidate", "candidate": {}, "call": "c1" })).await?;
        say(&mut mallory, json!({ "type": "ping" })).await?;
        hears(&mut mallory, "pong").await?;
        let look = alice.look().await?;
        ensure!(look.phase() == "ringing" && !look.own_picture, "{look}");
        ensure!(alice.tracks().await?.is_empty(), "a device is open");
        let before = built(&alice).await?;
        ensure!(before <= 1, "{before} connections are built before anybody has accepted");
        alice.answers().await?;
        hears(&mut mallory, "answer").await?;
        let after = built(&alice).await?;
        ensure!(after <= 2, "{after} connections are built");
        ensure!(alice.open_connections().await? == 1, "one is the call's");
        alice.hangs_up().await?;
        alice.has_let_go().await
    })
}

#[test]
fn sixty_thousand_texts_of_a_peer_do_not_hold_the_page_up() -> Played {
    play(2, async |scene| {
        let alice = scene.signed_in("alice").await?;
        let mallory = scene.join("mallory").await?;
        mallory.promised::<bool>(ANSWERS).await?;
        alice.calls("mallory").await?;
        alice.is_in_call_with("mallory").await?;
        let mut held_up = Vec::new();
        for _ in 0..FLOODS {
            mallory.promised::<bool>(ON).await?;
            alice.sees("that the camera is on", |look| look.remote_picture).await?;
            let slowness: f64 = alice.promised(SLOWNESS).await?;
            let slowness = slowness.max(SLOWNESS_OF_FLOOD);
            alice.value::<()>(WATCH).await?;
            mallory.promised::<bool>(FLOOD).await?;
            // What is said after it counts.
            alice.sees("that the camera is off", |look| !look.remote_picture).await?;
            let longest: f64 = alice.value("return e2eSpy.longest").await?;
            held_up.push((longest, slowness));
            if longest < BLOCKED * slowness {
                break;
            }
        }
        let (longest, slowness) = held_up.last().context("it was played")?;
        ensure!(*longest < BLOCKED * slowness, "the page is held up (ms, slowness): {held_up:?}");
        alice.hangs_up().await?;
        let look = alice.is_idle_because("ended-by-you: mallory").await?;
        ensure!(Look::is_signed_in(&look), "{look}");
        Ok(())
    })
}
