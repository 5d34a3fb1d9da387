//! Servers for tests: one reads a request and writes what it is told, part by part; one answers many connections.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use server::metrics::Tally;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, yield_now},
};

use super::{Endpoint, Request, Stream, head::values};
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
        request: Request { poll_wait: Duration::from_secs(20), ..Request::of_no_client(Endpoint::of(server).into()) },
        tally,
        heard,
    }
}

/// How a server ends a connection.
#[derive(Debug, Clone, Copy)]
pub(super) enum End {
    /// FIN.
    Orderly,
    /// RST.
    Reset,
}

/// A server that answers requests so on one connection after another, and what it heard on each.
pub(super) struct Answering {
    pub(super) server: SocketAddr,
    pub(super) heard: JoinHandle<Vec<Vec<u8>>>,
}

impl Answering {
    /// Each connection is ended once its last answer is written.
    pub(super) async fn start(connections: Vec<(Vec<String>, End)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = listener.local_addr().unwrap();
        let heard = tokio::spawn(async move {
            let mut heard = Vec::new();
            for (answers, end) in connections {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (mut requests, mut answered) = (Vec::new(), 0);
                for answer in answers {
                    while !is_whole(&requests[answered..]) {
                        assert!(stream.read_buf(&mut requests).await.unwrap() > 0, "a request is missing");
                    }
                    stream.write_all(answer.as_bytes()).await.unwrap();
                    requests.push(b'|');
                    answered = requests.len();
                }
                match end {
                    End::Orderly => {
                        stream.shutdown().await.unwrap();
                        // What the client writes all the same; it may have left with bytes unread.
                        let _ = stream.read_to_end(&mut requests).await;
                    }
                    End::Reset => socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap(),
                }
                heard.push(requests);
            }
            heard
        });
        Self { server, heard }
    }

    pub(super) async fn dial(&self) -> Stream {
        let stream = TcpStream::connect(self.server).await.unwrap();
        Stream::new(Socket::new(stream, None).unwrap(), Arc::default())
    }
}

/// Whether a request has come with its body.
fn is_whole(request: &[u8]) -> bool {
    let Some(head) = request.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return false };
    let length =
        values(&request[..head], "content-length").next().map_or("0", |length| str::from_utf8(length).unwrap());
    request.len() >= head + 4 + length.parse::<usize>().unwrap()
}

/// Bytes in parts of so many.
pub(super) fn cut(bytes: &[u8], part_bytes: usize) -> Vec<Vec<u8>> {
    bytes.chunks(part_bytes).map(<[u8]>::to_vec).collect()
}
