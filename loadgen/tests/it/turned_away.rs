//! Clients that are refused: they come again, they are counted, and it is said why.

use std::{collections::BTreeMap, path::Path, sync::Mutex};

use protocol::results::Run;
use reports::{Results, Warning, load, warnings};

use crate::{
    front::{Reply, answer, before},
    program::{Ended, Loadgen, loadgen},
    sweep::SHORT,
    target::{ready, serve},
};

const FULL: &str = r#"{"error":"full","message":"full; ask for fewer"}"#;

/// Lets so many of each transport's first requests through after having turned away so many; `headers` go with a 503.
fn doors(turned_away: u32, let_in: u32, headers: &'static str) -> impl Fn(&str) -> Reply {
    let come = Mutex::new(BTreeMap::<String, u32>::new());
    move |request| {
        if request.contains("/healthz") {
            return Reply::Pass;
        }
        let path = request.split('?').next().unwrap().to_owned();
        let mut come = come.lock().unwrap();
        let number = come.entry(path).or_default();
        *number += 1;
        let is_let_in = *number > turned_away && *number <= turned_away.saturating_add(let_in);
        if is_let_in { Reply::Pass } else { answer(503, headers, FULL) }
    }
}

/// A run of both transports against a server behind doors.
fn measure(dir: &Path, doors: impl Fn(&str) -> Reply + Send + Sync + 'static, options: &str) -> (Ended, Results) {
    let (server, address) = serve(dir, "--rate 100");
    let front = before(address, doors);
    let ended = loadgen(dir, &format!("run {SHORT} --server http://{front} {options}"));
    drop(server);
    let results = load(&dir.join("results")).unwrap_or_else(|error| panic!("{error}: {ended:#?}"));
    (ended, results)
}

fn refusals(run: &Run) -> u64 {
    run.counts.errors.get("Status503").copied().unwrap_or(0)
}

#[test]
fn who_is_refused_comes_again_and_that_is_counted_by_status() {
    let dir = tempfile::tempdir().unwrap();
    let (ended, results) = measure(dir.path(), doors(5, u32::MAX, "retry-after: 0\r\n"), "");
    assert_eq!(results.runs.len(), 2, "{ended:#?}");
    for run in &results.runs {
        assert_eq!((&run.failure, run.counts.clients_ready, run.counts.missed), (&None, 20, 0));
        assert_eq!(run.counts.errors, [("Status503".to_owned(), 5)].into());
        assert_eq!(run.counts.first_errors["Status503"], "status 503: full; ask for fewer");
    }
    let said = ended.stdout.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains("5 errors of the kind `Status503`; the first error: status 503: full; ask for fewer."),
        "{said}"
    );
}

#[test]
fn a_few_may_stay_away_if_that_is_allowed_and_are_missed() {
    for (options, goes_on) in [("", false), ("--absent-max 19%", false), ("--absent-max 20%", true)] {
        let dir = tempfile::tempdir().unwrap();
        let (ended, results) = measure(dir.path(), doors(0, 16, "Retry-After: 3600\r\n"), options);
        assert_eq!(ended.status, Some(if goes_on { 3 } else { 1 }), "{options}: {ended:#?}");
        assert_eq!(results.runs.len(), 2, "the rest of the plan goes on");
        for run in &results.runs {
            let counts = &run.counts;
            if goes_on {
                assert_eq!((counts.clients_ready, refusals(run)), (16, 4), "who would come too late is not waited for");
                assert_eq!(counts.expected, 20 * run.stream.updates);
                assert_eq!((counts.delivered, counts.missed), (16 * run.stream.updates, 4 * run.stream.updates));
            } else {
                // It ends with the first too many, wherever the others are by then.
                let failure = run.failure.as_ref().expect("too few");
                let told = " of 20 clients could not connect: status 503: full; ask for fewer (";
                assert!(failure.phase == "connecting" && failure.reason.contains(told), "{failure:?}");
                assert!(ended.message().contains(told), "{}", ended.message());
            }
        }
        let absent = |warning: &&Warning| matches!(warning, Warning::Absent { absent: 4, clients: 20, .. });
        let voids = warnings(&results).iter().filter(absent).filter(|warning| warning.voids_point()).count();
        assert_eq!(voids, if goes_on { 2 } else { 0 });
    }
}

#[test]
fn who_is_told_to_come_back_too_late_does_not_wait_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let (ended, results) = measure(dir.path(), doors(u32::MAX, 0, "Retry-After: 3600\r\n"), "--absent-max 99%");
    assert_eq!(ended.status, Some(1), "{ended:#?}");
    for run in &results.runs {
        assert_eq!((run.counts.clients_ready, refusals(run)), (0, 20), "each asked once");
    }
}

#[test]
fn a_server_that_does_not_answer_is_not_taken_for_a_slow_one() {
    let dir = tempfile::tempdir().unwrap();
    let deaf = |request: &str| if request.contains("/healthz") { Reply::Pass } else { Reply::Hold };
    let (ended, results) = measure(dir.path(), deaf, "--connect-grace 100ms");
    assert_eq!((ended.status, results.runs.len()), (Some(1), 2), "{ended:#?}");
    for run in &results.runs {
        let reason = &run.failure.as_ref().expect("nobody was answered").reason;
        assert!(reason.starts_with("only 0 of 20 clients were ready in time; the server did not answer"), "{reason}");
    }
}

#[test]
fn an_update_that_cannot_be_read_is_shown() {
    let dir = tempfile::tempdir().unwrap();
    let nonsense = |request: &str| match request {
        _ if request.contains("/healthz") => Reply::Pass,
        _ if request.contains("after=") => answer(200, "", "tick 5\n"),
        _ => Reply::Say("HTTP/1.1 204 X\r\npushbench-cursor: 7\r\n\r\n".to_owned()),
    };
    let (ended, results) = measure(dir.path(), nonsense, "--transports long-poll --drain 100ms");
    assert_eq!(ended.status, Some(1), "{ended:#?}");
    let reason = &results.runs[0].failure.as_ref().expect("nothing was understood").reason;
    let beginning = "no update came before the measure phase: protocol error: not an update such as ";
    assert!(
        reason.starts_with(beginning) && reason.contains(": `tick 5` (") && reason.ends_with(" times)"),
        "{reason}"
    );
}

#[test]
fn a_server_without_descriptors_is_told_from_outside() {
    let dir = tempfile::tempdir().unwrap();
    let server = Loadgen::with_open_files(dir.path(), 64, "serve --listen 127.0.0.1:0 --rate 100");
    let crowd = SHORT.replace("--clients 20", "--clients 100");
    let ended = loadgen(dir.path(), &format!("run {crowd} --server http://{}", ready(&server)));
    assert_eq!(ended.status, Some(1), "{ended:#?}");
    for run in &load(&dir.path().join("results")).unwrap().runs {
        let reason = &run.failure.as_ref().expect("too few").reason;
        let (ready, open) =
            (format!("only {} of 100 clients were ready", run.counts.clients_ready), " of 64 file descriptors open");
        assert!(reason.starts_with(&ready) && reason.contains(open) && reason.contains("ulimit -n"), "{reason}");
    }
}

#[test]
fn without_its_server_the_rest_of_the_plan_is_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let (server, address) = serve(dir.path(), "--rate 100");
    let plan = SHORT.replace("--repeats 1", "--repeats 3 --connect-grace 1s");
    let sweep = Loadgen::start(dir.path(), &format!("run {plan} --server http://{address}"));
    sweep.stderr_line("  1/6  ");
    drop(server);
    let ended = sweep.ended();
    assert_eq!(ended.status, Some(1), "{ended:#?}");
    let left_out = "The server of --server is gone: the rest of the plan is left out.";
    assert!(ended.message().contains(left_out), "{}", ended.message());
    let runs = load(&dir.path().join("results")).unwrap().runs;
    assert!(runs.len() < 6 && runs.last().unwrap().failure.is_some(), "{runs:#?}");
}
