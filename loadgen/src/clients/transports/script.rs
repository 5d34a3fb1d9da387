//! A server for tests: it reads one request and writes what it is told, part by part.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use server::metrics::Tally;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, yield_now},
};

use super::{Request, Stream};
use crate::clients::socket::Socket;

/// A connection to a server that follows a script.
pub(super) struct Scripted {
    pub(super) stream: Stream,
    pub(super) request: Request,
    pub(super) tally: Arc<Tally>,
    /// What the client wrote after its first request, when it has gone.
    pub(super) heard: JoinHandle<Vec<u8>>,
}

/// Connects to a server that answers the first request with these parts, and then ends its side.
pub(super) async fn scripted(parts: impl FnOnce(&str) -> Vec<Vec<u8>> + Send + 'static) -> Scripted {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server: SocketAddr = listener.local_addr().unwrap();
    let stream = TcpStream::connect(server).await.unwrap();
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            assert!(stream.read_buf(&mut request).await.unwrap() > 0);
        }
        for part in parts(std::str::from_utf8(&request).unwrap()) {
            stream.write_all(&part).await.unwrap();
            // Lets the client read in between, so that it sees parts.
            yield_now().await;
        }
        stream.shutdown().await.unwrap();
        let mut heard = Vec::new();
        // A client that leaves with bytes unread resets the connection.
        let _ = stream.read_to_end(&mut heard).await;
        heard
    });
    let tally = Arc::<Tally>::default();
    let stream = Stream::new(Socket::new(stream, None).unwrap(), Arc::clone(&tally));
    Scripted {
        stream,
        request: Request { server, poll_wait: Duration::from_secs(20), after: None, token: None },
        tally,
        heard,
    }
}

/// Bytes in parts of so many.
pub(super) fn cut(bytes: &[u8], part_bytes: usize) -> Vec<Vec<u8>> {
    bytes.chunks(part_bytes).map(<[u8]>::to_vec).collect()
}
