//! peer-socketioxide HOST PORT: every line on stdin is an event to every client.

use std::error::Error;

use socketioxide::SocketIo;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpSocket,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let (Some(host), Some(port)) = (words.next(), words.next()) else { return Err("peer-socketioxide HOST PORT".into()) };
    let (layer, io) = SocketIo::new_layer();
    // A client that is joined to no handler is refused.
    io.ns("/", async || {});
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(format!("{host}:{port}").parse()?)?;
    // axum ends no kept connection by itself: a quiet poll is not cut.
    let serving = axum::serve(socket.listen(4096)?, axum::Router::new().layer(layer)).into_future();
    let serving = tokio::spawn(async move { serving.await });
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        // A client whose buffer is full is said to have failed, and misses it; the others do not.
        if let Err(error) = io.emit("update", &line).await {
            eprintln!("{error}");
        }
    }
    // The feed is over; its clients are not.
    Ok(serving.await??)
}
