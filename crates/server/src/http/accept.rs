//! The accept loop: whatever happens to one connection, it goes on.

use std::{io, pin::pin, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{debug, warn};

use crate::{config::Timing, limits};

/// Accepts connections until `shutdown` is cancelled, and serves each in a task of its own.
pub(crate) async fn accept_loop(
    listener: TcpListener,
    router: Router,
    timing: Timing,
    tasks: TaskTracker,
    shutdown: CancellationToken,
) {
    let server = http_server(timing);
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let service = TowerToHyperService::new(router.clone());
                tasks.spawn(serve(stream, server.clone(), service, timing.http, shutdown.clone()));
            }
            Err(error) => {
                if let Some(rest) = rest_after(&error) {
                    warn!(%error, "no connection can be accepted right now");
                    sleep(rest).await;
                }
            }
        }
    }
}

fn http_server(timing: Timing) -> http1::Builder {
    let mut server = http1::Builder::new();
    server
        .timer(TokioTimer::new())
        .header_read_timeout(timing.header)
        .max_buf_size(limits::MAX_HTTP_HEAD_BYTES);
    server
}

async fn serve(
    stream: TcpStream,
    server: http1::Builder,
    service: TowerToHyperService<Router>,
    lifetime: Duration,
    shutdown: CancellationToken,
) {
    let stream = match without_delay(stream) {
        Ok(stream) => stream,
        Err(error) => return debug!(%error, "a connection was gone at once"),
    };
    let connection = server.serve_connection(TokioIo::new(stream), service).with_upgrades();
    let mut connection = pin!(connection);
    let served = timeout(lifetime, async {
        tokio::select! {
            served = connection.as_mut() => served,
            () = shutdown.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        }
    })
    .await;
    match served {
        Ok(Ok(())) => {}
        Ok(Err(error)) => debug!(%error, "an HTTP connection broke"),
        Err(_) => debug!("an HTTP connection was open for too long"),
    }
}

/// Sets TCP_NODELAY. Without it a small message waits for the acknowledgement of the one before it: 44 ms in a call
/// set-up.
fn without_delay(stream: TcpStream) -> io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    Ok(stream)
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

    use tokio::net::{TcpListener, TcpStream};

    use super::{rest_after, without_delay};

    #[tokio::test]
    async fn small_messages_do_not_wait_for_acknowledgements() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (_client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (stream, _) = accepted.unwrap();
        assert!(!stream.nodelay().unwrap(), "it has to be set");
        assert!(without_delay(stream).unwrap().nodelay().unwrap());
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
