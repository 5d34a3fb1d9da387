//! When a server that was started is ready, by what it answers.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use http::Method;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use super::post::connect;
use crate::clients::{
    dialects::{self, Template},
    transports::{ClientError, Endpoint, Request, Scratch, Uplink, Voice},
};

/// How long it may take to answer once it listens, where it is not said at which path it does; then it is taken to be one that does not.
const ANSWER: Duration = Duration::from_secs(1);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// Waits until the server there is ready, or has ended; why it is not in that time, if it is not. With a path: once that is answered by
/// a status of success.
pub(super) async fn unready(
    address: SocketAddr,
    path: Option<&str>,
    within: Duration,
    mut has_ended: impl FnMut() -> bool,
) -> Option<String> {
    let mut came = None;
    let ready = async {
        while !has_ended() {
            let is_ready = match path {
                None => answers(address).await,
                Some(path) => says_so(address, path, &mut came).await,
            };
            if is_ready {
                break;
            }
            sleep(LOOK).await;
        }
    };
    timeout(within, ready).await.err()?;
    Some(match (path, came) {
        (Some(path), Some(came)) => format!(
            "is not ready after {within:?}: GET {path} is to be answered by a status from 200 to 299, and what came is: {came}"
        ),
        _ => format!(
            "does not listen at {address} after {within:?}: is that where its command has it listen? {{host}} and {{port}} are filled \
             in; --connect-grace gives it longer"
        ),
    })
}

/// Whether somebody takes connections there, and says something to a request. A connection alone the kernel takes while the processes
/// that will serve it (nginx's workers) are still to be started: memory would begin without them.
async fn answers(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address).await else { return false };
    let request = format!("GET / HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    let asked = async {
        stream.write_all(request.as_bytes()).await?;
        stream.read(&mut [0]).await
    };
    // Whatever it says or does: it need not speak HTTP there. Who says nothing has had the time to be there.
    drop(timeout(ANSWER, asked).await);
    true
}

/// Whether it says at that path that it is ready. What comes instead is noted, for as long as somebody listens.
async fn says_so(address: SocketAddr, path: &str, came: &mut Option<String>) -> bool {
    let Ok(stream) = connect(address, None).await else { return false };
    came.get_or_insert_with(|| "nothing".to_owned());
    let target = Template::from(path.to_owned());
    let get = dialects::Request { method: Method::GET, target, headers: BTreeMap::new(), body: None };
    let asks = Request::of_no_client(Endpoint::of(address).into());
    let asked: Result<(), ClientError> =
        Uplink::new(stream, Voice::new(&asks, get)).post(&[], &Scratch::default()).await.map(drop);
    asked.inspect_err(|error| *came = Some(error.in_words())).is_ok()
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use tokio::net::TcpListener;

    use super::*;

    const READY: Duration = Duration::from_secs(30);

    /// A server that answers one connection after the other so, and then no more.
    async fn answering(answers: Vec<&'static str>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    assert!(stream.read_buf(&mut head).await.unwrap() > 0);
                }
                assert!(head.starts_with(b"GET /ready?x=1 HTTP/1.1\r\n"));
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            std::future::pending::<()>().await;
            drop(listener);
        });
        address
    }

    #[tokio::test]
    async fn a_server_is_ready_once_it_says_so() {
        let busy = "HTTP/1.1 503 X\r\ncontent-length: 4\r\n\r\nbusy";
        let address = answering(vec![busy, "", busy, "HTTP/1.1 204 X\r\n\r\n"]).await;
        assert_eq!(unready(address, Some("/ready?x=1"), READY, || false).await, None);
        // It would now be asked in vain.
        assert_eq!(unready(address, Some("/ready?x=1"), READY, || true).await, None);
    }

    #[tokio::test]
    async fn what_came_instead_is_told() {
        let told = [
            ("HTTP/1.1 503 X\r\ncontent-length: 4\r\n\r\nbusy", "status 503: busy"),
            ("SSH-2.0-OpenSSH_9\r\n\r\n", "protocol error: "),
            ("", "closed by the server"),
        ]
        .map(async |(answer, told)| {
            let address = answering(vec![answer; 1_000]).await;
            let why = unready(address, Some("/ready?x=1"), Duration::from_secs(3), || false).await.unwrap();
            let expected =
                format!("GET /ready?x=1 is to be answered by a status from 200 to 299, and what came is: {told}");
            assert!(why.contains(&expected), "{why}");
        });
        join_all(told).await;
    }
}
