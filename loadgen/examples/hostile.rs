//! Clients that do a server no good, to be run beside ones that are measured: `hostile SERVER KIND COUNT`.
//!
//! `stalled`: half of them upgrade to a WebSocket and half poll, from the beginning of the stream, and none ever reads.
//! `half-open`: each sends half a request head, and then nothing. `vanish`: each connects and is gone, 2,000 a second.
//!
//! Says `ready` on stdout once they are there (or begin to come), and ends with stdin.

use std::{error::Error, io::Write, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::interval,
};

/// A reader's kernel takes in no more than this, so that the server's is filled.
const RECEIVE_BUFFER: u32 = 4_096;
const VANISH_GAP: Duration = Duration::from_micros(500);

const WEBSOCKET: &str = "GET /ws?after=0 HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
                         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n";
const POLL: &str = "GET /poll?after=0 HTTP/1.1\r\nhost: a\r\n\r\n";
const HALF: &str = "GET /ws HTTP/1.1\r\nhost: a\r\nupgr";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [server, kind, count] = &arguments[..] else { return Err("hostile SERVER KIND COUNT".into()) };
    let (server, count): (SocketAddr, u32) = (server.parse()?, count.parse()?);
    let heads: &[&str] = match kind.as_str() {
        "stalled" => &[WEBSOCKET, POLL],
        "half-open" => &[HALF],
        "vanish" => &[],
        _ => return Err(format!("{kind}: one of stalled, half-open, vanish").into()),
    };
    let mut held = Vec::new();
    for head in heads.iter().cycle().take(count as usize) {
        held.push(connect(server, head).await?);
    }
    let mut stdout = std::io::stdout();
    writeln!(stdout, "ready")?;
    let (mut stdin, mut byte) = (tokio::io::stdin(), [0]);
    if kind == "vanish" {
        tokio::select! {
            vanished = vanish(server, count) => vanished?,
            _ = stdin.read(&mut byte) => return Ok(()),
        }
        writeln!(stdout, "{count} have been and gone")?;
    }
    // Whatever is read, or nothing: it is over.
    let _ = stdin.read(&mut byte).await?;
    drop(held);
    Ok(())
}

async fn connect(server: SocketAddr, head: &str) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    let mut stream = socket.connect(server).await?;
    stream.write_all(head.as_bytes()).await?;
    Ok(stream)
}

async fn vanish(server: SocketAddr, count: u32) -> std::io::Result<()> {
    let mut gaps = interval(VANISH_GAP);
    for _ in 0..count {
        gaps.tick().await;
        drop(TcpStream::connect(server).await?);
    }
    Ok(())
}
