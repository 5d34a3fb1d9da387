//! Planted faults as clients see them, over every transport, and the refusal of those that there are not.

use protocol::{Engine, Transport, clock::now_ns, wire::Health};

use crate::{
    client::{Client, stamp},
    http::get,
    program::{Server, refusal},
};

/// Whatever the engine.
fn seqs(transport: Transport, options: &str, count: usize) -> Vec<u64> {
    let [lean, stock] = Engine::ALL.map(|engine| {
        let server = Server::start(&format!("{options} --engine {engine}"));
        let lines = open(transport, &server).lines(count);
        lines.iter().map(|line| stamp(line).seq).collect::<Vec<_>>()
    });
    assert_eq!(lean, stock, "{transport}: {options}");
    lean
}

fn open(transport: Transport, server: &Server) -> Client {
    Client::open(transport, server.address, "after=0").unwrap_or_else(|answer| panic!("{transport}: {answer:?}"))
}

#[test]
fn updates_are_dropped_doubled_and_swapped_for_the_chosen_client() {
    for transport in Transport::ALL {
        assert_eq!(seqs(transport, "--rate 500 --fault drop:3:2", 6), [1, 2, 4, 5, 7, 8], "{transport}");
        assert_eq!(seqs(transport, "--rate 500 --fault duplicate:3:2", 6), [1, 2, 3, 3, 4, 5], "{transport}");
        let every = "--rate 500 --fault drop:1:2 --fault slow:2:1ms";
        for server in Server::of_each_engine(every) {
            // The connection with number 0 gets nothing, number 1 everything.
            drop(get(server.address, "/healthz"));
            let seqs: Vec<u64> = open(transport, &server).lines(3).iter().map(|line| stamp(line).seq).collect();
            assert_eq!(seqs, [1, 2, 3], "{transport}");
        }
    }
    // The test's own long-polling client takes the last line for its cursor, as a client that trusts the order does.
    for transport in [Transport::WebSocket, Transport::Sse] {
        assert_eq!(seqs(transport, "--rate 500 --fault swap:3:2", 6), [1, 2, 4, 3, 5, 7], "{transport}");
    }
    for transport in [Transport::LongPoll, Transport::ShortPoll] {
        assert_eq!(seqs(transport, "--rate 500 --fault swap:3:2", 4), [1, 2, 4, 3], "{transport}");
    }
}

#[test]
fn a_delay_is_its_transports_alone_and_lateness_is_everybodys() {
    const BY_NS: u64 = 200_000_000;
    for delayed in Transport::SERVED {
        let fault = format!("delay:{delayed}:200ms");
        for transport in Transport::ALL {
            let late = transport.as_served() == delayed;
            for server in Server::of_each_engine(&format!("--rate 4 --fault {fault}")) {
                let mut client = open(transport, &server);
                let early = (0..3).any(|_| {
                    let due_ns = stamp(&client.line()).due_ns;
                    now_ns() - due_ns < BY_NS
                });
                assert!(!(late && early), "{fault}: {transport} saw an update before its time");
                assert!(late || early, "{fault}: {transport} is late as well");
            }
        }
    }
    let server = Server::start("--rate 100 --fault late-publisher:200ms");
    for transport in Transport::ALL {
        let due_ns = stamp(&open(transport, &server).line()).due_ns;
        assert!(now_ns() - due_ns >= BY_NS, "{transport}");
    }
}

#[test]
fn each_delivery_takes_as_long_as_was_spun_however_they_are_batched() {
    for transport in Transport::ALL {
        for server in Server::of_each_engine("--rate 1000 --fault spin:20ms") {
            let lines = open(transport, &server).lines(5);
            let after_ns = now_ns() - stamp(&lines[0]).due_ns;
            assert!(after_ns >= 5 * 20_000_000, "{transport}: {after_ns} ns");
        }
    }
}

#[test]
fn healthz_lists_the_faults() {
    let server = Server::start("--fault late-publisher:20ms --fault drop:7:3");
    assert_eq!(get(server.address, "/healthz").json::<Health>().faults, ["late-publisher:20ms", "drop:7:3"]);
}

#[test]
fn a_fault_that_there_is_not_is_refused_with_those_there_are() {
    for (spec, reason) in [
        ("stal-publisher:1s:1s", "there is no such fault"),
        ("delay:websocket", "delay is written otherwise"),
        ("drop:0:1", "EVERY `0` must be a whole number of at least 1"),
        ("late-publisher:20", "BY `20` is no time such as 400ms"),
    ] {
        let message = refusal(&format!("--fault {spec}"));
        for part in [spec, reason, "stall-publisher:AT:FOR", "slow:CLIENTS:BY"] {
            assert!(message.contains(part), "{part:?} is not in: {message}");
        }
    }
}
