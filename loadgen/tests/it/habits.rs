//! Servers with habits that HTTP and JSON allow: measured as any other, without an error, and what it costs is counted.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
};

use protocol::results::Run;
use reports::load;
use serde_json::Value;

use crate::{front::listens, program::loadgen, results::of_success, sweep::SHORT, target::serve};

/// What a server does to its answers.
#[derive(Debug, Clone, Copy, Default)]
struct Habit {
    version: &'static str,
    /// After so many answers a connection is ended.
    quota: Option<usize>,
    /// Whether the last of them says so.
    says_so: bool,
    /// Headers more.
    headers: usize,
    body: Body,
    other_json: bool,
    /// Whether the first update of each client is misnumbered; none of those to whom it comes again.
    leap: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Body {
    #[default]
    Length,
    Chunked,
    /// To the end of the connection.
    Endless,
}

const PLAIN: Habit = Habit {
    version: "1.1",
    quota: None,
    says_so: false,
    headers: 0,
    body: Body::Length,
    other_json: false,
    leap: false,
};

/// Puts a server's answers to polls and signals as the habit has it.
fn proxy(server: SocketAddr, habit: Habit) -> SocketAddr {
    listens(move |client| relay(client, TcpStream::connect(server).ok()?, habit))
}

fn relay(mut client: TcpStream, mut server: TcpStream, habit: Habit) -> Option<()> {
    client.set_nodelay(true).ok()?;
    let (mut requests, mut answers) =
        (BufReader::new(client.try_clone().ok()?), BufReader::new(server.try_clone().ok()?));
    let mut leap = habit.leap;
    for asked in 1.. {
        let (head, body) = message(&mut requests)?;
        leap &= asked > 1 || !head.contains("after=");
        let of_stream = !head.contains(" /healthz ");
        server.write_all(&[head.as_bytes(), b"\r\n", &body].concat()).ok()?;
        let (head, mut body) = message(&mut answers)?;
        if leap && body.starts_with(b"{\"seq\":") {
            (leap, body) = (false, leapt(&body));
        }
        let last = !of_stream || habit.quota.is_some_and(|quota| asked % quota == 0);
        let answer = if of_stream { put(&head, body, habit, last) } else { [head.as_bytes(), b"\r\n", &body].concat() };
        client.write_all(&answer).ok()?;
        if last {
            break;
        }
    }
    Some(())
}

/// A head without its empty line, and the body of which it tells.
pub(crate) fn message(from: &mut impl BufRead) -> Option<(String, Vec<u8>)> {
    let (mut head, mut bytes) = (String::new(), 0);
    loop {
        let start = head.len();
        from.read_line(&mut head).ok().filter(|read| *read > 0)?;
        let line = head[start..].to_ascii_lowercase();
        if line == "\r\n" {
            head.truncate(start);
            break;
        }
        if let Some(length) = line.strip_prefix("content-length:") {
            bytes = length.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; bytes];
    from.read_exact(&mut body).ok()?;
    Some((head, body))
}

fn put(head: &str, mut body: Vec<u8>, habit: Habit, last: bool) -> Vec<u8> {
    let kept = |line: &&str| !line.to_ascii_lowercase().starts_with("content-length:");
    let mut said = head.split_inclusive("\r\n").filter(kept).collect::<String>();
    said.replace_range("HTTP/".len()..said.find(' ').unwrap(), habit.version);
    said.push_str(&"x-more: y\r\n".repeat(habit.headers));
    if last && habit.says_so {
        said.push_str("Connection: close\r\n");
    }
    if habit.other_json {
        body = lines_otherwise(&body);
    }
    match habit.body {
        _ if said.contains(" 204 ") => {}
        Body::Length => said.extend(["Content-Length: ", &body.len().to_string(), "\r\n"]),
        Body::Endless => {}
        Body::Chunked => {
            said.push_str("Transfer-Encoding: chunked\r\n");
            let chunks: Vec<_> = body
                .chunks(50)
                .map(|part| [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat())
                .collect();
            body = [&chunks.concat()[..], b"0\r\n\r\n"].concat();
        }
    }
    [said.as_bytes(), b"\r\n", &body].concat()
}

/// Keys in the order of the alphabet, one more of them, white space, and CR LF.
fn lines_otherwise(body: &[u8]) -> Vec<u8> {
    let otherwise = |line: &[u8]| {
        let Value::Object(mut keys) = serde_json::from_slice(line).unwrap() else { panic!("an object") };
        keys.insert("at".to_owned(), Value::from("now"));
        keys.sort_keys();
        let keys: Vec<_> = keys.iter().map(|(key, value)| format!("\"{key}\" : {value}")).collect();
        format!("{{ {} }}\r\n", keys.join(", "))
    };
    let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(otherwise).collect::<String>().into_bytes()
}

fn leapt(body: &[u8]) -> Vec<u8> {
    let rest = body.iter().position(|byte| *byte == b',').unwrap();
    [b"{\"seq\":1099511627776", &body[rest..]].concat()
}

/// A run of clients that signal, against a server with the habit.
fn measured(habit: Habit) -> Run {
    let dir = tempfile::tempdir().unwrap();
    let (_server, address) = serve(dir.path(), "--rate 50");
    run(dir.path(), &format!("{SHORT} --signal-rate 10"), proxy(address, habit))
}

fn run(dir: &Path, options: &str, server: SocketAddr) -> Run {
    let ended = loadgen(dir, &format!("run {options} --transports long-poll --server http://{server}"));
    let run = of_success(&dir.join("results"), &ended).runs.remove(0);
    let signals = run.signals.as_ref().unwrap();
    let (sent, acknowledged) = (signals.sent, signals.round_trip.len());
    // A client has one under way at a time, which the end of the run may cut off.
    let cut_off = u64::from(run.point.load.clients);
    assert!(0 < acknowledged && acknowledged <= sent && sent <= acknowledged + cut_off, "{acknowledged} of {sent}");
    run
}

#[test]
fn a_server_that_ends_connections_costs_connections_and_no_error() {
    for habit in [
        Habit { quota: Some(1), says_so: true, ..PLAIN },
        Habit { quota: Some(4), says_so: true, body: Body::Chunked, ..PLAIN },
        Habit { quota: Some(3), ..PLAIN },
        Habit { quota: Some(1), body: Body::Endless, ..PLAIN },
        Habit { quota: Some(1), version: "1.0", ..PLAIN },
    ] {
        let run = measured(habit);
        assert!(run.traffic.connections > 0, "{habit:?}");
    }
}

#[test]
fn an_answer_may_be_put_as_http_and_json_let_it() {
    for habit in
        [Habit { body: Body::Chunked, ..PLAIN }, Habit { headers: 40, ..PLAIN }, Habit { other_json: true, ..PLAIN }]
    {
        let run = measured(habit);
        assert_eq!(run.traffic.connections, 0, "{habit:?}");
    }
}

#[test]
fn a_number_out_of_all_bounds_is_its_clients_error_and_costs_nobody_an_update() {
    let dir = tempfile::tempdir().unwrap();
    let (_server, address) = serve(dir.path(), "--rate 50");
    let front = proxy(address, Habit { leap: true, ..PLAIN });
    let ended = loadgen(dir.path(), &format!("run {SHORT} --transports long-poll --server http://{front}"));
    let run = load(&dir.path().join("results")).unwrap_or_else(|error| panic!("{error}: {ended:#?}")).runs.remove(0);
    let (clients, counts) = (u64::from(run.point.load.clients), &run.counts);
    assert_eq!(counts.errors, [("Protocol".to_owned(), clients)].into());
    let said = &counts.first_errors["Protocol"];
    let cursor = said.strip_prefix("protocol error: the `seq` 1099511627776 came to a client that stands at ");
    assert!(cursor.is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit())), "{said}");
    assert_eq!((counts.missed, counts.delivered), (0, clients * run.stream.updates));
    assert_eq!(run.fan_out.last.len(), run.stream.updates);
}

#[test]
fn a_connection_for_signals_may_have_been_idle_for_too_long() {
    let dir = tempfile::tempdir().unwrap();
    // Ended before the first signal, and again between two.
    let (_server, address) = serve(dir.path(), "--rate 50 --header-timeout 1 --idle-timeout 1");
    let options = SHORT.replace("--settle 100ms", "--settle 1500ms").replace("--measure 500ms", "--measure 3s");
    let run = run(dir.path(), &format!("{options} --signal-rate 0.6"), address);
    assert!(run.traffic.connections > 0);
}
