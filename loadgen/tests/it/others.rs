//! Servers of others: measured over both transports whichever way updates get in, ended with all they started, refused in words.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use protocol::{
    Transport,
    results::{Counts, Expectation, Publish, Run, Speakers},
};
use reports::load;
use rustix::process::Signal;

use crate::{
    program::{Ended, Loadgen, Server, eventually},
    results::of_success,
    sweep::SHORT,
};

pub(crate) const DIALECT: &str = r#"
why = "loadgen/examples/relay.rs: a WebSocket, and polls with a cursor."
[websocket]
path = "/ws"
say = "{data}"
[long_poll]
open = [{ get = "/poll", take.cursor.header = "Newest" }]
poll = { get = "/poll?after={cursor}" }
take.cursor.header = "Newest"
say = { post = "/pub", body = "{data}" }
[publish]
post = "/pub"
body = "{data}"
"#;

/// The server of others that comes with the tests.
pub(crate) fn relay_program() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_loadgen")).with_file_name("examples").join("relay")
}

fn relay() -> String {
    format!("{} {{host}} {{port}}", relay_program().display())
}

fn start(dir: &Path, command: &str, options: &str) -> Loadgen {
    speaking(dir, DIALECT, command, options)
}

fn speaking(dir: &Path, dialect: &str, command: &str, options: &str) -> Loadgen {
    std::fs::write(dir.join("mine.toml"), dialect).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    program.args(format!("run {SHORT} --dialect mine.toml {options}").split_whitespace());
    if !command.is_empty() {
        program.args(["--server-command", command]);
    }
    Loadgen::spawn(dir, program)
}

fn run(dir: &Path, command: &str, options: &str) -> Ended {
    start(dir, command, options).ended()
}

#[test]
fn every_update_reaches_every_client_whichever_way_it_gets_in() {
    for publish in Publish::ALL.into_iter().filter(|publish| *publish != Publish::None) {
        let dir = tempfile::tempdir().unwrap();
        let ended = run(dir.path(), &relay(), &format!("--rate 20 --publish {publish}"));
        let results = of_success(&dir.path().join("results"), &ended);
        assert_eq!(results.runs.len(), Transport::DEFAULT.len());
        assert_eq!(
            (results.manifest.scenario.publish, &results.manifest.scenario.engine[..]),
            (Some(publish), &[][..])
        );
        for run in &results.runs {
            assert_eq!((run.counts.delivered, run.stream.source), (200, Expectation::Publisher), "{publish}");
            let server = run.server.as_ref().unwrap();
            assert!(server.processes.len() == 1 && server.processes[0].starts_with("relay "), "{:?}", server.processes);
            let generator = &run.generator;
            assert!((1..generator.cpu.total_ns).contains(&generator.publisher_cpu_ns.unwrap()), "{generator:?}");
            let answered = publish == Publish::Client && run.point.transport == Transport::LongPoll;
            assert_eq!(run.stream.acknowledged.is_some(), publish == Publish::Http || answered);
        }
    }
}

#[test]
fn processes_that_come_and_end_all_along_leave_the_others_measured() {
    let dir = tempfile::tempdir().unwrap();
    let command = format!(
        "sh -c 'while :; do sleep 0.02; done & exec {}' {{host}} {{port}}",
        relay().replace("{host} {port}", "$0 $1")
    );
    let results = of_success(&dir.path().join("results"), &run(dir.path(), &command, "--rate 20 --publish http"));
    for run in &results.runs {
        let server = run.server.as_ref().unwrap_or_else(|| panic!("{:?}", run.server_unread));
        assert!(server.cpu.total_ns > 0 && server.plateaus.drained.is_some(), "{server:?}");
        assert!(server.processes.iter().any(|process| process.starts_with("relay ")), "{:?}", server.processes);
    }
}

/// The dialect whose server does not give back what a client said.
fn without_echo() -> String {
    let named = DIALECT.replace("\"/ws\"", "\"/ws?as={client}\"").replace("={cursor}", "={cursor}&as={client}");
    format!("echo = false\n{}", named.replace("say = { post = \"/pub\"", "say = { post = \"/pub?as={client}\""))
}

#[test]
fn what_clients_say_reaches_the_others_and_themselves_only_where_the_server_echoes() {
    for (dialect, expected) in [(DIALECT.to_owned(), 200), (without_echo(), 190)] {
        for speakers in Speakers::ALL {
            let dir = tempfile::tempdir().unwrap();
            let options = format!("--rate 20 --publish client --speakers {speakers}");
            let ended = speaking(dir.path(), &dialect, &relay(), &options).ended();
            assert!(matches!(ended.status, Some(0 | 3)), "void at most, on a busy machine: {ended:#?}");
            let results = load(&dir.path().join("results")).unwrap();
            assert_eq!((results.manifest.scenario.speakers, results.runs.len()), (Some(speakers), 2));
            for run in &results.runs {
                let Counts { expected: to_come, delivered, missed, duplicated, reordered, .. } = run.counts;
                assert_eq!((to_come, delivered, missed, duplicated, reordered), (expected, expected, 0, 0, 0));
                assert_eq!(run.fan_out.last.len(), 10, "each reached everybody who was to get it");
                assert_eq!(run.stream.lateness.as_ref().unwrap().len(), 10);
                assert!(run.counts.errors.is_empty(), "{:?}", run.counts.first_errors);
            }
        }
    }
}

#[test]
fn an_echo_that_is_not_as_the_dialect_says_is_told_in_words() {
    let silent = without_echo().replace("echo = false", "");
    let echoing = format!("echo = false\n{DIALECT}");
    for (dialect, counts, kind, words) in [
        (silent, (200, 190, 10), "NoEcho", "write `echo = false` in the dialect"),
        (echoing, (200, 200, 0), "Echo", "though the dialect says `echo = false`"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let options = "--rate 20 --publish client --speakers all --drain 1s";
        let ended = speaking(dir.path(), &dialect, &relay(), options).ended();
        let results = load(&dir.path().join("results")).unwrap();
        for Run { counts: Counts { expected, delivered, missed, errors, first_errors, .. }, .. } in &results.runs {
            assert_eq!((*expected, *delivered, *missed), counts, "{dialect}");
            assert_eq!(errors.get(kind), Some(&10));
            assert!(first_errors[kind].contains(words), "{first_errors:?}");
        }
        let summary = std::fs::read_to_string(dir.path().join("results/summary.md")).unwrap();
        assert!(summary.contains(words), "{ended:#?}{summary}");
    }
}

#[test]
fn a_client_to_which_nothing_comes_any_more_is_not_held_though_its_connection_is() {
    let dir = tempfile::tempdir().unwrap();
    // Of 20 clients, 0 and 10; after the warm-up's first updates.
    let options = "--rate 20 --publish feed --transports websocket --drain 1s";
    let ended = speaking(dir.path(), &without_echo(), &format!("{} 20", relay()), options).ended();
    let counts = &load(&dir.path().join("results")).unwrap().runs[0].counts;
    assert_eq!((counts.clients_ready, counts.clients_held, counts.delivered, counts.missed), (20, Some(18), 180, 20));
    assert!(ended.status == Some(3) && counts.errors.is_empty(), "{ended:#?}");
    let told = ended.stdout.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("up to 2 of 20 clients got neither the last update nor anything after it"), "{told}");
}

/// The dialect with these goodbyes.
fn with_goodbyes(websocket: &str, long_poll: &str) -> String {
    let dialect = DIALECT.replace("[long_poll]", &format!("goodbye = {websocket}\n[long_poll]"));
    dialect.replace("[publish]", &format!("goodbye = {long_poll}\n[publish]"))
}

#[test]
fn every_client_says_goodbye_once_before_its_connection_is_closed() {
    let dir = tempfile::tempdir().unwrap();
    let dialect = with_goodbyes("\"bye websocket {client}\"", "{ post = \"/pub\", body = \"bye long-poll {client}\" }");
    let ended = speaking(dir.path(), &dialect, &relay(), "--rate 20 --publish client --speakers all").ended();
    of_success(&dir.path().join("results"), &ended);
    let of = |transport: Transport| (0..20).map(move |client| format!("bye {transport} {client}"));
    let mut expected: Vec<_> = Transport::DEFAULT.into_iter().flat_map(of).collect();
    let said = std::fs::read_to_string(dir.path().join("goodbyes")).unwrap();
    let mut said: Vec<_> = said.lines().collect();
    said.sort_unstable();
    expected.sort_unstable();
    assert_eq!(said, expected);
}

#[test]
fn a_goodbye_that_is_refused_or_not_answered_is_told_and_ends_the_run_as_any() {
    for (target, times, words) in [
        ("/poll?after=x", 20, "closed by the server"),
        ("/poll?after=1000000", 1, "20 clients had not said goodbye after 5s"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let dialect = with_goodbyes("\"bye\"", &format!("{{ get = \"{target}\" }}"));
        speaking(dir.path(), &dialect, &relay(), "--rate 20 --publish feed --transports long-poll --workers 1").ended();
        let Counts { delivered, errors, first_errors, .. } =
            load(&dir.path().join("results")).unwrap().runs.remove(0).counts;
        assert_eq!((delivered, errors), (200, [("Goodbye".to_owned(), times)].into()), "{first_errors:?}");
        assert_eq!(first_errors["Goodbye"], words);
    }
}

#[test]
fn of_a_server_that_pushes_by_itself_gaps_and_spans_are_told_and_no_latency() {
    let dir = tempfile::tempdir().unwrap();
    let ticks = "i=0; while sleep 0.05; do i=$((i+1)); echo tick $i || exit; done";
    let command = format!("sh -c '({ticks}) | {}' {{host}} {{port}}", relay().replace("{host} {port}", "$0 $1"));
    let dialect = DIALECT.replace("[long_poll]", "[long_poll]\nseparator = \"\\n\"");
    let ended = speaking(dir.path(), &dialect, &command, "--publish none").ended();
    // A machine that is busy with other tests may void a point.
    assert!(matches!(ended.status, Some(0 | 3)), "{ended:#?}");
    for run in &load(&dir.path().join("results")).unwrap().runs {
        let (pushed, counts) = (run.pushed.as_ref().unwrap(), &run.counts);
        assert!(counts.delivered > 0 && counts.conserved(), "{counts:?}");
        assert_eq!((run.latency.len(), counts.clients_held, counts.missed), (0, Some(20), 0));
        // Each but its first is some time after another.
        assert_eq!(pushed.gaps.len(), counts.delivered - 20);
        // All differ. At the edges of the phase some came to some clients only.
        assert!(pushed.told_apart > 0 && pushed.different <= pushed.told_apart + 2, "{pushed:?}");
        assert_eq!((run.fan_out.span.len(), run.stream.updates), (pushed.told_apart, pushed.told_apart));
    }
    let told = ended.stdout.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(ended.message().contains("The server pushes by itself: at its own rate"), "{ended:#?}");
    assert!(told.contains("that the server pushed by itself") && told.contains("No latency is stated"), "{told}");
    // As of anything that there is not, and not as of what did not come in time.
    assert!(!told.contains("not reached"), "{told}");
}

#[test]
fn no_client_comes_before_the_server_says_that_it_is_ready() {
    let dir = tempfile::tempdir().unwrap();
    let options = "--rate 20 --publish feed --server-ready http://{host}:{port}/ready";
    let ended = run(dir.path(), &format!("{} warming", relay()), options);
    let results = of_success(&dir.path().join("results"), &ended);
    assert!(results.runs.iter().all(|run| run.counts.errors.is_empty()));
}

#[test]
fn a_feed_that_is_replayed_is_published_too() {
    let dir = tempfile::tempdir().unwrap();
    let line = |n| format!("{{\"at_us\":{},\"data\":{{\"n\":\"é{n}\"}}}}", n * 20_000);
    let feed: Vec<String> = (0..200).map(line).collect();
    std::fs::write(dir.path().join("feed.ndjson"), feed.join("\n")).unwrap();
    let ended = run(dir.path(), &relay(), "--replay feed.ndjson --publish feed --transports websocket");
    let results = of_success(&dir.path().join("results"), &ended);
    assert!(results.runs[0].counts.delivered > 0);
}

#[test]
fn nothing_is_left_of_it_however_the_generator_ends() {
    let dir = tempfile::tempdir().unwrap();
    // It and another descend from a shell that does not end by itself, nor when it is asked to.
    let command = format!(
        "sh -c 'trap \"\" TERM; sleep 1000 & {} & wait' {{host}} {{port}}",
        relay().replace("{host} {port}", "$0 $1")
    );
    for (signal, to) in [(Signal::KILL, None), (Signal::INT, None), (Signal::TERM, Some("guard"))] {
        std::fs::write(dir.path().join("mine.toml"), DIALECT).unwrap();
        let mut program = Command::new(env!("CARGO_BIN_EXE_loadgen"));
        program.args("run clients --clients 20 --measure 60s --dialect mine.toml --server-command".split(' '));
        let loadgen = Loadgen::spawn(dir.path(), {
            program.arg(&command);
            program
        });
        let there = |name| eventually(name, || loadgen.descendant(name));
        let all = ["relay", "sh", "sleep"].map(there);
        match to {
            None => loadgen.signal(signal),
            Some(word) => eventually(word, || loadgen.descendant_told(word)).signal(signal),
        }
        all.iter().for_each(Server::gone);
    }
}

#[test]
fn what_cannot_be_measured_is_refused_with_its_own_last_words() {
    for (command, options, status, reason) in [
        ("no-such-program {port}", "", 1, "`no-such-program` cannot be started: No such file"),
        (
            "sh -c 'echo no room >&2; exit 7' {port}",
            "",
            1,
            "the server ended by itself: exit status 7; its last lines: no room",
        ),
        ("sh -c 'kill -9 $$' {port}", "", 1, "the server ended by itself: signal 9; it said nothing"),
        ("relay", "", 2, "server-command `relay`: it does not say where to listen; write {port}"),
        ("relay '{port}", "", 2, "cannot be split into words"),
        ("", "", 2, "of which server? Name one that runs by --server, or what starts it by --server-command"),
        ("relay {port}", "--server http://127.0.0.1:1", 2, "either it is started, or it runs"),
        ("relay {port}", "--server-ready healthz", 2, "server-ready `healthz`: must be a path, as in /healthz"),
        ("", "--server-ready /x --server http://127.0.0.1:1", 2, "that one runs already, and is not waited for"),
        ("relay {port}", "--signal-rate 1", 2, "signal-rate beside --dialect"),
        ("relay {port}", "--disturb restart", 2, "does not take up the stream"),
        ("relay {port}", "--tls on", 2, "tls beside --dialect"),
        ("relay {port}", "--publish none --rate 5", 2, "--rate beside --publish none"),
        ("relay {port}", "--publish feed --speakers all", 2, "speakers beside --publish feed"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let ended = run(dir.path(), command, options);
        let said = ended.stderr.join("\n");
        assert!(ended.status == Some(status) && said.contains(reason), "{command} {options}: {ended:#?}");
    }
    let dir = tempfile::tempdir().unwrap();
    for (options, reason) in [
        ("--publish feed", "publish: that is for a server of others"),
        ("--server-ready /x", "server-ready: that is for a server of others"),
        ("--speakers all", "speakers: that is for a server of others"),
        (
            "--dialect sockjs --server http://127.0.0.1:1 --publish client",
            "does not say how a client says an update over websocket; add say",
        ),
        ("--dialect ws --server http://127.0.0.1:1 --publish feed", "has no stdin here"),
        ("--dialect sockjs --server http://127.0.0.1:1", "The dialect sockjs has neither [publish] nor say"),
        ("--dialect ws --server http://127.0.0.1:1 --transports long-poll", "the dialect ws speaks websocket"),
        ("--dialect nope --server http://127.0.0.1:1", "no dialect `nope`: built in are pushbench, faye, nchan"),
    ] {
        let ended = crate::program::loadgen(dir.path(), &format!("run {SHORT} {options}"));
        assert!(ended.status == Some(2) && ended.stderr.join("\n").contains(reason), "{options}: {ended:#?}");
    }
}

#[test]
fn an_update_that_is_refused_ends_the_run_with_the_servers_words() {
    let dir = tempfile::tempdir().unwrap();
    let dialect = DIALECT.replace("/pub", "/poll?after=x");
    let ended = speaking(dir.path(), &dialect, &relay(), "--rate 20").ended();
    assert!(ended.message().contains("update 1 could not be published by HTTP"), "{ended:#?}");
}

#[test]
fn a_message_without_a_stamp_is_shown() {
    let dir = tempfile::tempdir().unwrap();
    let dialect = DIALECT.replace("\nbody = \"{data}\"", "\nbody = \"hello\"\nheaders.x = \"{data}\"");
    let ended = speaking(dir.path(), &dialect, &relay(), "--rate 20 --publish http --drain 1s").ended();
    let mut said = ended.stdout.iter().chain(&ended.stderr);
    assert!(said.any(|line| line.contains("no stamp came back, but `hello`")), "{ended:#?}");
}
