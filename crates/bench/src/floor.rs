//! The floors: what relaying costs when nothing else is done. Whoever connects is paired with whoever connects next.

pub(crate) mod tcp;
pub(crate) mod websocket;

use std::{
    io::{self, Write},
    net::SocketAddr,
};

use anyhow::Result;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    runtime::Runtime,
};

/// How many connections may wait to be accepted. Clients of the raw TCP relay do not notice that they wait.
const BACKLOG: u32 = 4096;

/// Serves pairs until it is killed: `open` makes of a connection what `serve` is given two of. Its first line of output
/// ends with its address.
fn serve_pairs<Open, Opened, Serve, Served>(
    open: impl Fn(TcpStream) -> Open,
    serve: Serve,
) -> Result<()>
where
    Open: Future<Output = Result<Opened>> + Send + 'static,
    Opened: Send + 'static,
    Serve: Fn(Opened, Opened) -> Served + Copy + Send + 'static,
    Served: Future<Output = ()> + Send + 'static,
{
    Runtime::new()?.block_on(async {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let listener = socket.listen(BACKLOG)?;
        writeln!(io::stdout(), "A floor is at http://{}", listener.local_addr()?)?;
        loop {
            let one = tokio::spawn(open(accept(&listener).await?));
            let other = open(accept(&listener).await?);
            tokio::spawn(async move {
                if let (Ok(Ok(one)), Ok(other)) = tokio::join!(one, other) {
                    // In a task of its own, so that what only the beginning needs is freed.
                    tokio::spawn(serve(one, other));
                }
            });
        }
    })
}

async fn accept(listener: &TcpListener) -> Result<TcpStream> {
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
