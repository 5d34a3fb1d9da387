//! A server of others for tests, `relay HOST PORT`: what comes as a line on stdin, or is posted to /pub, goes to every WebSocket at
//! /ws and to every poll at /poll?after=CURSOR.

use std::sync::{Arc, Mutex};

use futures_util::SinkExt;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream, tcp::ReadHalf},
    sync::watch,
};
use tokio_tungstenite::{accept_async, tungstenite::Message};

struct Log {
    lines: Mutex<Vec<String>>,
    newest: watch::Sender<usize>,
}

impl Log {
    fn publish(&self, line: &str) {
        let mut lines = self.lines.lock().unwrap();
        lines.push(line.to_owned());
        self.newest.send_replace(lines.len());
    }

    async fn after(&self, cursor: usize) -> Vec<String> {
        self.newest.subscribe().wait_for(|newest| *newest > cursor).await.unwrap();
        self.lines.lock().unwrap()[cursor..].to_vec()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let [host, port] = [1, 2].map(|place| std::env::args().nth(place).expect("HOST PORT"));
    let log = Arc::new(Log { lines: Mutex::default(), newest: watch::channel(0).0 });
    std::thread::spawn({
        let log = Arc::clone(&log);
        move || std::io::stdin().lines().map_while(Result::ok).for_each(|line| log.publish(&line))
    });
    let listener = TcpListener::bind(format!("{host}:{port}")).await.unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let log = Arc::clone(&log);
        tokio::spawn(async move {
            let mut head = [0; 8];
            let peeked = stream.peek(&mut head).await;
            if peeked.is_ok() && head.starts_with(b"GET /ws") {
                websocket(stream, &log).await
            } else {
                requests(stream, &log).await
            }
        });
    }
}

async fn websocket(stream: TcpStream, log: &Log) -> Option<()> {
    let mut socket = accept_async(stream).await.ok()?;
    let mut cursor = *log.newest.borrow();
    loop {
        for line in log.after(cursor).await {
            socket.send(Message::text(line)).await.ok()?;
            cursor += 1;
        }
    }
}

async fn requests(mut stream: TcpStream, log: &Log) -> Option<()> {
    let (reader, mut writer) = stream.split();
    let mut reader = BufReader::new(reader);
    loop {
        let (target, body) = request(&mut reader).await?;
        let (cursor, body) = match target.split_once("after=") {
            _ if target == "/pub" => {
                log.publish(&body);
                (0, String::new())
            }
            Some((_, cursor)) => {
                let cursor = cursor.parse().ok()?;
                let lines = log.after(cursor).await;
                (cursor + lines.len(), lines.join("\n"))
            }
            None => (*log.newest.borrow(), String::new()),
        };
        let head = format!("HTTP/1.1 200 OK\r\nnewest: {cursor}\r\ncontent-length: {}\r\n\r\n", body.len());
        writer.write_all((head + &body).as_bytes()).await.ok()?;
    }
}

/// The next request's target and body; none where the connection has ended.
async fn request(reader: &mut BufReader<ReadHalf<'_>>) -> Option<(String, String)> {
    let (mut target, mut length) = (None, 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        target = target.or_else(|| line.split(' ').nth(1).map(str::to_owned));
        length = line.strip_prefix("content-length: ").map_or(length, |text| text.parse().unwrap());
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).await.ok()?;
    Some((target?, String::from_utf8(body).ok()?))
}
