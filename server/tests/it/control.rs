//! A server under control: its schedule changes, and one in its place goes on where it stood.

use std::{net::SocketAddr, num::NonZeroU32};

use protocol::{
    Transport, Update,
    clock::now_ns,
    control::{Change, Command, Event, Rescheduled, Window},
    results::Arrivals,
};

use crate::{client::Client, program::Server};

const MS: u64 = 1_000_000;
const ANYWHERE: &str = "127.0.0.1:0";
/// An update every two milliseconds, and all of them can be had from the beginning.
const OPTIONS: &str = "--rate 500 --payload-bytes 100 --history 10000000";

/// An update as a client sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    seq: u64,
    due_ns: u64,
    bytes: usize,
}

fn seen(line: &str) -> Seen {
    let Update { seq, due_ns, .. } = Update::parse(line.as_bytes()).unwrap();
    Seen { seq, due_ns, bytes: line.len() }
}

fn open(transport: Transport, server: SocketAddr, after: u64) -> Client {
    Client::open(transport, server, &format!("after={after}")).unwrap_or_else(|answer| panic!("{answer:?}"))
}

/// The next updates, up to and with this one.
fn up_to(client: &mut Client, seq: u64) -> Vec<Seen> {
    let mut all = vec![seen(&client.line())];
    while all.last().unwrap().seq < seq {
        all.push(seen(&client.line()));
    }
    all
}

/// A change to bursts that are whole milliseconds apart.
fn change(from_ns: u64, every_ms: u32, burst: u32, payload_bytes: u32) -> Change {
    let rate_hz = 1_000.0 / f64::from(every_ms) * f64::from(burst);
    let burst = NonZeroU32::new(burst).unwrap();
    Change { from_ns, arrivals: Arrivals::Constant, rate_hz, payload_bytes, burst }
}

/// What is due by constant schedules, each until the next begins, from the first update on and without end.
fn predicted(first_due_ns: u64, changes: &[Change]) -> impl Iterator<Item = Seen> {
    let first = change(first_due_ns, 2, 1, 100);
    let begin: Vec<Change> = std::iter::once(first).chain(changes.iter().copied()).collect();
    let ends: Vec<u64> = changes.iter().map(|change| change.from_ns).chain([u64::MAX]).collect();
    let updates =
        begin.into_iter().zip(ends).flat_map(|(Change { from_ns, rate_hz, payload_bytes, burst, .. }, end_ns)| {
            let burst = u64::from(burst.get());
            let every_ns = (burst as f64 * 1e9 / rate_hz).round() as u64;
            let due = (0_u64..)
                .map(move |number| from_ns + number / burst * every_ns)
                .take_while(move |due_ns| *due_ns < end_ns);
            due.map(move |due_ns| (due_ns, payload_bytes as usize))
        });
    updates.zip(1..).map(|((due_ns, bytes), seq)| Seen { seq, due_ns, bytes })
}

fn rescheduled(server: &mut Server, id: u64, change: Change) -> Rescheduled {
    server.tell(&Command::Reschedule { id, change });
    match server.event() {
        Event::Rescheduled { id: answered, made } if answered == id => made,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_schedule_changes_twice_and_the_server_that_takes_up_the_stream_goes_on_with_it() {
    let mut server = Server::under_control(ANYWHERE.parse().unwrap(), OPTIONS);
    let address = server.address;
    let first_due_ns = now_ns();
    server.tell(&Command::Publish { first_due_ns, window: None, changes: Vec::new() });

    let mut got = Transport::ALL.map(|transport| (open(transport, address, 0), Vec::new()));
    let mut read_up_to = |seq| {
        for (client, got) in &mut got {
            got.extend(up_to(client, seq));
        }
    };
    // Perhaps it is later than that when the server learns of it; then it says so.
    let planned = change(now_ns() + 20 * MS, 30, 4, 300);
    let first = rescheduled(&mut server, 7, planned);
    let latest_ns = now_ns().max(planned.from_ns);
    assert!((planned.from_ns..=latest_ns).contains(&first.change.from_ns), "{first:?}, {planned:?}");
    assert_eq!(first.change, Change { from_ns: first.change.from_ns, ..planned });
    read_up_to(first.first_seq + 5);
    // What is past is changed no more: from now on.
    let asked_ns = now_ns();
    let second = rescheduled(&mut server, 8, change(first_due_ns, 1, 1, 64));
    assert!((asked_ns..=now_ns()).contains(&second.change.from_ns), "{second:?}");
    read_up_to(second.first_seq + 20);

    let changes = [first.change, second.change];
    for (_, got) in &got {
        let predicted: Vec<Seen> = predicted(first_due_ns, &changes).take(got.len()).collect();
        assert_eq!(*got, predicted);
        for (Rescheduled { change, first_seq }, payload_bytes) in [(first, 300), (second, 64)] {
            let update = Seen { seq: first_seq, due_ns: change.from_ns, bytes: payload_bytes };
            assert_eq!(got[first_seq as usize - 1], update);
        }
    }

    drop(server);
    let mut server = Server::under_control(address, &format!("--resume {OPTIONS}"));
    let window = Window { from_ns: first.change.from_ns - MS, to_ns: now_ns() + 100 * MS };
    server.tell(&Command::Publish { first_due_ns, window: Some(window), changes: changes.to_vec() });
    let Event::Published(account) = server.event() else { panic!("another event") };
    let due: Vec<Seen> = predicted(first_due_ns, &changes).take_while(|update| update.due_ns < window.to_ns).collect();
    let counted = due.iter().filter(|update| window.contains(update.due_ns));
    assert_eq!(account.updates, counted.clone().count() as u64);
    assert_eq!(Some(account.first_seq), counted.map(|update| update.seq).next());
    for (transport, (_, mut got)) in Transport::ALL.into_iter().zip(got) {
        // From its cursor on, and whoever comes afresh sees the same.
        let mut client = open(transport, address, got.last().unwrap().seq);
        got.extend(up_to(&mut client, due.len() as u64));
        assert_eq!(got, due);
        assert_eq!(up_to(&mut open(transport, address, 0), due.len() as u64), due);
    }
}

#[test]
fn random_gaps_are_the_same_for_who_was_told_live_and_who_is_told_at_the_start() {
    let poisson = |from_ns, burst| Change { arrivals: Arrivals::Poisson, ..change(from_ns, 2, burst, 64) };
    let mut server = Server::under_control(ANYWHERE.parse().unwrap(), &format!("{OPTIONS} --poisson --seed 3"));
    let address = server.address;
    let first_due_ns = now_ns();
    server.tell(&Command::Publish { first_due_ns, window: None, changes: Vec::new() });
    let changes = [(1, 2), (2, 1)].map(|(id, burst)| rescheduled(&mut server, id, poisson(0, burst)));
    let seq = changes[1].first_seq + 50;
    let live = up_to(&mut open(Transport::WebSocket, address, 0), seq);
    drop(server);
    for (seed, same) in [(3, true), (4, false)] {
        let options = format!("--resume {OPTIONS} --poisson --seed {seed}");
        let mut server = Server::under_control(address, &options);
        let changes = changes.map(|made| made.change).to_vec();
        server.tell(&Command::Publish { first_due_ns, window: None, changes });
        let told = up_to(&mut open(Transport::WebSocket, address, 0), seq);
        assert_eq!(told == live, same, "{seed}: {told:?}, {live:?}");
    }
}

#[test]
fn a_change_that_cannot_be_made_is_refused_in_words_and_the_server_goes_on() {
    let good = change(0, 1, 1, 64);
    let first_due_ns = now_ns();
    let publish = |window| Command::Publish { first_due_ns, window, changes: Vec::new() };
    let (endless, ended) = (publish(None), publish(Some(Window { from_ns: 0, to_ns: 1 })));
    for (options, before, change, reason) in [
        ("--rate 1", None, good, "nothing is published yet"),
        ("--rate 1", Some(&ended), good, "the stream has ended"),
        ("--replay builtin:market", Some(&endless), good, "without --replay"),
        ("--rate 1", Some(&endless), Change { rate_hz: -1.0, ..good }, "rate_hz -1: must be more than 0"),
    ] {
        let mut server = Server::under_control(ANYWHERE.parse().unwrap(), options);
        if let Some(publish) = before {
            server.tell(publish);
        }
        if before == Some(&ended) {
            assert!(matches!(server.event(), Event::Published(_)));
        }
        server.tell(&Command::Reschedule { id: 5, change });
        let Event::Refused { id: 5, reason: told } = server.event() else { panic!("{reason}: another event") };
        assert!(told.contains(reason), "{told}");
        server.tell(&Command::Memory);
        assert!(matches!(server.event(), Event::Memory { .. }), "{reason}");
    }
}

#[test]
fn a_window_of_a_stream_that_goes_on_is_accounted_for() {
    let mut server = Server::under_control(ANYWHERE.parse().unwrap(), OPTIONS);
    let account = |id, from_ns, to_ns| Command::Account { id, window: Window { from_ns, to_ns } };
    server.tell(&account(3, u64::MAX - 1, u64::MAX));
    assert!(matches!(server.event(), Event::Refused { id: 3, .. }), "nothing is published yet");
    // No update is due before everything is told, and the first is due when the window begins.
    let first_due_ns = now_ns() + 2_000 * MS;
    server.tell(&Command::Publish { first_due_ns, window: None, changes: Vec::new() });
    let mut client = open(Transport::WebSocket, server.address, 0);
    server.tell(&account(4, first_due_ns, first_due_ns + 20 * MS));
    let Event::Account { id: 4, published } = server.event() else { panic!("another event") };
    assert_eq!((published.first_seq, published.updates), (1, 10));
    let last = up_to(&mut client, 10).last().copied().unwrap();
    assert_eq!(last.due_ns, first_due_ns + 18 * MS);
    server.tell(&account(5, first_due_ns, u64::MAX));
    let Event::Refused { id: 5, reason } = server.event() else { panic!("another event") };
    assert!(reason.contains("the window has begun"), "{reason}");
    // It goes on.
    up_to(&mut client, 20);
}

#[test]
fn a_server_that_cannot_go_on_with_a_stream_ends() {
    let mut server = Server::under_control(ANYWHERE.parse().unwrap(), "--rate 1");
    let changes = vec![Change { rate_hz: 0.0, ..change(0, 1, 1, 64) }];
    server.tell(&Command::Publish { first_due_ns: now_ns(), window: None, changes });
    assert_eq!(server.ended().code(), Some(1));
}
