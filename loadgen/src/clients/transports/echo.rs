//! A client that sends every message back, for conformance suites; no transport, and no part of a run. Its reader is the
//! one that measures.

use std::{net::SocketAddr, sync::Arc};

use futures_util::{SinkExt, StreamExt};
use tokio::{io::AsyncWriteExt, net::TcpStream};
use tokio_tungstenite::tungstenite::{
    Error, Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use super::{
    ClientError, Scratch, Stream,
    frame::{self, Kind},
    websocket::{self, Client, Reader},
};
use crate::clients::socket::Socket;

/// The longest Autobahn message is 16 MiB.
const MESSAGE_BYTES_MAX: usize = 32 << 20;

/// Runs every case of the fuzzing server (Autobahn's protocol) at an address, in its order, and has it write its report.
/// Gives how many there were.
pub async fn run_cases(server: SocketAddr) -> Result<u64, ClientError> {
    let count = Echo::open(server, "getCaseCount").await?.told().await?;
    let count = count.parse().map_err(|_| ClientError::Protocol(format!("{count:?} is no number of cases")))?;
    for case in 1..=count {
        let mut echo = Echo::open(server, &format!("runCase?case={case}&agent=pushbench")).await?;
        // However it ends: that is what is judged.
        let _ = echo.serve().await;
    }
    let _ = Echo::open(server, "updateReports?agent=pushbench").await?.serve().await;
    Ok(count)
}

struct Echo {
    client: Client,
    scratch: Scratch,
}

impl Echo {
    async fn open(server: SocketAddr, path: &str) -> Result<Self, ClientError> {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        let stream = Stream::new(Socket::new(stream, None)?, Arc::default());
        let (client, _) = Client::connect(stream, format!("ws://{server}/{path}")).await?;
        Ok(Self { client, scratch: Scratch::default() })
    }

    /// The first message.
    async fn told(&mut self) -> Result<String, ClientError> {
        let payload = self.client.next(&self.scratch).await?;
        let text = payload.messages().next().map(|text| String::from_utf8_lossy(text).into_owned());
        text.ok_or_else(|| ClientError::Protocol("nothing was said".to_owned()))
    }

    async fn serve(&mut self) -> Result<(), ClientError> {
        while let Reader::Plain(inbox) = self.client.reader() {
            let taken = inbox.take(&self.scratch, |bytes| Ok(frame::front(bytes, MESSAGE_BYTES_MAX))).await?;
            let back = match taken {
                Some((Kind::Messages, messages)) => frame::echoed(&messages),
                Some((Kind::Ping, ping)) => frame::pong(&ping),
                Some((Kind::Other, _)) | None => break,
            };
            inbox.stream().write_all(&back).await?;
        }
        // What goes back must fit as well, with its frame's head.
        let limits = websocket::limits(MESSAGE_BYTES_MAX).max_write_buffer_size(2 * MESSAGE_BYTES_MAX);
        let socket = self.client.library(limits).await?;
        loop {
            match socket.next().await {
                Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => socket.send(message).await?,
                // Answered by the library: with the next read, or here.
                Some(Ok(_)) => socket.flush().await?,
                Some(Err(error)) => {
                    // A client of a run only hangs up.
                    if let Some(code) = code_of(&error) {
                        socket.close(Some(CloseFrame { code, reason: "".into() })).await?;
                        socket.get_mut().shutdown().await?;
                        tokio::io::copy(socket.get_mut(), &mut tokio::io::sink()).await?;
                    }
                    return Err(error.into());
                }
                None => return Ok(()),
            }
        }
    }
}

fn code_of(error: &Error) -> Option<CloseCode> {
    match error {
        Error::Protocol(_) => Some(CloseCode::Protocol),
        Error::Capacity(_) => Some(CloseCode::Size),
        Error::Utf8(_) => Some(CloseCode::Invalid),
        _ => None,
    }
}
