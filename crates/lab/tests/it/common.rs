//! Sockets on hosts.

use std::{
    io::{Read, Write},
    net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use lab::Host;

/// How long is waited for what comes at once when it comes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// How long is waited for what must not come: a way inside one machine takes microseconds.
pub(crate) const A_WHILE: Duration = Duration::from_millis(300);

/// Whether a lab can be built here; if not, says so.
pub(crate) fn permitted() -> bool {
    let missing = lab::missing();
    if let Some(missing) = &missing {
        eprintln!("not tested here: {missing}");
    }
    missing.is_none()
}

/// A UDP socket on a host, at any port.
pub(crate) fn udp(host: &Host, address: IpAddr) -> Result<UdpSocket> {
    let socket = host.inside(|| UdpSocket::bind((address, 0)))??;
    socket.set_read_timeout(Some(PATIENCE))?;
    Ok(socket)
}

/// Sends to a socket, and returns who it says was the sender; `None` if nothing arrives in that time.
pub(crate) fn seen_from(
    sender: &UdpSocket,
    receiver: &UdpSocket,
    to: SocketAddr,
    patience: Duration,
) -> Result<Option<SocketAddr>> {
    sender.send_to(b"knock", to)?;
    receiver.set_read_timeout(Some(patience))?;
    Ok(receiver.recv_from(&mut [0; 16]).ok().map(|(_, from)| from))
}

/// Whether these bytes get from a host to this port of another and back.
pub(crate) fn tcp_echoes(
    from: &Host,
    to: &Host,
    (ip, port): (IpAddr, u16),
    words: &[u8],
    patience: Duration,
) -> Result<bool> {
    let listener = to.inside(|| TcpListener::bind((ip, port)))??;
    let echo = thread::spawn(move || -> Result<()> {
        let (mut stream, _) = listener.accept()?;
        let mut heard = [0; 64];
        let length = stream.read(&mut heard)?;
        Ok(stream.write_all(&heard[..length])?)
    });
    let connected = from.inside(|| TcpStream::connect_timeout(&(ip, port).into(), patience))?;
    let Ok(mut stream) = connected else { return Ok(false) };
    stream.set_read_timeout(Some(patience))?;
    stream.write_all(words)?;
    let mut heard = vec![0; words.len()];
    let answered = stream.read_exact(&mut heard).is_ok();
    drop(stream);
    if answered {
        ensure!(heard == words);
        echo.join().ok().context("the echo panicked")??;
    }
    Ok(answered)
}
