//! Topics, and what clients say to those who have one: over every transport, by either engine.

use protocol::{Transport, signal::Ack, wire::Refusal};

use crate::{
    client::{Client, assert_consecutive, stamp},
    http::{Answer, Connection},
    metrics::{met, metric, reaches},
    program::{ONE_UPDATE, Server},
    ws::{Socket, TEXT, masked},
};

fn open(transport: Transport, server: &Server, query: &str) -> Client {
    Client::open(transport, server.address, query).unwrap_or_else(|answer| panic!("{transport}: {query}: {answer:?}"))
}

fn refused(transport: Transport, server: &Server, query: &str) -> Answer {
    Client::open(transport, server.address, query)
        .err()
        .unwrap_or_else(|| panic!("{transport}: {query} was not refused"))
}

#[test]
fn each_topic_has_updates_of_its_own_whose_seq_counts_within_it() {
    for server in Server::of_each_engine("--topics 3 --rate 100") {
        for transport in Transport::ALL {
            let of = |topic| open(transport, &server, &format!("after=0&topic={topic}")).lines(5);
            let [zero, two] = ["0", "2"].map(of);
            [&zero, &two].into_iter().for_each(|lines| assert_consecutive(lines, 1));
            // They take turns, a third of a gap apart.
            let apart_ns = stamp(&two[0]).due_ns - stamp(&zero[0]).due_ns;
            assert_eq!(apart_ns, 6_666_667, "{transport}");
            // Who names none has none of them.
            let everybodys = Connection::open(server.address).get("/poll?wait_ms=0");
            assert_eq!((everybodys.status, everybodys.cursor()), (204, 0), "{transport}");
        }
    }
}

#[test]
fn a_topic_is_there_once_it_is_asked_for_and_has_cursors_of_its_own() {
    let server = Server::start("--topics 2 --rate 500 --history 10");
    reaches(server.address, "pushbench_updates_total", 40);
    for transport in Transport::ALL {
        let Refusal::CursorExpired { oldest, newest } = refused(transport, &server, "after=1&topic=1").json() else {
            panic!("{transport}: another refusal")
        };
        assert_eq!(newest - oldest + 1, 10, "{transport}: its ring is full");
        let never = refused(transport, &server, "after=1&topic=new");
        assert_eq!(never.json::<Refusal>(), Refusal::CursorExpired { oldest: 1, newest: 0 }, "{transport}");
        assert_consecutive(&open(transport, &server, &format!("after={newest}&topic=1")).lines(3), newest + 1);
    }
    assert_eq!(metric(server.address, "pushbench_topics") as u32, 3);
}

#[test]
fn one_connection_may_poll_one_topic_after_the_other() {
    for server in Server::of_each_engine("--topics 3 --rate 100") {
        let mut connection = Connection::open(server.address);
        for topic in [0, 2, 2, 1, 0] {
            let answer = connection.get(&format!("/poll?after=0&topic={topic}"));
            assert!(answer.text().starts_with(r#"{"seq":1,"#), "{answer:?}");
        }
        assert_eq!(connection.get("/poll?after=0&wait_ms=0").status, 204);
        assert_eq!(connection.get("/poll?after=1&topic=nobodys").status, 410);
        assert_eq!(connection.get("/poll?after=0&topic=1").status, 200);
    }
}

#[test]
fn a_name_that_is_none_is_refused() {
    let server = Server::start(ONE_UPDATE);
    for transport in Transport::ALL {
        for query in ["topic=", "topic=%07", "topic=a&topic=a", &format!("topic={}", "x".repeat(65))] {
            let answer = refused(transport, &server, query);
            assert_eq!(answer.status, 400, "{transport}: {query}");
            let Refusal::BadQuery { message } = answer.json() else { panic!("{answer:?}") };
            assert_eq!(message, "topic must be given once, as 1 to 64 bytes of plain text");
        }
    }
    open(Transport::WebSocket, &server, "topic=%C3%B8%20%2F%3F%26");
    assert_eq!(metric(server.address, "pushbench_topics") as u32, 1);
}

#[test]
fn there_are_no_more_topics_than_allowed_and_those_that_are_there_go_on() {
    for server in Server::of_each_engine("--rate 200 --topics 2 --max-topics 3") {
        reaches(server.address, "pushbench_topics", 2);
        open(Transport::WebSocket, &server, "topic=third");
        for (refusals, transport) in (1..).zip(Transport::ALL) {
            let answer = refused(transport, &server, "topic=fourth");
            assert_eq!(answer.status, 503, "{transport}: {answer:?}");
            let Refusal::TooManyTopics { message } = answer.json() else { panic!("{answer:?}") };
            assert_eq!(message, "there are 3 topics, and there may be no more: see --max-topics");
            // A plain request for events is refused once more by hyper, which says why.
            assert!(metric(server.address, &met("max_topics")) as u32 >= refusals);
            assert_consecutive(&open(transport, &server, "after=0&topic=0").lines(2), 1);
        }
    }
}

fn post(target: &str, body: &str) -> String {
    format!("POST {target} HTTP/1.1\r\nhost: test\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

#[test]
fn what_a_client_says_comes_to_all_who_have_the_topic_itself_among_them() {
    for server in Server::of_each_engine(&format!("{ONE_UPDATE} --speak")) {
        let mut speaker = Socket::open(server.address, "/ws?topic=room").unwrap_or_else(|answer| panic!("{answer:?}"));
        let mut others: Vec<Client> = Vec::new();
        let mut poster = Connection::open(server.address);
        for (seq, due_ns) in [(1, 77), (2, 33)] {
            let said = format!(r#"{{"id":{seq},"due_ns":{due_ns},"data":{{"by":1}}}}"#);
            let ack: Ack = if seq == 1 {
                speaker.connection.send(masked(TEXT, said.as_bytes()));
                let (mut ack, mut own) = (None, None);
                while ack.is_none() || own.is_none() {
                    let line = speaker.line();
                    match serde_json::from_str(&line) {
                        Ok(acknowledged) => ack = Some(acknowledged),
                        Err(_) => own = Some(line),
                    }
                }
                assert_eq!(own.unwrap(), r#"{"seq":1,"due_ns":77,"data":{"by":1}}"#);
                ack.unwrap()
            } else {
                poster.send(post("/send?topic=room", &said));
                poster.answer().json()
            };
            assert_eq!((ack.id, ack.seq), (seq, Some(seq)));
            let line = format!(r#"{{"seq":{seq},"due_ns":{due_ns},"data":{{"by":1}}}}"#);
            if others.is_empty() {
                others.extend(Transport::ALL.map(|transport| open(transport, &server, "after=0&topic=room")));
            }
            for client in &mut others {
                assert_eq!(client.line(), line);
            }
        }
        // Nobody else has it, and a signal that says nothing stays one.
        poster.send(post("/send?topic=room", r#"{"id":7,"data":1}"#));
        assert_eq!(poster.answer().json::<Ack>().seq, None);
        // The one that is made up, and the two that were said.
        reaches(server.address, "pushbench_updates_total", 3);
        for query in ["wait_ms=0", "wait_ms=0&topic=other"] {
            let cursor = poster.get(&format!("/poll?{query}")).cursor();
            assert_eq!(cursor, u64::from(!query.contains("topic")), "{query}");
        }
    }
}

#[test]
fn what_may_not_be_said_is_refused_with_the_reason() {
    let [silent, speaking] = ["", " --speak"].map(|speak| Server::start(&format!("{ONE_UPDATE}{speak}")));
    for (server, said, reason) in [
        (&silent, r#"{"id":1,"due_ns":1,"data":1}"#, "start the server with --speak"),
        (&speaking, "{\"id\":1,\"due_ns\":1,\"data\":[1,\n2]}", "data must have no line break"),
        (&speaking, r#"{"id":1,"due_ns":-1,"data":1}"#, "not a signal such as"),
    ] {
        let mut connection = Connection::open(server.address);
        connection.send(post("/send", said));
        let answer = connection.answer();
        assert_eq!(answer.status, 400, "{said}");
        let Refusal::BadSignal { message } = answer.json() else { panic!("{answer:?}") };
        assert!(message.contains(reason), "{message}");
    }
}
