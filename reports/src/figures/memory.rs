//! The server’s memory with every client connected and idle, its own and the kernel’s, and what one more client costs.

use super::{
    Figure, Source,
    over_axis::{self, Scales},
};
use crate::{
    compare::{Axis, Contender, Metric, Slice, slope},
    numbers::number,
};

const SHOWN: [Metric; 2] = [Metric::UserMib, Metric::KernelMib];
const LISTED: [Metric; 6] = [
    Metric::UserMib,
    Metric::BusyUserMib,
    Metric::DrainedUserMib,
    Metric::KernelMib,
    Metric::UserKibPerClient,
    Metric::KernelKibPerClient,
];
const KIB_PER_MIB: f64 = 1024.0;

pub(super) fn figure(source: &Source<'_>) -> Figure {
    let mut caption = source.caption(
        "Every client connected, no update yet: the server’s own memory, and the kernel’s for its sockets, which no \
         process is charged for.",
        Metric::UserKibPerClient,
    );
    caption += &slopes(source);
    Figure {
        id: "memory",
        title: "Memory",
        caption,
        panels: over_axis::lines(&source.sweep, &SHOWN, Scales::Linear, "memory"),
        table: source.table(&LISTED),
    }
}

/// What one more client costs each transport, where the number of clients varies.
fn slopes(source: &Source<'_>) -> String {
    if source.sweep.axis != Axis::Clients {
        return String::new();
    }
    // Connections are idle, so the slices differ in nothing that matters here; the last is the one most asked for.
    let Some(slice) = source.sweep.slices.last() else { return String::new() };
    let said: Vec<String> = source
        .comparison
        .contenders()
        .into_iter()
        .filter_map(|contender| {
            let (user, kernel) =
                (kib_per_client(slice, contender, SHOWN[0])?, kib_per_client(slice, contender, SHOWN[1])?);
            Some(format!("{} KiB of its own and {} KiB of the kernel’s over {}", user, kernel, contender.title()))
        })
        .collect();
    if said.is_empty() { String::new() } else { format!(" One more client costs the server {}.", said.join(", ")) }
}

fn kib_per_client(slice: &Slice<'_>, contender: Contender, mib: Metric) -> Option<String> {
    let sides =
        slice.cases.iter().filter_map(|case| Some((case, case.sides.get(&contender).filter(|side| side.is_valid())?)));
    let points: Vec<(f64, f64)> = sides
        .flat_map(|(case, side)| {
            side.runs().iter().filter_map(|run| Some((f64::from(case.load.clients), KIB_PER_MIB * mib.of_run(run)?)))
        })
        .collect();
    slope(&points).map(|line| number(line.per_x))
}
