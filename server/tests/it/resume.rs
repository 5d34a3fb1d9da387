//! Cursors and queries that a server must refuse, over every transport.

use protocol::{Transport, wire::Refusal};

use crate::{
    client::Client,
    http::Answer,
    metrics::reaches,
    program::{ONE_UPDATE, Server},
};

fn refused(transport: Transport, server: &Server, query: &str) -> Answer {
    match Client::open(transport, server.address, query) {
        Err(answer) => answer,
        Ok(_) => panic!("{transport}: {query} was not refused"),
    }
}

#[test]
fn an_expired_cursor_is_gone_and_the_body_says_what_there_is() {
    let server = Server::start("--rate 1000 --history 10");
    reaches(server.address, "pushbench_updates_total", 50);
    for transport in Transport::ALL {
        let answer = refused(transport, &server, "after=7");
        assert_eq!(answer.status, 410, "{transport}: {answer:?}");
        assert!(answer.text().starts_with(r#"{"error":"cursor_expired","oldest":"#), "{}", answer.text());
        let Refusal::CursorExpired { oldest, newest } = answer.json() else { panic!("{answer:?}") };
        assert!(newest >= 50, "{newest}");
        assert_eq!(newest - oldest + 1, 10, "the ring is full");
    }
}

#[test]
fn the_oldest_update_held_can_be_had_and_the_one_before_cannot() {
    // The ring holds two updates of a feed that then pauses for an hour.
    let dir = tempfile::tempdir().unwrap();
    let feed = dir.path().join("feed.ndjson");
    let lines = [0, 1, 2, 3, 3_600_000_000_u64].map(|at_us| format!("{{\"at_us\":{at_us},\"data\":{at_us}}}\n"));
    std::fs::write(&feed, lines.concat()).unwrap();
    let server = Server::start(&format!("--history 2 --replay {}", feed.display()));
    reaches(server.address, "pushbench_updates_total", 4);
    for transport in Transport::ALL {
        let Refusal::CursorExpired { oldest, newest } = refused(transport, &server, "after=1").json() else {
            panic!("{transport}: another refusal")
        };
        assert_eq!((oldest, newest), (3, 4));
        let mut client =
            Client::open(transport, server.address, "after=2").unwrap_or_else(|answer| panic!("{answer:?}"));
        assert!(client.line().starts_with(r#"{"seq":3,"#));
        assert!(client.line().starts_with(r#"{"seq":4,"#));
    }
}

#[test]
fn a_cursor_from_the_future_is_gone() {
    let server = Server::start(ONE_UPDATE);
    reaches(server.address, "pushbench_updates_total", 1);
    for transport in Transport::ALL {
        for query in ["after=2", "after=18446744073709551615"] {
            let answer = refused(transport, &server, query);
            assert_eq!(answer.status, 410, "{transport}: {answer:?}");
            assert_eq!(answer.json::<Refusal>(), Refusal::CursorExpired { oldest: 1, newest: 1 }, "{transport}");
        }
    }
}

#[test]
fn a_malformed_query_is_refused_with_the_reason() {
    let server = Server::start(ONE_UPDATE);
    for transport in Transport::ALL {
        for (query, reason) in [
            ("after=", "after=: must be a whole number"),
            ("after=x", "after=x: must be a whole number"),
            ("after=-1", "after=-1: must be a whole number"),
            ("after=18446744073709551616", "from 0 to 18446744073709551615"),
            ("afer=1", "unknown key `afer`: there are after, wait_ms"),
            ("after=1&after=2", "after is given twice"),
            ("wait_ms=600001", "from 0 to 600000"),
        ] {
            let answer = refused(transport, &server, query);
            assert_eq!(answer.status, 400, "{transport}: {query}: {answer:?}");
            let Refusal::BadQuery { message } = answer.json() else { panic!("{answer:?}") };
            assert!(message.contains(reason), "{transport}: {query}: {message}");
        }
    }
}
