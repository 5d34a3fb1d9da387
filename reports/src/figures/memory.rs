//! The server’s memory with every client connected and idle, its own and the kernel’s, and what one more client costs.

use super::{
    figure::Figure,
    key::Key,
    over_axis::{self, Scales},
    question::Question,
    source::Source,
};
use crate::{
    compare::{Fit, Slice},
    metrics::Metric,
    points::{Axis, Contender},
    words::number,
};

const SHOWN: [Metric; 2] = [Metric::UserMib, Metric::KernelMib];
const LISTED: [Metric; 9] = [
    Metric::UserMib,
    Metric::BusyUserMib,
    Metric::DrainedUserMib,
    Metric::KernelMib,
    Metric::UserKibPerClient,
    Metric::InUseKibPerClient,
    Metric::KernelKibPerClient,
    Metric::RetainedKibPerClient,
    Metric::Processes,
];
const KIB_PER_MIB: f64 = 1024.0;

pub(super) fn figure(source: &Source<'_>) -> Figure {
    let mut caption = source.caption(
        "Every client connected, no update yet: the server’s own memory, and the kernel’s for its sockets, which no \
         process is charged for.",
        Metric::UserKibPerClient,
    );
    caption += &slopes(source);
    let allocator = source.allocator;
    caption.extend([
        " What the server keeps once all clients have gone is in the table. Its own memory is as its allocator, ",
        allocator,
        ", would have it; another may hold much more or less. What that allocator has handed out is in the table as in \
         use: more than the server’s memory where pages were handed out and never touched, less where freed memory is \
         kept for later.",
    ]);
    Figure {
        id: "memory",
        title: "Memory",
        question: Question::Memory,
        compares: vec![Metric::UserKibPerClient, Metric::KernelKibPerClient],
        idle: None,
        lead: String::new(),
        caption,
        key: Key::Contenders,
        panels: over_axis::lines(&source.sweep, &SHOWN, Scales::Linear, "memory"),
        table: source.table(&LISTED),
    }
}

/// What one more client costs each transport, where the number of clients varies.
fn slopes(source: &Source<'_>) -> String {
    if source.sweep.axis != Axis::Clients {
        return String::new();
    }
    let slices = &source.sweep.slices;
    let said: Vec<String> = if source.sweep.varied.contains(&Axis::Peer) {
        slices.iter().filter_map(|slice| slope(source, slice, &slice.title)).collect()
    } else {
        // Connections are idle, so the slices differ in nothing that matters here; the last is the one most asked for.
        slices.last().and_then(|slice| slope(source, slice, "the server")).into_iter().collect()
    };
    if said.is_empty() {
        return String::new();
    }
    format!(" By a straight line through all runs (95% interval), one more client costs {}.", said.join("; "))
}

/// `the server 8 KiB of its own and 5 KiB of the kernel’s over WebSocket`
fn slope(source: &Source<'_>, slice: &Slice<'_>, server: &str) -> Option<String> {
    let of = |contender: Contender| {
        let [user, kernel] = SHOWN.map(|mib| kib_per_client(slice, contender, mib));
        Some(format!("{} KiB of its own and {} KiB of the kernel’s over {}", user?, kernel?, contender.title()))
    };
    let said: Vec<String> = source.comparison.contenders().into_iter().filter_map(of).collect();
    (!said.is_empty()).then(|| format!("{server} {}", said.join(", ")))
}

fn kib_per_client(slice: &Slice<'_>, contender: Contender, mib: Metric) -> Option<String> {
    let sides =
        slice.cases.iter().filter_map(|case| Some((case, case.sides.get(&contender).filter(|side| side.is_valid())?)));
    let points: Vec<(Vec<f64>, f64)> = sides
        .flat_map(|(case, side)| {
            side.runs()
                .iter()
                .filter_map(|run| Some((vec![1.0, f64::from(case.load.clients)], KIB_PER_MIB * mib.of_run(run)?)))
        })
        .collect();
    let line = Fit::through(&points)?;
    let interval =
        line.interval(1).map(|(low, high)| format!(" ({}–{})", number(low), number(high))).unwrap_or_default();
    Some(format!("{}{interval}", number(line.coefficients[1])))
}
