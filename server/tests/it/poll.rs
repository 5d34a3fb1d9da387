//! Long polling to the letter: parking, timing out, and many requests on one connection.

use protocol::Transport;

use crate::{
    client::stamp,
    http::{Answer, Connection, get, request},
    metrics::{metric, of, reaches},
    program::{ONE_UPDATE, Server},
};

fn seqs(answer: &Answer) -> Vec<u64> {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.text().lines().map(|line| stamp(line).seq).collect()
}

#[test]
fn a_poll_that_does_not_wait_says_where_the_stream_stands() {
    let server = Server::start("--rate 1000");
    reaches(server.address, "pushbench_updates_total", 10);
    let mut connection = Connection::open(server.address);
    // Often, since an update that is published meanwhile must not be the answer.
    for _ in 0..500 {
        let standing = connection.get("/poll?wait_ms=0");
        assert_eq!((standing.status, standing.body.len()), (204, 0));
        assert!(standing.cursor() >= 10, "{standing:?}");
    }
    let cursor = connection.get("/poll?wait_ms=0").cursor();
    let followed = seqs(&connection.get(&format!("/poll?after={cursor}")));
    assert_eq!(followed[0], cursor + 1);
    let at_once = seqs(&connection.get(&format!("/poll?after={cursor}&wait_ms=0")));
    assert_eq!(at_once[0], cursor + 1);
}

#[test]
fn a_poll_is_answered_at_once_if_there_is_something() {
    let server = Server::start(ONE_UPDATE);
    let answer = get(server.address, "/poll?after=0&wait_ms=600000");
    assert_eq!(seqs(&answer), [1]);
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[test]
fn a_parked_poll_is_answered_by_the_next_update() {
    // A second update follows 300 ms after the first.
    let server = Server::start("--rate 3");
    let mut connection = Connection::open(server.address);
    assert_eq!(seqs(&connection.get("/poll?after=0")), [1]);
    assert_eq!(seqs(&connection.get("/poll?after=1")), [2]);
    assert_eq!(metric(server.address, "pushbench_polls_timed_out_total") as u32, 0);
}

#[test]
fn a_poll_for_which_nothing_comes_ends_when_it_asked_to() {
    let server = Server::start(ONE_UPDATE);
    let mut connection = Connection::open(server.address);
    assert_eq!(seqs(&connection.get("/poll?after=0")), [1]);
    for timed_out in 1..=3 {
        let answer = connection.get("/poll?after=1&wait_ms=20");
        assert_eq!((answer.status, answer.cursor()), (204, 1));
        assert_eq!(metric(server.address, "pushbench_polls_timed_out_total") as u32, timed_out);
    }
}

#[test]
fn the_server_bounds_how_long_a_poll_waits() {
    let server = Server::start(&format!("{ONE_UPDATE} --poll-timeout 0.02"));
    reaches(server.address, "pushbench_updates_total", 1);
    for query in ["after=1", "after=1&wait_ms=600000", "wait_ms=600000", ""] {
        let answer = get(server.address, &format!("/poll?{query}"));
        assert_eq!((answer.status, answer.cursor()), (204, 1), "{query}");
    }
}

#[test]
fn a_connection_is_kept_for_the_next_poll() {
    let server = Server::start("--rate 1000");
    let mut connection = Connection::open(server.address);
    let mut read = Vec::new();
    while read.len() < 200 {
        let cursor = read.last().copied().unwrap_or(0);
        read.extend(seqs(&connection.get(&format!("/poll?after={cursor}"))));
    }
    assert!(read.iter().copied().eq(1..=read.len() as u64), "{read:?}");
    // One connection polled, however often; the other asked for the figures.
    assert_eq!(metric(server.address, &of(Transport::LongPoll, "connections")) as u32, 1);
}

#[test]
fn requests_sent_ahead_are_answered_in_order() {
    let server = Server::start(ONE_UPDATE);
    let mut connection = Connection::open(server.address);
    let targets = ["/poll?after=0", "/poll?after=1&wait_ms=30", "/poll?after=9", "/healthz", "/poll?after=0"];
    connection.send(targets.map(|target| request("GET", target)).concat());
    assert_eq!(seqs(&connection.answer()), [1]);
    let timed_out = connection.answer();
    assert_eq!((timed_out.status, timed_out.cursor()), (204, 1));
    assert_eq!(connection.answer().status, 410);
    assert!(connection.answer().text().contains("pushbench"));
    assert_eq!(seqs(&connection.answer()), [1]);
}

#[test]
fn whichever_way_a_poll_goes_its_answer_is_the_same() {
    let server = Server::start(ONE_UPDATE);
    reaches(server.address, "pushbench_updates_total", 1);
    for target in [
        "/poll?after=0",
        "/poll?after=1&wait_ms=20",
        "/poll?wait_ms=0",
        "/poll?after=9",
        "/poll?after=x",
        "/poll?afte=1",
    ] {
        let plain = request("GET", target);
        // The same, said in a way or sent in pieces that keep it from being served the short way.
        let odd = plain.replace("host: test", "host: test\r\nconnection: keep-alive, te");
        let (head, tail) = plain.split_at(plain.len() - 3);
        let ways = [vec![plain.as_str()], vec![&odd], vec![head, tail]].map(|pieces| {
            let mut connection = Connection::open(server.address);
            for piece in pieces {
                connection.send(piece);
                // Each is on its way by itself before the next is sent.
                reaches(server.address, "pushbench_updates_total", 1);
            }
            let mut answer = connection.answer();
            let dates = answer.headers.iter().filter(|(name, _)| name == "date").count();
            assert_eq!(dates, 1, "{answer:?}");
            answer.headers.retain(|(name, _)| name != "date");
            (answer.status, answer.headers, answer.body)
        });
        assert!(ways.iter().all(|way| way == &ways[0]), "{target}: {ways:?}");
    }
}

#[test]
fn a_head_may_come_in_parts_whoever_serves_it() {
    let server = Server::start(ONE_UPDATE);
    reaches(server.address, "pushbench_updates_total", 1);
    for request in [request("GET", "/poll?after=0"), request("GET", "/healthz"), crate::ws::upgrade("/ws")] {
        let mut connection = Connection::open(server.address);
        let (begin, end) = request.split_at(request.len() - 3);
        for part in [&begin[..1], &begin[1..20], &begin[20..]] {
            connection.send(part);
            // Read before the next is sent, or at least it may be: an answer on another connection was.
            reaches(server.address, "pushbench_updates_total", 1);
        }
        connection.send(end);
        let status = connection.head().status;
        assert_eq!(status, if request.contains("/ws") { 101 } else { 200 }, "{request}");
    }
}
