//! What every transport must do, run over each of them, by each engine.

use protocol::Transport;

use crate::{
    client::{Client, assert_consecutive, stamp},
    metrics::{metric, reaches},
    program::Server,
};

const UPDATES: &str = "pushbench_updates_total";

fn open(transport: Transport, server: &Server, query: &str) -> Client {
    Client::open(transport, server.address, query).unwrap_or_else(|answer| panic!("{transport}: {answer:?}"))
}

#[test]
fn without_a_cursor_the_stream_begins_now() {
    for server in Server::of_each_engine("--rate 500") {
        reaches(server.address, UPDATES, 20);
        for transport in Transport::ALL {
            let published = metric(server.address, UPDATES) as u64;
            let first = stamp(&open(transport, &server, "").line());
            assert!(first.seq > published, "{transport}: {} is older than the subscription", first.seq);
        }
    }
}

#[test]
fn nothing_is_skipped_repeated_or_reordered() {
    for server in Server::of_each_engine("--rate 2000") {
        for transport in Transport::ALL {
            let lines = open(transport, &server, "").lines(500);
            assert_consecutive(&lines, stamp(&lines[0]).seq);
        }
    }
}

#[test]
fn a_cursor_gets_what_followed_it_byte_for_byte_the_same_everywhere() {
    for server in Server::of_each_engine("--rate 1000") {
        reaches(server.address, UPDATES, 60);
        // From the past into what is published while it is read.
        let replays = Transport::ALL.map(|transport| open(transport, &server, "after=10").lines(200));
        for (replay, transport) in replays.iter().zip(Transport::ALL) {
            assert_consecutive(replay, 11);
            assert_eq!(replay, &replays[0], "{transport} and {}", Transport::ALL[0]);
        }
    }
}

#[test]
fn a_client_that_comes_back_resumes_where_it_was() {
    for server in Server::of_each_engine("--rate 1000") {
        for transport in Transport::ALL {
            let mut lines = open(transport, &server, "after=0").lines(30);
            for _ in 0..5 {
                let cursor = stamp(lines.last().unwrap()).seq;
                lines.extend(open(transport, &server, &format!("after={cursor}")).lines(30));
            }
            assert_consecutive(&lines, 1);
            assert_eq!(lines.len(), 180);
        }
    }
}

#[test]
fn updates_are_as_long_as_asked() {
    for payload_bytes in [64, 128, 1_000, 65_536, 300_000] {
        for server in Server::of_each_engine(&format!("--rate 50 --payload-bytes {payload_bytes}")) {
            for transport in Transport::ALL {
                for line in open(transport, &server, "after=0").lines(3) {
                    assert_eq!(line.len(), payload_bytes, "{transport}");
                    assert!(serde_json::from_str::<serde_json::Value>(&line).is_ok(), "{transport}: not JSON");
                }
            }
        }
    }
}

#[test]
fn two_threads_serve_every_transport_and_lose_nothing() {
    for server in Server::of_each_engine("--rate 1000 --threads 2") {
        // Connections are dealt to the threads in turn, so three of each kind meet both.
        let readers: Vec<_> = (Transport::ALL.into_iter())
            .flat_map(|transport| [transport; 3])
            .map(|transport| {
                let mut client = open(transport, &server, "after=0");
                std::thread::spawn(move || client.lines(400))
            })
            .collect();
        for reader in readers {
            assert_consecutive(&reader.join().unwrap(), 1);
        }
    }
}
