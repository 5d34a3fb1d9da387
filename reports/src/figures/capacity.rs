//! What a search tried, load by load: how late, how many too late, and what a delivery took.

use protocol::{Transport, results::Run};

use super::{
    draw::{Band, Chart, Dot, Said, Scale, Series, Subject},
    figure::{Figure, Panel, Table},
    key::Key,
    question::Question,
};
use crate::{
    judge::capacity::{Bearer, Goal, Group, Searched, late},
    metrics::{Metric, Quantile},
    words::number,
};

/// A figure read off a trial.
type Value<'v> = &'v dyn Fn(&Run) -> Option<f64>;

/// Every figure of a search that has something to show.
pub(crate) fn of_search(searched: &Searched<'_>) -> Vec<Figure> {
    [latency(searched), shares(searched), coalescing(searched)].into_iter().filter(Figure::shows).collect()
}

fn latency(searched: &Searched<'_>) -> Figure {
    let first = &searched.goals()[0];
    let mut panels = Panels::of(searched, "capacity-latency");
    for group in searched.groups() {
        for metric in [Metric::LatencyMs(Quantile::P50), Metric::LastMs(first.quantile())] {
            let limits: Vec<f64> = match metric {
                Metric::LastMs(_) => searched
                    .goals()
                    .iter()
                    .filter(|goal| goal.quantile() == first.quantile())
                    .map(Goal::limit_ms)
                    .collect(),
                _ => Vec::new(),
            };
            panels.add(&group, &metric.heading(), metric.unit(), &|run| metric.of_run(run), 0, Scale::fitting, &limits);
        }
    }
    figure(
        "latency",
        "Latency against load",
        format!(
            "Every mark is a trial; the first at its load is left out, as are void ones and, where a client lacks an update, figures of all clients. \
             For the goal {first} a band reaches from the smallest last success of any server process to the largest first \
             failure. Dotted lines are goals."
        ),
        panels,
    )
}

fn shares(searched: &Searched<'_>) -> Figure {
    let mut panels = Panels::of(searched, "capacity-late");
    for group in searched.groups() {
        for (place, goal) in searched.goals().iter().enumerate() {
            let share = |run: &Run| {
                let updates = run.stream.updates as f64;
                (updates > 0.0).then(|| 100.0 * late(run, goal) as f64 / updates)
            };
            let title = format!("updates later than {}, %", goal.limit());
            panels.add(&group, &title, "%", &share, place, |_| Scale::percent(), &[]);
        }
    }
    figure(
        "late",
        "Share of updates that came too late",
        "An update is late if its last receiver had it later than the goal, or never. A band is the bracket of the goal that a \
         picture is of."
            .to_owned(),
        panels,
    )
}

fn coalescing(searched: &Searched<'_>) -> Figure {
    let mut panels = Panels::of(searched, "capacity-cost");
    for group in searched.groups() {
        for metric in [Metric::UpdatesPerWrite, Metric::CpuUsPerDelivery] {
            panels.add(&group, &metric.heading(), metric.unit(), &|run| metric.of_run(run), 0, from_zero, &[]);
        }
    }
    figure(
        "cost",
        "Updates in a write, and CPU per delivery",
        "Whoever is behind hands out several updates at once, which makes each cheaper: so what is delivered a second does not \
         rise as the cost of a delivery at rest would have it."
            .to_owned(),
        panels,
    )
}

fn from_zero(values: &[f64]) -> Scale {
    Scale::from_zero(values.iter().copied().fold(0.0, f64::max))
}

fn figure(id: &'static str, title: &'static str, caption: String, panels: Panels<'_, '_>) -> Figure {
    Figure {
        id,
        title,
        question: Question::Late,
        compares: Vec::new(),
        idle: None,
        lead: String::new(),
        caption,
        key: Key::Contenders,
        panels: panels.made,
        table: Table::default(),
    }
}

/// Loads are steps of a share apart; where they are close together round values are too few to mark.
fn along(label: &str, loads: &[f64], least: f64, most: f64) -> Scale {
    const FAR: f64 = 10.0;
    if most / least >= FAR {
        return Scale::log(least, most).labelled(label);
    }
    let mut loads = loads.to_vec();
    loads.sort_by(f64::total_cmp);
    loads.dedup();
    Scale::at(label, &loads, false)
}

struct Panels<'s, 'r> {
    searched: &'s Searched<'r>,
    id: &'static str,
    made: Vec<Panel>,
}

impl<'s, 'r> Panels<'s, 'r> {
    fn of(searched: &'s Searched<'r>, id: &'static str) -> Self {
        Self { searched, id, made: Vec::new() }
    }

    /// A picture of a group's trials; none where no trial has a value.
    #[expect(
        clippy::too_many_arguments,
        reason = "a picture is all of these, and each differs from picture to picture"
    )]
    fn add(
        &mut self,
        group: &Group<'_, '_>,
        title: &str,
        unit: &str,
        value: Value<'_>,
        goal: usize,
        y: fn(&[f64]) -> Scale,
        limits: &[f64],
    ) {
        let axis = self.searched.axis();
        let x_of = |run: &Run| axis.of(&run.point.load);
        let mut marks: Vec<(Transport, f64, f64)> = Vec::new();
        for bearer in &group.bearers {
            let trials = bearer.trials.iter().filter(|made| made.counts()).map(|made| made.run);
            marks.extend(trials.filter_map(|run| Some((run.point.transport, x_of(run)?, value(run)?))));
        }
        let all = |of: fn(&(Transport, f64, f64)) -> f64| marks.iter().map(of).collect::<Vec<f64>>();
        let (xs, ys) = (all(|mark| mark.1), all(|mark| mark.2));
        let (Some(least), Some(most)) = (xs.iter().copied().reduce(f64::min), xs.iter().copied().reduce(f64::max))
        else {
            return;
        };
        let x = along(axis.label(), &xs, least, most);
        let (left, right) = (x.low(), x.high());
        let mut chart = Chart::new(
            &if group.name.is_empty() { title.to_owned() } else { format!("{title}: {}", group.name) },
            x,
            y(&[ys, limits.to_vec()].concat()),
        );
        chart.bands = group.bearers.iter().filter_map(|bearer| Self::band(bearer, goal)).collect();
        chart.series = limits
            .iter()
            .map(|limit| Series {
                subject: Subject::Unity,
                dots: [left, right].map(|x| Dot { x, y: *limit, spread: None, tip: Said::default() }).into(),
                marked: false,
            })
            .collect();
        chart.description = self.described(group, goal);
        for (transport, x, y) in marks {
            let tip = Said {
                of: format!("{}, {}", transport.title(), self.searched.load_in_words(x)),
                value: format!("{} {unit}", number(y)).trim_end().to_owned(),
                ..Said::default()
            };
            // By itself: trials are no line.
            chart.series.push(Series {
                subject: transport.into(),
                dots: vec![Dot { x, y, spread: None, tip }],
                marked: true,
            });
        }
        let svg = chart.svg(&format!("{}-{}", self.id, self.made.len() + 1));
        self.made.push(Panel { title: chart.heading(), svg });
    }

    fn band(bearer: &Bearer<'_>, goal: usize) -> Option<Band> {
        let (from, to) = bearer.band(goal)?;
        Some(Band { subject: bearer.first().point.transport.into(), from, to })
    }

    fn described(&self, group: &Group<'_, '_>, goal: usize) -> String {
        let said = |bearer: &&Bearer<'_>| {
            format!(
                "{}: {} trials, carries {}",
                bearer.title(),
                bearer.trials.len(),
                bearer.carries(goal).said(self.searched.unit())
            )
        };
        group.bearers.iter().map(said).collect::<Vec<_>>().join("; ")
    }
}
