//! The map: a transport over WebSocket by rate and round trip, and where the one begins to be worse.

mod grid;

use protocol::Transport;

use self::grid::{Cell, Grid};
use super::{
    draw::{Chart, Dot, Said, Scale, Series, Subject, Texture, Tile, class},
    figure::{Figure, Panel, Table},
    key::Key,
    over_axis::{contenders, each},
    question::Question,
    source::Source,
};
use crate::{
    compare::{Slice, Sweep, Verdict, interval},
    metrics::{
        Metric,
        Quantile::{P50, P90},
    },
    points::{Axis, Contender},
    words::{setting, times},
};

/// What is mapped. The sentence is of the first, and of the second where too few updates were due for that.
const MAPPED: [Metric; 4] =
    [Metric::LastMs(P90), Metric::LatencyMs(P50), Metric::CpuUsPerDelivery, Metric::BytesPerDelivery];

const READING: &str = "A cell is a transport’s figure over WebSocket’s at one rate and round trip through the link, all else alike: over 1 it takes \
    more. It is hatched where no difference is shown, and crossed where a point of it is void. The solid line runs \
    between cells where it is shown to be worse and cells where it is not; the dotted one is where an update is \
    due each round trip, on maps of long polling: to its right and above it, updates find no poll parked even if they come evenly. In the words above, as \
    good means that no difference to WebSocket’s disfavour is shown and the interval ends under 1.5×, of the last receiver’s p90, or of \
    the p50 where too few updates were due for that. Loopback is another path, \
    and not on the map.";

pub(super) fn figure(source: &Source<'_>) -> Figure {
    let cases = source.comparison.cases.iter().filter(|case| case.load.path.is_some());
    let cases: Vec<_> = cases.filter(|case| Axis::RateHz.of(&case.load).is_some()).collect();
    let sweep = Sweep::along(&[Axis::RateHz, Axis::RttMs], &cases);
    let (mut lead, mut panels, mut table) = (Vec::new(), Vec::new(), Table::default());
    for slice in &sweep.slices {
        let compared: Vec<Contender> =
            contenders(slice).into_iter().filter(|who| !who.is_baseline() && who.arm.is_none()).collect();
        for &who in &compared {
            if let Some(grid) = Grid::of(slice, who, &MAPPED[..2]) {
                let of = if slice.title.is_empty() { String::new() } else { format!("At {}: ", slice.title) };
                lead.push(of + &grid.sentence());
            }
            for (metric, grid) in MAPPED.iter().filter_map(|metric| Some((*metric, Grid::of(slice, who, &[*metric])?)))
            {
                let mut chart = chart(&grid, metric, slice);
                if compared.len() > 1 {
                    chart.title = format!("{}: {}", grid.who.title(), chart.title);
                }
                panels.push(Panel { svg: chart.svg(&format!("map-{}", panels.len() + 1)), title: chart.heading() });
                tabulate(&grid, &chart.title, &mut table);
            }
        }
    }
    Figure {
        id: "map",
        title: "Compared with WebSocket, by round trip and rate",
        question: Question::Decides,
        compares: MAPPED.to_vec(),
        idle: None,
        lead: lead.join(" "),
        caption: READING.to_owned(),
        key: Key::Ratios,
        panels,
        table,
    }
}

fn chart(grid: &Grid, metric: Metric, slice: &Slice<'_>) -> Chart {
    let named = |values: &[f64], unit: &str| -> Vec<String> {
        values.iter().map(|value| format!("{}{unit}", setting(*value))).collect()
    };
    let (rates, rtts) = (named(&grid.rates_hz, ""), named(&grid.rtts_ms, " ms"));
    let title = if slice.title.is_empty() { metric.name() } else { format!("{}: {}", metric.name(), slice.title) };
    let mut chart = Chart::new(&title, Scale::bands("updates/s", &rates), Scale::bands("", &rtts));
    for (row, cells) in grid.cells.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate().filter_map(|(column, cell)| Some((column, (*cell)?))) {
            let load = format!("{} updates/s, {} round trip", rates[column], rtts[row]);
            let (class, texture, label) = match cell {
                Cell::Is(ratio) if ratio.verdict() == Verdict::NoDifferenceShown => {
                    (Some(class(ratio.value())), Texture::Hatched, times(ratio.value()))
                }
                Cell::Is(ratio) => (Some(class(ratio.value())), Texture::Plain, times(ratio.value())),
                Cell::Void => (None, Texture::Crossed, "void".to_owned()),
                Cell::Unstated => (None, Texture::Plain, "–".to_owned()),
            };
            let tip = Said { of: load, runs: each(&grid.pairs[row][column]), ..said(cell) };
            chart.tiles.push(Tile { x: column as f64, y: row as f64, class, texture, label, tip });
        }
    }
    chart.description = chart.tiles.iter().map(|tile| tile.tip.to_string()).collect::<Vec<_>>().join("; ");
    let line = |subject, places: Vec<(f64, f64)>| {
        let dots = places.into_iter().map(|(x, y)| Dot { x, y, spread: None, tip: Said::default() }).collect();
        Series { subject, dots, marked: false }
    };
    // It is told of polls that park.
    if grid.who.transport == Transport::LongPoll {
        chart.series.push(line(Subject::Unity, grid.unity()));
    }
    chart.series.extend(grid.border().into_iter().map(|edge| line(Subject::Border, edge.to_vec())));
    chart
}

/// `2.81×`, `2.60–3.02`, `more`; or why there is none.
fn said(cell: Cell) -> Said {
    let word = |why: &str| Said { value: why.to_owned(), ..Said::default() };
    match cell {
        Cell::Is(ratio) => {
            let verdict = match ratio.verdict() {
                Verdict::More => "more",
                Verdict::Less => "less",
                Verdict::NoDifferenceShown => "no difference shown",
            };
            let (interval, note) = (interval(ratio).unwrap_or_default(), verdict.to_owned());
            Said { interval, note, ..word(&times(ratio.value())) }
        }
        Cell::Void => word("void"),
        Cell::Unstated => word("not stated"),
    }
}

/// The same as a table, the longest round trip first, as on the map.
fn tabulate(grid: &Grid, title: &str, table: &mut Table) {
    if table.head.is_empty() {
        table.head = ["compared with WebSocket", "round trip, ms"].map(str::to_owned).to_vec();
        table.head.extend(grid.rates_hz.iter().map(|rate_hz| format!("{} updates/s", setting(*rate_hz))));
    }
    for (rtt_ms, cells) in grid.rtts_ms.iter().zip(&grid.cells).rev() {
        let cells = cells.iter().map(|cell| cell.map_or_else(|| "not measured".to_owned(), |cell| said(cell).what()));
        table.rows.push([title.to_owned(), setting(*rtt_ms)].into_iter().chain(cells).collect());
    }
}

#[cfg(test)]
mod tests {
    use protocol::Transport;

    use super::{Figure, Source, figure};
    use crate::{
        compare::Comparison,
        fixture::{Sweep, synthetic, through},
        read::Results,
    };

    fn sweep(rates_hz: &[f64], rtts_ms: &[f64]) -> Results {
        let streams = rates_hz.iter().map(|rate_hz| synthetic(*rate_hz, 128)).collect();
        let paths = rtts_ms.iter().copied().map(through).chain([None]).collect();
        Sweep { streams, paths, clients: vec![100], ..Sweep::quick() }.results()
    }

    fn map(results: &Results) -> Option<Figure> {
        Some(figure(&Source::of(results, &Comparison::of(results)))).filter(Figure::shows)
    }

    #[test]
    fn what_is_worse_is_plain_what_is_not_hatched_and_what_is_void_crossed() {
        let mut results = sweep(&[5.0, 50.0], &[20.0, 180.0]);
        // Of 100 clients, through 180 ms.
        let last = results.runs.iter().rposition(|run| run.point.load.path == through(180.0)).unwrap();
        results.runs[last].link.as_mut().unwrap().dropped = 1;
        let map = map(&results).unwrap();
        assert_eq!((map.panels.len(), map.table.rows.len()), (4, 8), "four figures, two round trips");
        let svg = &map.panels[0].svg;
        assert!(svg.contains("\nvoid\n") && svg.contains("180 ms round trip: void"), "{svg}");
        assert!(svg.contains("\"#e88b33\"") || svg.contains("\"#f5b678\""), "{svg}");
        assert!(map.lead.starts_with("On this machine long polling is as good as WebSocket "), "{}", map.lead);
        assert!(map.table.rows[0][3] == "void" && map.table.rows[1][3].contains(", more"), "{:?}", map.table.rows);
    }

    #[test]
    fn each_who_is_compared_has_a_map_of_its_own() {
        let mut results = sweep(&[5.0, 50.0], &[20.0, 180.0]);
        let pushed: Vec<_> = results.runs.iter().filter(|run| run.point.transport == Transport::WebSocket).collect();
        let mut events: Vec<_> = pushed.into_iter().cloned().collect();
        events.iter_mut().for_each(|run| run.point.transport = Transport::Sse);
        events[0].counts.clients_ready -= 1;
        results.runs.extend(events);
        let map = map(&results).unwrap();
        let of = |who: &str| map.panels.iter().filter(|panel| panel.title.starts_with(who)).collect::<Vec<_>>();
        let (polled, events) = (of("long polling: "), of("server-sent events: "));
        assert_eq!((polled.len(), events.len()), (4, 4));
        assert!(polled.iter().all(|panel| !panel.svg.contains("\nvoid\n")), "what is void is void by itself");
        assert!(events.iter().all(|panel| panel.svg.contains("\nvoid\n")));
        assert!(map.lead.contains("On this machine server-sent events are as good as WebSocket"), "{}", map.lead);
    }

    #[test]
    fn a_map_has_two_axes_at_least_and_no_loopback() {
        assert!(map(&sweep(&[5.0, 50.0], &[20.0])).is_none(), "loopback is no round trip");
        assert!(map(&sweep(&[5.0], &[20.0, 180.0])).is_none());
        assert!(map(&Sweep::quick().results()).is_none());
    }
}
