//! `runs.csv`: one row a run, units in the names of columns, for spreadsheets and data frames.

use protocol::results::{Load, Path, Peer, Run, Stream, Trial};

use crate::{
    compare::{Comparison, PointStatus, Side},
    judge::capacity::Searched,
    metrics::{Metric, NAMED},
    read::Results,
};

/// A column: its name, and a run's value, empty where there is none.
type Column = (&'static str, fn(&Run) -> String);

/// What tells runs apart; the figures come after.
const COLUMNS: [Column; 23] = [
    ("index", |run| run.index.to_string()),
    ("repeat", |run| run.repeat.to_string()),
    ("transport", |run| run.point.transport.to_string()),
    ("clients", |run| run.point.load.clients.to_string()),
    ("rate_hz", |run| match &run.point.load.stream {
        Stream::Synthetic { rate_hz, .. } => rate_hz.to_string(),
        Stream::Replay { .. } | Stream::Pushed => String::new(),
    }),
    ("payload_bytes", |run| match &run.point.load.stream {
        Stream::Synthetic { payload_bytes, .. } => payload_bytes.to_string(),
        Stream::Replay { .. } | Stream::Pushed => String::new(),
    }),
    ("feed", |run| match &run.point.load.stream {
        Stream::Synthetic { .. } | Stream::Pushed => String::new(),
        Stream::Replay { feed, .. } => feed.clone(),
    }),
    ("speed", |run| match &run.point.load.stream {
        Stream::Synthetic { .. } | Stream::Pushed => String::new(),
        Stream::Replay { speed, .. } => speed.to_string(),
    }),
    ("engine", |run| run.point.load.engine.map(|engine| engine.to_string()).unwrap_or_default()),
    ("peer", |run| {
        let Load { peer, engine, .. } = &run.point.load;
        // Who does not say its engine may be any.
        peer.as_deref().or(engine.map(|_| Peer::OWN)).unwrap_or_default().to_owned()
    }),
    // Nothing over loopback; of a span, its middle.
    ("rtt_ms", |run| through(run, |path| path.rtt_ms.mean())),
    ("jitter_ms", |run| through(run, |path| path.jitter_ms)),
    ("loss_percent", |run| through(run, |path| path.loss_percent)),
    ("tls", |run| run.point.load.tls.to_string()),
    ("started_utc", |run| run.started_utc.clone()),
    ("failure", |run| run.failure.as_ref().map(|failure| failure.reason.clone()).unwrap_or_default()),
    ("measure_s", |run| run.phases.measure_s.to_string()),
    ("updates", |run| run.stream.updates.to_string()),
    ("expected", |run| run.counts.expected.to_string()),
    ("delivered", |run| run.counts.delivered.to_string()),
    ("clients_ready", |run| run.counts.clients_ready.to_string()),
    ("errors_by_kind", |run| {
        run.counts.errors.iter().map(|(kind, times)| format!("{kind}:{times}")).collect::<Vec<_>>().join(" ")
    }),
    ("link_dropped", |run| run.link.as_ref().map(|link| link.dropped.to_string()).unwrap_or_default()),
];

/// Every run as a row, failed and void ones marked as such, in full precision.
pub(crate) fn runs(results: &Results) -> String {
    let searched = Searched::of(results).and_then(Result::ok);
    // Trials are no repeats: whether one is void is said of it, and not of all at its load.
    let comparison = searched.is_none().then(|| Comparison::of(results));
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    let mut write = |fields: Vec<String>| {
        writer.write_record(fields).expect("memory takes every row, and all rows are of one length");
    };
    let names = COLUMNS.iter().map(|(name, _)| *name).chain(NAMED.iter().map(|named| named.column));
    let goals: Vec<String> = searched.iter().flat_map(Searched::goals).map(ToString::to_string).collect();
    let of_search = if searched.is_some() { &["process", "trial"][..] } else { &["void"] };
    write(names.chain(of_search.iter().copied()).map(str::to_owned).chain(goals).collect());
    for run in &results.runs {
        let last: Vec<String> = match (&searched, &comparison) {
            (Some(searched), _) => {
                let place =
                    |of: fn(&Trial) -> u32| run.trial.as_ref().map(|trial| of(trial).to_string()).unwrap_or_default();
                let places = [place(|trial| trial.process), place(|trial| trial.number)];
                places.into_iter().chain(searched.said_of(run)).collect()
            }
            (None, comparison) => vec![void(comparison.as_ref().and_then(|all| all.side_of(run))).to_owned()],
        };
        let figures = NAMED.iter().map(|named| value(named.metric, run));
        write(COLUMNS.iter().map(|(_, value)| value(run)).chain(figures).chain(last).collect());
    }
    let bytes = writer.into_inner().expect("memory needs no flushing");
    String::from_utf8(bytes).expect("every field is text")
}

/// Why the point's figures must not be used, if so. They are kept here: a reader of this file has been told.
fn void(side: Option<&Side<'_>>) -> &'static str {
    match side.map(Side::status) {
        Some(PointStatus::Void(why)) => why,
        _ => "",
    }
}

fn through(run: &Run, of: impl Fn(Path) -> f64) -> String {
    run.point.load.path.map(|path| of(path).to_string()).unwrap_or_default()
}

fn value(metric: Metric, run: &Run) -> String {
    metric.of_run(run).map(|value| value.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use protocol::{
        Engine,
        results::{FanOut, Polling, Traffic},
    };

    use super::*;
    use crate::fixture::{Searched, Sweep, fail};

    fn table(results: &Results) -> (Vec<String>, Vec<::csv::StringRecord>) {
        let text = runs(results);
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        let names = reader.headers().unwrap().iter().map(str::to_owned).collect();
        (names, reader.records().map(Result::unwrap).collect())
    }

    fn field<'r>(names: &[String], row: &'r ::csv::StringRecord, name: &str) -> &'r str {
        &row[names.iter().position(|known| known == name).unwrap()]
    }

    #[test]
    fn a_row_a_run_with_its_own_figures() {
        let results = Sweep::quick().results();
        let (names, rows) = table(&results);
        assert_eq!(rows.len(), results.runs.len());
        for (row, run) in rows.iter().zip(&results.runs) {
            assert_eq!(field(&names, row, "delivered"), run.counts.delivered.to_string());
            let p99_ms: f64 = field(&names, row, "latency_p99_ms").parse().unwrap();
            assert!((p99_ms * 1e6 - run.latency.value_at_quantile(0.99) as f64).abs() < 1.0);
        }
    }

    #[test]
    fn a_trial_says_where_it_stands_and_what_it_says_of_each_goal() {
        let results = Searched::small().results();
        let (names, rows) = table(&results);
        assert!(!names.contains(&"void".to_owned()), "repeats are void together, trials one by one");
        for (row, run) in rows.iter().zip(&results.runs) {
            let trial = run.trial.unwrap();
            let placed = ["process", "trial"].map(|name| field(&names, row, name).parse::<u32>().unwrap());
            assert_eq!(placed, [trial.process, trial.number]);
            let said = field(&names, row, "last.p99<=50ms");
            assert_eq!(said == "not judged", trial.number == 0, "{said}");
        }
        let of = |said: &str| rows.iter().filter(|row| field(&names, row, "last.p99<=50ms").starts_with(said)).count();
        assert!(of("good") > 6 && of("bad: ") > 6, "{} and {}", of("good"), of("bad: "));
    }

    #[test]
    fn a_server_is_named_and_how_it_was_published_to() {
        let mut results = Sweep { peers: vec!["nchan", "own"], clients: vec![10], ..Sweep::quick() }.results();
        results.runs[0].stream.acknowledged = Some(crate::fixture::histogram(vec![2_000_000; 1_000]));
        results.runs[0].generator.publisher_cpu_ns = Some(3_000 * results.runs[0].counts.delivered);
        results.runs[0].server.as_mut().unwrap().processes = vec!["nginx 1".to_owned(), "nginx 2".to_owned()];
        let (names, rows) = table(&results);
        let of = |row: usize| {
            let columns = [
                "peer",
                "engine",
                "publishing_p50_ms",
                "publishing_p99_ms",
                "server_processes",
                "publisher_cpu_us_per_delivery",
            ];
            columns.map(|name| field(&names, &rows[row], name))
        };
        assert_eq!(of(0)[..2], ["nchan", ""]);
        assert!(of(0)[2].starts_with("2.0") && of(0)[3].starts_with("2.0"), "{:?}", of(0));
        assert_eq!(of(0)[4..], ["2", "3"]);
        assert_eq!(of(2), ["own", "lean", "", "", "1", ""]);
    }

    #[test]
    fn an_engine_that_nobody_said_is_left_empty() {
        for (engine, expected) in [(Some(Engine::Stock), "stock"), (Some(Engine::Lean), "lean"), (None, "")] {
            let (names, rows) = table(&Sweep { engines: vec![engine], ..Sweep::quick() }.results());
            assert_eq!(field(&names, &rows[0], "engine"), expected);
        }
    }

    #[test]
    fn failures_and_voids_are_marked_and_escaped() {
        let mut results = Sweep::quick().results();
        fail(&mut results.runs[0], "connect", "refused, \"twice\"\nand again");
        results.runs[1].generator.workers_cpu_ns[0] = 49_500_000_000;
        let (names, rows) = table(&results);
        assert_eq!(field(&names, &rows[0], "failure"), "refused, \"twice\"\nand again");
        assert_eq!(field(&names, &rows[1], "void"), "generator saturated");
        assert_eq!(field(&names, &rows[2], "void"), "");
    }

    #[test]
    fn no_figure_is_written_for_nothing() {
        let mut results = Sweep::quick().results();
        // What a run leaves that has met a lull in the feed.
        let run = &mut results.runs[1];
        let nothing = || crate::fixture::histogram([]);
        (run.stream.updates, run.stream.lateness) = (0, Some(nothing()));
        (run.counts.expected, run.counts.delivered) = (0, 0);
        (run.latency, run.client_means) = (nothing(), nothing());
        run.fan_out = FanOut {
            first: nothing(),
            last: nothing(),
            span: nothing(),
            last_from_send: Some(nothing()),
            last_in_order_us: Vec::new(),
        };
        run.polling = Some(Polling { parked: nothing(), between: nothing(), rode: nothing() });
        run.traffic = Traffic::default();
        run.slices.iter_mut().for_each(|slice| slice.latency = nothing());
        let (names, rows) = table(&results);
        assert_eq!(field(&names, &rows[1], "void"), "nothing was measured");
        for (name, value) in names.iter().zip(&rows[1]) {
            let of_updates = ["latency", "deliver", "fan_out", "last_from", "_per_payload", "_per_server_write"];
            let others = ["jain", "clients_p99", "_percent", "lateness", "signal", "current"];
            let counted = ["delivered", "busiest_worker_percent", "stolen_percent"].contains(&name.as_str());
            let is_figure = of_updates.iter().chain(&others).any(|part| name.contains(part)) && !counted;
            assert!(!is_figure || value.is_empty(), "{name} is {value}");
        }
        for text in [crate::pages::terminal::summary_table(&results), crate::pages::markdown::summary(&results)] {
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(text.contains("no update was due in the measure phase (1 of 3 runs)"), "{text}");
            assert!(!text.contains(" 0.00 ") && !text.contains("NaN"), "{text}");
        }
    }

    #[test]
    fn what_was_not_observed_is_empty_not_zero() {
        let mut results = Sweep::quick().results();
        results.runs[0].server = None;
        let (names, rows) = table(&results);
        assert_eq!(field(&names, &rows[0], "server_cpu_us_per_delivery"), "");
    }
}
