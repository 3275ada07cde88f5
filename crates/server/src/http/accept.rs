//! The accept loop: whatever happens to one connection, it goes on.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use socket2::SockRef;
use tokio::{
    net::{TcpListener, TcpStream},
    time::sleep,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{debug, warn};

use super::Port;
use crate::{
    edge::{Connection, Seldom},
    limits,
};

/// Accepts connections until `shutdown` is cancelled, and serves each in a task of its own.
pub(crate) async fn accept_loop(
    listener: TcpListener,
    port: Arc<Port>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
) {
    let warned = Seldom::new(limits::CROWD_WARNING_INTERVAL);
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, client)) => match port.connect(client) {
                Ok(connection) => {
                    let served = connection.clone();
                    let serving =
                        serve(stream, (client, served), Arc::clone(&port), shutdown.clone());
                    let task = tasks.spawn(serving);
                    if let Some(connection) = connection {
                        connection.is_served_by(task.abort_handle());
                    }
                }
                Err(why) => {
                    if let Some(telling) = Arc::clone(&port).turn_away(stream, why) {
                        tasks.spawn(telling);
                    }
                }
            },
            Err(error) => {
                if let Some(rest) = rest_after(&error) {
                    if warned.is_due() {
                        warn!(%error, "no connection can be accepted right now");
                    }
                    sleep(rest).await;
                }
            }
        }
    }
}

async fn serve(
    stream: TcpStream,
    (client, connection): (SocketAddr, Option<Arc<Connection>>),
    port: Arc<Port>,
    shutdown: CancellationToken,
) {
    match prepared(stream) {
        Ok(stream) => port.serve(stream, client, connection, shutdown).await,
        Err(error) => debug!(%error, "a connection was gone at once"),
    }
}

/// Sets TCP_NODELAY: without it a small message waits for the acknowledgement of the one before it, 44 ms in a call set-up. And
/// bounds what the system keeps.
fn prepared(stream: TcpStream) -> io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    keep(&stream, limits::SEND_BUFFER_BYTES, limits::RECEIVE_BUFFER_BYTES)?;
    Ok(stream)
}

/// Bounds how many bytes of a stream the system keeps, in each direction.
pub(super) fn keep(stream: &TcpStream, sent: usize, received: usize) -> io::Result<()> {
    let socket = SockRef::from(stream);
    socket.set_send_buffer_size(sent)?;
    socket.set_recv_buffer_size(received)
}

/// How long to rest after a failed accept; `None` if the failure was that connection's own.
fn rest_after(error: &io::Error) -> Option<Duration> {
    match error.kind() {
        io::ErrorKind::ConnectionAborted
        | io::ErrorKind::ConnectionRefused
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::Interrupted => None,
        // Such as EMFILE: the connection stays in the queue, and would be tried again without end.
        _ => Some(limits::ACCEPT_BACKOFF),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use tokio::net::{TcpListener, TcpSocket, TcpStream};

    use super::{prepared, rest_after};

    #[tokio::test]
    async fn small_messages_do_not_wait_for_acknowledgements() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (_client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (stream, _) = accepted.unwrap();
        assert!(!stream.nodelay().unwrap(), "it has to be set");
        assert!(prepared(stream).unwrap().nodelay().unwrap());
    }

    #[tokio::test]
    async fn little_is_kept_for_a_client_that_does_not_read() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let connecting = socket.connect(listener.local_addr().unwrap());
        let (client, accepted) = tokio::join!(connecting, listener.accept());
        let (_client, stream) = (client.unwrap(), prepared(accepted.unwrap().0).unwrap());
        let mut kept = 0;
        stream.writable().await.unwrap();
        while let Ok(written) = stream.try_write(&[0; 1024]) {
            kept += written;
        }
        assert!((1..512 * 1024).contains(&kept), "{kept} bytes");
    }

    #[test]
    fn the_loop_rests_when_the_system_has_no_room_and_not_when_a_connection_broke() {
        const EMFILE: i32 = 24;
        assert!(rest_after(&Error::from_raw_os_error(EMFILE)).is_some());
        assert!(rest_after(&Error::from(ErrorKind::OutOfMemory)).is_some());
        assert!(rest_after(&Error::from(ErrorKind::ConnectionAborted)).is_none());
        assert!(rest_after(&Error::from(ErrorKind::ConnectionReset)).is_none());
    }
}
