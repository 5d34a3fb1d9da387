//! How clients came back after all of them had lost their connections.

use hdrhistogram::Histogram;
use protocol::results::Disturbance;

use super::{
    draw::{Chart, Dot, Said, Scale, Series},
    figure::{Figure, Panel, Table},
    key::Key,
    over_axis,
    question::Question,
    source::Source,
};
use crate::{
    compare::{Case, Side},
    judge::takeaway::takeaway,
    metrics::{
        Metric::{self, ConnectedMs, CurrentMs, FailuresPerClient, ReconnectsPerS, StormCpuUsPerClient, StormPeakMib},
        Share::{All, Half, Most},
    },
};

const LISTED: [Metric; 9] = [
    CurrentMs(Half),
    CurrentMs(Most),
    CurrentMs(All),
    ConnectedMs(Half),
    ConnectedMs(All),
    ReconnectsPerS,
    StormCpuUsPerClient,
    StormPeakMib,
    FailuresPerClient,
];

/// So many loads have a panel, the heaviest.
const PANELS_MAX: usize = 4;
/// Points of a line.
const STEPS: u32 = 100;
const NS_PER_S: f64 = 1e9;

pub(super) fn figure(source: &Source<'_>) -> Figure {
    let heaviest = source.comparison.heaviest_first();
    let disturbed = heaviest.iter().find_map(|case| {
        let mut runs = case.sides.values().flat_map(Side::runs);
        runs.find_map(|run| run.recovery.as_ref()).map(|recovery| (*case, recovery.disturbance))
    });
    let Some((case, disturbance)) = disturbed else { return empty() };
    let what = match disturbance {
        Disturbance::Drop => "Every client dropped its connection at once.",
        Disturbance::Restart => "The server was killed and started again, its stream going on as if nothing had been.",
        Disturbance::Outage => "The network took every packet away for a while; time counts from its end.",
    };
    let back = match disturbance {
        Disturbance::Drop | Disturbance::Restart => {
            "Clients come back after a random pause of up to 100 ms, doubled with every try in vain, and go on from where they stood."
        }
        Disturbance::Outage => "No connection was lost: TCP sends again what was, after pauses that doubled meanwhile.",
    };
    let mut caption = format!(
        "{what} Each line says which share of the clients was current again by then: had everything that was due. {back} \
         The storm ends for the CPU when all are current, to within an update’s gap and 0.14 s."
    );
    let said = takeaway(case, CurrentMs(All));
    caption.extend(said.map(|said| format!(" {said}")));
    let panels = heaviest.iter().take(PANELS_MAX).enumerate().filter_map(|(index, case)| panel(source, case, index));
    Figure { caption, panels: panels.collect(), table: source.values(&LISTED), ..empty() }
}

fn empty() -> Figure {
    let (id, title, caption) = ("recovery", "Coming back", String::new());
    Figure {
        id,
        title,
        question: Question::Breaks,
        compares: vec![CurrentMs(All)],
        idle: None,
        lead: String::new(),
        caption,
        key: Key::Contenders,
        panels: Vec::new(),
        table: Table::default(),
    }
}

fn panel(source: &Source<'_>, case: &Case<'_>, index: usize) -> Option<Panel> {
    let came_back: Vec<_> = (case.sides.iter())
        .filter_map(|(contender, side)| {
            let clients: u64 = side.runs().iter().map(|run| u64::from(run.point.load.clients)).sum();
            Some((*contender, side.pooled(|run| Some(&run.recovery.as_ref()?.current))?, clients))
        })
        .collect();
    let last_ns = came_back.iter().map(|(_, current, _)| current.max()).max()?;
    let x = Scale::seconds("seconds since they lost their connections", 0.0, last_ns as f64 / NS_PER_S);
    let mut chart =
        Chart::new(&format!("clients current again, %, at {}", source.sweep.name_of(&case.load)), x, Scale::percent());
    for (contender, current, clients) in came_back {
        let dots = dots(&current, clients, last_ns);
        chart.series.push(Series { subject: contender.drawn_as().into(), dots, marked: false });
    }
    chart.words = over_axis::words(case, |_| 0.0);
    let svg = chart.svg(&format!("recovery-{}", index + 1));
    Some(Panel { title: chart.heading(), svg })
}

fn dots(current: &Histogram<u64>, clients: u64, last_ns: u64) -> Vec<Dot> {
    let at = |step: u32| (last_ns as f64 * f64::from(step) / f64::from(STEPS)).ceil() as u64;
    let share = |at_ns: u64| 100.0 * current.count_between(0, at_ns) as f64 / clients as f64;
    (0..=STEPS)
        .map(|step| Dot { x: at(step) as f64 / NS_PER_S, y: share(at(step)), spread: None, tip: Said::default() })
        .collect()
}
