//! A server of others for tests, `relay HOST PORT`: what comes as a line on stdin, is posted to /pub, or said on a WebSocket, goes to
//! every WebSocket at /ws and to every poll at /poll?after=CURSOR; but not back to who said it, where that says as=NAME. With a third
//! word N, nothing but the first N lines goes to a WebSocket whose NAME ends with 0: it is left open. What is said and begins with `bye`
//! goes to nobody: it is a line of the file `goodbyes`. With the third word `warming` it ends every connection without a word until it was
//! asked three times whether it is /ready.

use std::{
    fs::OpenOptions,
    io::Write,
    sync::{Arc, Mutex},
};

use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream, tcp::ReadHalf},
    sync::watch,
};
use tokio_tungstenite::{
    accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{Request, Response},
    },
};

struct Log {
    /// Each with the name of who said it.
    lines: Mutex<Vec<(Option<String>, String)>>,
    newest: watch::Sender<usize>,
}

impl Log {
    fn publish(&self, line: &str, by: Option<&str>) {
        if line.starts_with("bye") {
            let mut file = OpenOptions::new().create(true).append(true).open("goodbyes").unwrap();
            return file.write_all(format!("{line}\n").as_bytes()).unwrap();
        }
        let mut lines = self.lines.lock().unwrap();
        lines.push((by.map(str::to_owned), line.to_owned()));
        self.newest.send_replace(lines.len());
    }

    /// What follows for that client, and where it stands then. Dropping the future loses nothing.
    async fn after(&self, mut cursor: usize, client: Option<&str>) -> (Vec<String>, usize) {
        loop {
            self.newest.subscribe().wait_for(|newest| *newest > cursor).await.unwrap();
            let lines = self.lines.lock().unwrap();
            let others = lines[cursor..].iter().filter(|(by, _)| client.is_none() || by.as_deref() != client);
            let others: Vec<_> = others.map(|(_, line)| line.clone()).collect();
            cursor = lines.len();
            if !others.is_empty() {
                return (others, cursor);
            }
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let [host, port] = [1, 2].map(|place| std::env::args().nth(place).expect("HOST PORT"));
    let word = std::env::args().nth(3);
    let mut cold = if word.as_deref() == Some("warming") { 3 } else { 0 };
    let quiet_after = word.filter(|_| cold == 0).map(|lines| lines.parse().expect("a number"));
    let log = Arc::new(Log { lines: Mutex::default(), newest: watch::channel(0).0 });
    std::thread::spawn({
        let log = Arc::clone(&log);
        move || std::io::stdin().lines().map_while(Result::ok).for_each(|line| log.publish(&line, None))
    });
    let listener = TcpListener::bind(format!("{host}:{port}")).await.unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        if cold > 0 {
            let mut head = [0; 10];
            let asked = stream.peek(&mut head).await.is_ok() && head == *b"GET /ready";
            cold -= i32::from(asked);
            continue;
        }
        let log = Arc::clone(&log);
        tokio::spawn(async move {
            let mut head = [0; 8];
            let peeked = stream.peek(&mut head).await;
            if peeked.is_ok() && head.starts_with(b"GET /ws") {
                websocket(stream, &log, quiet_after).await
            } else {
                requests(stream, &log).await
            }
        });
    }
}

async fn websocket(stream: TcpStream, log: &Log, quiet_after: Option<usize>) -> Option<()> {
    let mut client = None;
    #[expect(clippy::result_large_err, reason = "as the library has it")]
    let named = |request: &Request, response: Response| {
        client = key(&request.uri().to_string(), "as").map(str::to_owned);
        Ok(response)
    };
    let mut socket = accept_hdr_async(stream, named).await.ok()?;
    let mut cursor = *log.newest.borrow();
    loop {
        tokio::select! {
            said = socket.next() => {
                if let Message::Text(line) = said?.ok()? {
                    log.publish(&line, client.as_deref());
                }
            }
            (lines, newest) = log.after(cursor, client.as_deref()) => {
                cursor = newest;
                if quiet_after.is_some_and(|after| newest > after && client.as_ref().is_some_and(|name| name.ends_with('0'))) {
                    continue;
                }
                for line in lines {
                    socket.send(Message::text(line)).await.ok()?;
                }
            }
        }
    }
}

/// What a target says under that key.
fn key<'a>(target: &'a str, key: &str) -> Option<&'a str> {
    target.split(['?', '&']).find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='))
}

async fn requests(mut stream: TcpStream, log: &Log) -> Option<()> {
    let (reader, mut writer) = stream.split();
    let mut reader = BufReader::new(reader);
    loop {
        let (target, body) = request(&mut reader).await?;
        let client = key(&target, "as");
        let (cursor, body) = match key(&target, "after") {
            _ if target.starts_with("/pub") => {
                log.publish(&body, client);
                (0, String::new())
            }
            Some(cursor) => tokio::select! {
                (lines, cursor) = log.after(cursor.parse().ok()?, client) => (cursor, lines.join("\n")),
                // Nobody says anything while it waits: it has gone.
                _ = reader.fill_buf() => return None,
            },
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
