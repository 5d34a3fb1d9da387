//! Asking a server who it is, in whatever way it speaks HTTP: nothing is timed, so a library does it.

use anyhow::{Context, bail, ensure};
use http::{
    Request, StatusCode,
    header::{CONNECTION, HOST, LOCATION},
};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use protocol::wire::HEALTH_PATH;
use reports::url_without_secrets;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::clients::transports::Endpoint;

const BODY_BYTES_MAX: usize = 64 * 1024;
/// So much of what a server says to refuse is shown.
const SHOWN_MAX: usize = 200;

/// What the server at the other end says of itself.
pub(super) async fn ask(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    endpoint: &Endpoint,
) -> anyhow::Result<String> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // Ends with the sender, or with the program.
    tokio::spawn(connection);
    let target = format!("{}{HEALTH_PATH}{}", endpoint.base, endpoint.query.replacen('&', "?", 1));
    let mut request = Request::get(target).body(Empty::<Bytes>::new())?;
    *request.headers_mut() = endpoint.headers.clone();
    request.headers_mut().insert(HOST, endpoint.host.parse()?);
    request.headers_mut().insert(CONNECTION, "close".parse()?);
    let answer = sender.send_request(request).await?;
    let (status, location) = (answer.status(), answer.headers().get(LOCATION).cloned());
    let body = Limited::new(answer.into_body(), BODY_BYTES_MAX).collect().await;
    let body = body.map_err(anyhow::Error::from_boxed).context("its answer cannot be read")?.to_bytes();
    let body = String::from_utf8_lossy(&body).into_owned();
    if let Some(location) = location.filter(|_| status.is_redirection()) {
        let there = url_without_secrets(&String::from_utf8_lossy(location.as_bytes()));
        bail!("{HEALTH_PATH} is answered {status}, to {there}; name the server that is there, as none is followed")
    }
    let remedy = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "; see --token, --header, --cookie and --origin",
        _ => "",
    };
    ensure!(status == StatusCode::OK, "{HEALTH_PATH} is answered {status}: {:.SHOWN_MAX$}{remedy}", body.trim());
    Ok(body)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    /// What is made of an answer, the connection being ended after it or kept; and what was asked.
    async fn asked(answer: &'static str, kept: bool) -> (anyhow::Result<String>, String) {
        let (ours, mut theirs) = duplex(1 << 16);
        let server = tokio::spawn(async move {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                assert!(theirs.read_buf(&mut head).await.unwrap() > 0);
            }
            theirs.write_all(answer.as_bytes()).await.unwrap();
            (String::from_utf8(head).unwrap(), kept.then_some(theirs))
        });
        let endpoint = Endpoint {
            host: "push.example".to_owned(),
            base: "/app".to_owned(),
            query: "&k=1".to_owned(),
            headers: [(http::header::COOKIE, "sid=1".parse().unwrap())].into_iter().collect(),
            dialect: None,
        };
        let said = ask(ours, &endpoint).await;
        let (head, _) = server.await.unwrap();
        (said, head)
    }

    #[tokio::test]
    async fn an_answer_is_read_however_it_is_framed() {
        for (answer, kept) in [
            ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", true),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;x=y\r\n{\r\n1\r\n}\r\n0\r\nx: y\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\n\r\n{}", false),
            ("HTTP/1.0 200 OK\r\n\r\n{}", false),
            ("HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\n{}", true),
            ("HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\nHTTP/1.1 200\r\nContent-Length:2\r\n\r\n{}", true),
        ] {
            let (said, head) = asked(answer, kept).await;
            assert_eq!(said.unwrap(), "{}", "{answer}");
            let head = head.to_ascii_lowercase();
            assert!(head.starts_with("get /app/healthz?k=1 http/1.1\r\n"), "{head}");
            assert!(head.contains("\r\nhost: push.example\r\n") && head.contains("\r\ncookie: sid=1\r\n"), "{head}");
        }
    }

    #[tokio::test]
    async fn anything_else_is_refused_in_its_own_words() {
        for (answer, reason) in [
            (
                "HTTP/1.1 307 X\r\nlocation: http://me:S3CRET@b/x\r\ncontent-length: 0\r\n\r\n",
                "answered 307 Temporary Redirect, to http://***@b/x; name the server",
            ),
            ("HTTP/1.1 401 X\r\ncontent-length: 4\r\n\r\nwho?", "answered 401 Unauthorized: who?; see --token"),
            ("HTTP/1.1 404 X\r\ncontent-length: 0\r\n\r\n", "/healthz is answered 404 Not Found"),
            ("SSH-2.0-OpenSSH_9\r\n", "invalid HTTP version"),
            ("", "closed before message completed"),
        ] {
            let error = format!("{:#}", asked(answer, false).await.0.unwrap_err());
            assert!(error.contains(reason), "{error}");
        }
    }
}
