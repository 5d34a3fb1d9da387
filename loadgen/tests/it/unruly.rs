//! Servers of others that do what nobody can go on from: each told in words, with what came, and none of them fills the memory.

use std::{
    io::{BufReader, Write},
    net::TcpStream,
    process::Command,
};

use protocol::{Transport, clock, stamp};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::{
    front::listens,
    habits::message,
    program::{Ended, Loadgen, loadgen},
    sweep::SHORT,
};

const DIALECT: &str = r#"
why = "A server that does not mean well."
[websocket]
path = "/ws"
[long_poll]
open = [{ get = "/open" }]
poll = { get = "/poll" }
[publish]
post = "/pub"
body = "{data}"
"#;

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// `reply` is told each head, and says whether more may follow.
fn serve(client: TcpStream, reply: &dyn Fn(&str, &mut TcpStream) -> Option<()>) -> Option<()> {
    let (mut requests, mut client) = (BufReader::new(client.try_clone().ok()?), client);
    loop {
        let (head, _) = message(&mut requests)?;
        reply(&head, &mut client)?;
    }
}

fn say(bytes: impl AsRef<[u8]>, client: &mut TcpStream) -> Option<()> {
    client.write_all(bytes.as_ref()).ok()
}

fn say_on(begins: impl AsRef<[u8]>, goes_on: &[u8], client: &mut TcpStream) -> Option<()> {
    say(begins, client)?;
    loop {
        say(goes_on, client)?;
    }
}

/// What opens a WebSocket.
fn accepted(head: &str) -> String {
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
    let accept = derive_accept_key(key.trim().as_bytes());
    format!("HTTP/1.1 101 X\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: {accept}\r\n\r\n")
}

/// A run of two clients of a transport against such a server, and all that was said.
fn measured(
    transport: Transport,
    reply: impl Fn(&str, &mut TcpStream) -> Option<()> + Send + Sync + 'static,
) -> (Ended, String) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("mine.toml"), DIALECT).unwrap();
    let options =
        SHORT.replace("--clients 20", "--clients 2 --rate 20 --drain 100ms --publish http --dialect mine.toml");
    let server = listens(move |client| serve(client, &reply));
    let ended = loadgen(dir.path(), &format!("run {options} --transports {transport} --server http://{server}"));
    let said: Vec<_> = ended.stdout.iter().chain(&ended.stderr).flat_map(|line| line.split_whitespace()).collect();
    let said = said.join(" ");
    assert!(!said.contains("panicked"), "{ended:#?}");
    (ended, said)
}

/// What becomes of a poll, or of an upgrade.
type Reply = fn(&str, &mut TcpStream) -> Option<()>;

const BEGINS: &str = "HTTP/1.1 200 OK\r\n";

#[test]
fn what_comes_instead_of_an_update_is_told() {
    let polls: [(Reply, &str); 5] = [
        (
            |_, client| say_on([BEGINS, "x: "].concat(), &[b'y'; 4096], client),
            "a head of more than 16 KiB that does not end",
        ),
        (
            |_, client| say([BEGINS, "content-length: 1099511627776\r\n\r\n"].concat(), client),
            "content-length: 1099511627776, which is no number of bytes up to 128 MiB",
        ),
        (
            |_, client| say("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", client),
            "`SSH-2.0-OpenSSH_9.2p1 Debian-2 ` is not how HTTP answers",
        ),
        (
            |_, client| say([BEGINS, "content-type: text/event-stream\r\n\r\ndata: hello\n\n"].concat(), client),
            "no stamp came back whole: something has begun and not ended, `data: hello",
        ),
        (
            |_, client| say(format!("{BEGINS}content-length: {}\r\n\r\n{}", leapt().len(), leapt()), client),
            "the `seq` 1099511627776 came to a client that stands at 0: no stream skips so many",
        ),
    ];
    let upgrades: [(Reply, &str); 3] = [
        (
            |head, client| {
                let frame = [&[0x81, 127], &(1_u64 << 40).to_be_bytes()[..]].concat();
                say_on([accepted(head).as_bytes(), &frame].concat(), &[b'y'; 4096], client)
            },
            "Message too long: 1099511627776 > 2097152",
        ),
        (
            |_, client| say_on([BEGINS, "x: "].concat(), &[b'y'; 4096], client),
            "a head of more than 16 KiB that does not end",
        ),
        (
            |head, client| {
                let frame = [&[0x81, leapt().len() as u8], leapt().as_bytes()].concat();
                say([accepted(head).as_bytes(), &frame].concat(), client)
            },
            "the `seq` 1099511627776 came to a client that stands at 0: no stream skips so many",
        ),
    ];
    let polls = polls.map(|case| (Transport::LongPoll, "GET /poll ", case));
    let upgrades = upgrades.map(|case| (Transport::WebSocket, "GET /ws ", case));
    for (transport, asked, (reply, words)) in polls.into_iter().chain(upgrades) {
        let (ended, said) =
            measured(
                transport,
                move |head, client| {
                    if head.starts_with(asked) { reply(head, client) } else { say(OK, client) }
                },
            );
        assert!(said.contains(words) && matches!(ended.status, Some(1 | 3)), "{words}: {ended:#?}");
    }
}

/// An update whose number no stream comes to.
fn leapt() -> String {
    let mut update = Vec::new();
    stamp::encode_into(1 << 40, clock::now_ns(), &mut update);
    String::from_utf8(update).unwrap()
}

#[test]
fn what_is_refused_is_told_in_the_servers_words() {
    for (transport, refused, words) in [
        (Transport::LongPoll, "/open", "of 2 clients could not connect: status 403: not for you"),
        (Transport::WebSocket, "/ws", "of 2 clients could not connect: status 403: not for you"),
        (Transport::LongPoll, "/pub", "update 1 could not be published by HTTP: status 403: not for you"),
    ] {
        let (ended, _) = measured(transport, move |head, client| match head.split(' ').nth(1)? {
            path if path == refused => say("HTTP/1.1 403 X\r\ncontent-length: 11\r\n\r\nnot for you", client),
            // Held.
            "/poll" => Some(()),
            _ => say(OK, client),
        });
        assert!(ended.status == Some(1) && ended.message().contains(words), "{words}: {ended:#?}");
    }
}

#[test]
fn a_command_that_never_listens_is_told_with_its_last_words() {
    let dir = tempfile::tempdir().unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    program.args(format!("run {SHORT} --dialect ws --connect-grace 0s --server-command").split(' '));
    program.arg("sh -c 'echo I am elsewhere >&2; exec sleep 1000' {host} {port}");
    let ended = Loadgen::spawn(dir.path(), program).ended();
    let (said, words) = (ended.message(), "--connect-grace gives it longer; its last lines: I am elsewhere");
    assert!(
        ended.status == Some(1) && said.contains("does not listen at 127.0.0.1:") && said.contains(words),
        "{said}"
    );
}
