use std::{net::SocketAddr, sync::Arc};

use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::{
    super::{ClientError, Endpoint, Request, Scratch, script::*},
    Client,
};
use crate::clients::dialects::Dialect;

/// A dialect of either transport with everything that one may have.
const MINE: &str = r#"
why = "?"
[websocket]
path = "/ws?n={client}"
open = [{ expect = "0{", take.sid.between = ['"sid":"', '"'] }, { say = "40 {sid} {count}", expect = "40" }]
heartbeats = [{ on = "2", say = "3" }]
say = '42["{sid}",{data}]'
goodbye = "41 {sid}"
[long_poll]
open = [{ get = "/p?EIO=4", expect = "0{", take.sid.between = ['"sid":"', '"'] }, { post = "/p?sid={sid}", body = "40", expect = "ok" }]
poll = { get = "/p?sid={sid}", headers.If-None-Match = "{tag}" }
take.tag.header = "Etag"
nothing_yet = [304]
separator = "\u001e"
heartbeats = [{ on = "2", post = "/p?sid={sid}&n={count}", body = "3" }]
say = { post = "/p?sid={sid}", body = "42[{data}]" }
goodbye = { post = "/p?sid={sid}", body = "1" }
"#;

fn dialect() -> Arc<Dialect> {
    Dialect::parse("mine", MINE).unwrap().into()
}

fn request(request: &Request) -> Request {
    let endpoint = Endpoint { query: "&k=v".to_owned(), ..(*request.endpoint).clone() };
    Request { endpoint: endpoint.into(), number: 7, ..request.clone() }
}

fn plain(server: SocketAddr) -> Request {
    Request::of_no_client(Endpoint::of(server).into())
}

/// A client that polls such a server.
async fn opened(answering: &Answering, request: &mut Request, scratch: &Scratch) -> Result<Client, ClientError> {
    let again = async || Ok(answering.dial().await);
    Client::by_polling(dialect(), answering.dial().await, request, scratch, again).await
}

fn text(text: &str) -> Vec<u8> {
    [&[0x81, text.len() as u8], text.as_bytes()].concat()
}

fn accepted(request: &str) -> Vec<u8> {
    let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
    let accept = derive_accept_key(key.trim().as_bytes());
    format!("HTTP/1.1 101 X\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: {accept}\r\n\r\n")
        .into_bytes()
}

/// What a client's masked frames said.
fn unmasked(mut frames: &[u8]) -> Vec<String> {
    let mut said = Vec::new();
    while let [_, length, rest @ ..] = frames {
        let (mask, rest) = rest.split_at(4);
        let (masked, rest) = rest.split_at(usize::from(length & 0x7f));
        let text = masked.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
        said.push(String::from_utf8(text).unwrap());
        frames = rest;
    }
    said
}

async fn next(client: &mut Client, scratch: &Scratch) -> Result<Vec<String>, ClientError> {
    let payload = client.next(scratch).await?;
    client.heed(&payload);
    Ok(payload.messages().map(|message| String::from_utf8_lossy(message).into_owned()).collect())
}

#[tokio::test]
async fn a_websocket_opens_as_the_dialect_says_and_answers_heartbeats() {
    for part_bytes in [20, 60, 1_000] {
        let script = scripted(move |asked| {
            assert!(asked.starts_with("GET /ws?n=7&k=v HTTP/1.1\r\n"), "{asked}");
            // A heartbeat comes before all else; the first update, with what ends the opening.
            let said = ["2", "0{\"sid\":\"ab\"}", "40{}", "42[1]", "2", "42[2]"].map(text).concat();
            cut(&[accepted(asked), said].concat(), part_bytes)
        })
        .await;
        let (scratch, mut request) = (Scratch::default(), request(&script.request));
        let opened = Client::over_websocket(dialect(), script.stream, &mut request, &scratch).await;
        let mut client = opened.unwrap();
        let mut messages = Vec::new();
        while messages.last().is_none_or(|message| message != "42[2]") {
            messages.append(&mut next(&mut client, &scratch).await.unwrap());
        }
        assert_eq!(messages, ["42[1]", "2", "42[2]"]);
        client.say(b"[7]").await.unwrap();
        assert!(client.leave().await.unwrap().is_none(), "it was said as a message");
        // It answers before it reads on; what it reads is the end.
        next(&mut client, &scratch).await.unwrap_err();
        drop(client);
        let mut said = unmasked(&script.heard.await.unwrap());
        // Heartbeats may have come before what was read last, and then were answered before it was said.
        said[1..].sort();
        assert_eq!(said, ["40 ab 2", "3", "3", "41 ab", "42[\"ab\",[7]]"], "in parts of {part_bytes}");
    }
}

#[tokio::test]
async fn an_opening_that_is_refused_says_what_came() {
    let script =
        scripted(|asked| vec![accepted(asked), text("0{\"sid\":\"ab\"}"), text("44{\"message\":\"no\"}")]).await;
    let (scratch, mut request) = (Scratch::default(), request(&script.request));
    let error = Client::over_websocket(dialect(), script.stream, &mut request, &scratch).await.unwrap_err();
    assert_eq!(error.to_string(), "protocol error: `40` was to come, and `44{\"message\":\"no\"}` came");
    let script = scripted(|asked| vec![accepted(asked), text("0{\"id\":\"ab\"}")]).await;
    let error = Client::over_websocket(dialect(), script.stream, &mut request, &scratch).await.unwrap_err();
    assert_eq!(error.to_string(), "protocol error: {sid} is not where it was to stand in `0{\"id\":\"ab\"}`");
}

fn answer(head: &str, body: &str) -> String {
    format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn polls_carry_what_answers_brought_and_heartbeats_are_answered_between_them() {
    let answers = vec![
        answer("200 OK", "2"),
        answer("200 OK", "2\u{1e}0{\"sid\":\"ab\"}"),
        answer("200 OK", "ok"),
        answer("200 OK", "ok"),
        answer("200 OK", "ok"),
        answer("200 OK\r\netag: 5", "42[1]\u{1e}2\u{1e}42[2]"),
        answer("200 OK", "ok"),
        "HTTP/1.1 304 Not Modified\r\n\r\n".to_owned(),
        answer("400 Bad Request", "Session ID unknown"),
    ];
    let answering = Answering::start(vec![(answers, End::Orderly)]).await;
    let (scratch, mut request) = (Scratch::default(), request(&plain(answering.server)));
    let mut client = opened(&answering, &mut request, &scratch).await.unwrap();
    assert_eq!(next(&mut client, &scratch).await.unwrap(), ["42[1]\u{1e}2\u{1e}42[2]"]);
    assert!(next(&mut client, &scratch).await.unwrap().is_empty(), "nothing yet");
    assert_eq!(next(&mut client, &scratch).await.unwrap_err().to_string(), "status 400: Session ID unknown");
    let goodbye = client.leave().await.unwrap();
    for ((mut speaker, request), body) in [(client.voice().unwrap(), "42[7]"), (goodbye.unwrap(), "1")] {
        let mut said = Vec::new();
        speaker.request(&request, b"7", &mut said).unwrap();
        let said = String::from_utf8(said).unwrap();
        assert!(said.starts_with("POST /p?sid=ab&k=v ") && said.ends_with(&format!("\r\n\r\n{body}")), "{said}");
    }
    drop(client);
    let heard = answering.heard.await.unwrap().concat();
    let heard = String::from_utf8(heard).unwrap();
    let host = format!("host: {}\r\n", answering.server);
    let expected = [
        format!("GET /p?EIO=4&k=v HTTP/1.1\r\n{host}\r\n"),
        format!("GET /p?EIO=4&k=v HTTP/1.1\r\n{host}\r\n"),
        format!("POST /p?sid=ab&k=v HTTP/1.1\r\n{host}content-length: 2\r\n\r\n40"),
        format!("POST /p?sid=ab&n=4&k=v HTTP/1.1\r\n{host}content-length: 1\r\n\r\n3"),
        format!("POST /p?sid=ab&n=5&k=v HTTP/1.1\r\n{host}content-length: 1\r\n\r\n3"),
        format!("GET /p?sid=ab&k=v HTTP/1.1\r\n{host}\r\n"),
        format!("POST /p?sid=ab&n=7&k=v HTTP/1.1\r\n{host}content-length: 1\r\n\r\n3"),
        format!("GET /p?sid=ab&k=v HTTP/1.1\r\n{host}If-None-Match: 5\r\n\r\n"),
        format!("GET /p?sid=ab&k=v HTTP/1.1\r\n{host}If-None-Match: 5\r\n\r\n"),
    ];
    assert_eq!(heard.replace('|', ""), expected.concat());
}

#[tokio::test]
async fn an_opening_goes_on_where_the_server_ends_connections_and_shows_its_cookies() {
    let last = |head: &str, body: &str| {
        let head = format!("200 OK\r\nconnection: close\r\n{head}");
        (vec![answer(head.trim_end(), body)], End::Orderly)
    };
    let answering = Answering::start(vec![
        last("set-cookie: node=1; Path=/\r\nset-cookie: io=7", "0{\"sid\":\"ab\"}"),
        last("set-cookie: node=2", "ok"),
        last("", "42[1]"),
    ])
    .await;
    let (scratch, mut request) = (Scratch::default(), plain(answering.server));
    let mut client = opened(&answering, &mut request, &scratch).await.unwrap();
    assert!(matches!(next(&mut client, &scratch).await, Err(ClientError::Ended)), "the server said so");
    client.reopen(answering.dial().await);
    assert_eq!(next(&mut client, &scratch).await.unwrap(), ["42[1]"]);
    drop(client);
    assert_eq!(request.cookies.as_deref(), Some("io=7; node=2"), "for when it comes back");
    let heard = answering.heard.await.unwrap().into_iter().map(|heard| String::from_utf8(heard).unwrap());
    let host = format!("host: {}\r\n", answering.server);
    let expected = [
        format!("GET /p?EIO=4 HTTP/1.1\r\n{host}\r\n|"),
        format!("POST /p?sid=ab HTTP/1.1\r\n{host}cookie: node=1; io=7\r\ncontent-length: 2\r\n\r\n40|"),
        format!("GET /p?sid=ab HTTP/1.1\r\n{host}cookie: io=7; node=2\r\n\r\n|"),
    ];
    assert_eq!(heard.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn what_a_server_said_does_not_end_a_path_in_its_middle() {
    let answering = Answering::start(vec![(vec![answer("200 OK", "0{\"sid\":\"a b\"}")], End::Orderly)]).await;
    let (scratch, mut request) = (Scratch::default(), plain(answering.server));
    assert_eq!(
        opened(&answering, &mut request, &scratch).await.unwrap_err().to_string(),
        "protocol error: `/p?sid=a b` cannot be said as a path, for there is white space in it: look what the dialect takes where"
    );
}

#[tokio::test]
async fn who_comes_back_goes_on_where_its_polls_were() {
    let opening = || vec![answer("200 OK", "0{\"sid\":\"ab\"}"), answer("200 OK", "ok")];
    let first = [opening(), vec![answer("200 OK\r\netag: 5", "42[1]"), answer("502 Bad Gateway", "busy")]].concat();
    let second = [opening(), vec![answer("200 OK\r\netag: 6", "42[2]")]].concat();
    let answering = Answering::start(vec![(first, End::Orderly), (second, End::Orderly)]).await;
    let (scratch, mut request) = (Scratch::default(), plain(answering.server));
    for updates in [&["42[1]"][..], &["42[2]"]] {
        let mut client = opened(&answering, &mut request, &scratch).await.unwrap();
        assert_eq!(next(&mut client, &scratch).await.unwrap(), updates);
        next(&mut client, &scratch).await.unwrap_err();
    }
    let heard = answering.heard.await.unwrap();
    let polls = heard.iter().map(|heard| String::from_utf8_lossy(heard).matches("If-None-Match: 5\r\n").count());
    assert_eq!(polls.collect::<Vec<_>>(), [1, 1], "its second poll there, and its first here");
}
