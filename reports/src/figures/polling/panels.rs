//! The pictures of what updates met: which share met no parked poll, beside the prediction, and how long each kind took.

use crate::{
    compare::{Case, Measure, Slice, Sweep},
    figures::{
        draw::{Bar, Chart, Dot, Said, Scale, Series, Subject, Tone},
        figure::Panel,
        over_axis::{said, spread, words},
    },
    metrics::{
        Meeting,
        Metric::{self, MetMs, MetPercent, PredictedUnparkedPercent},
        Quantile::P50,
    },
    points::Contender,
    words::number,
};

/// One of the two pictures.
#[derive(Clone, Copy)]
enum Picture {
    Shares,
    Latencies,
}

/// Both for each slice, and for each arm of an A/A comparison.
pub(super) fn panels(sweep: &Sweep<'_>, contenders: &[Contender]) -> Vec<Panel> {
    let mut panels = Vec::new();
    for &contender in contenders {
        for slice in &sweep.slices {
            for picture in [Picture::Shares, Picture::Latencies] {
                let one = One { sweep, slice, contender, picture };
                let Some(mut chart) = (if slice.cases.len() > 1 { one.lines() } else { one.bars() }) else { continue };
                if !slice.title.is_empty() {
                    chart.title = format!("{}, at {}", chart.title, slice.title);
                }
                if contenders.len() > 1 {
                    chart.title = format!("{}: {}", contender.title(), chart.title);
                }
                let svg = chart.svg(&format!("polling-{}", panels.len() + 1));
                panels.push(Panel { title: chart.heading(), svg });
            }
        }
    }
    panels
}

/// A picture of one slice as one contender bore it.
struct One<'a> {
    sweep: &'a Sweep<'a>,
    slice: &'a Slice<'a>,
    contender: Contender,
    picture: Picture,
}

impl One<'_> {
    fn metric(&self, subject: Subject) -> Option<Metric> {
        match (self.picture, subject) {
            (Picture::Shares, Subject::Met(meeting)) => Some(MetPercent(meeting)),
            (Picture::Shares, Subject::Predicted) => Some(PredictedUnparkedPercent),
            (Picture::Latencies, Subject::Met(meeting)) => Some(MetMs(meeting, P50)),
            _ => None,
        }
    }

    fn measure(&self, case: &Case<'_>, subject: Subject) -> Option<Measure> {
        case.measure(self.contender, self.metric(subject)?)
    }

    /// Every value of these subjects, by load.
    fn values(&self, subjects: &[Subject]) -> Vec<(&Case<'_>, Subject, Measure)> {
        let of_case = |case| subjects.iter().filter_map(move |&met| Some((case, met, self.measure(case, met)?)));
        self.slice.cases.iter().copied().flat_map(of_case).collect()
    }

    fn chart(&self, title: &str, x: Scale, y: Scale, values: &[(&Case<'_>, Subject, Measure)]) -> Chart {
        let mut chart = Chart::new(title, x, y);
        let said = values.iter().map(|(case, subject, measure)| self.tip(case, *subject, *measure).to_string());
        chart.description = said.collect::<Vec<_>>().join("; ");
        chart
    }

    fn tip(&self, case: &Case<'_>, subject: Subject, measure: Measure) -> Said {
        let Some(metric) = self.metric(subject) else { return Said::default() };
        let of = format!("{}, {}", name(subject), self.sweep.name_of(&case.load));
        let said = said(of, measure, metric, &case.values(self.contender, metric));
        if subject == Subject::Predicted { Said { interval: String::new(), runs: String::new(), ..said } } else { said }
    }

    fn lines(&self) -> Option<Chart> {
        let (title, subjects): (_, &[Subject]) = match self.picture {
            // The rest met one. Its line would lie near 100% and press all others flat.
            Picture::Shares => ("updates that met no parked poll, %", &ALL[1..]),
            Picture::Latencies => ("p50 latency by what was met, ms", &ALL[..3]),
        };
        let values = self.values(subjects);
        if values.is_empty() {
            return None;
        }
        let x_of = |case: &Case<'_>| self.sweep.axis.of(&case.load).unwrap_or(0.0);
        let xs: Vec<f64> = self.slice.cases.iter().map(|case| x_of(case)).collect();
        let reached: Vec<f64> = values.iter().flat_map(|(_, _, measure)| [measure.min, measure.max]).collect();
        let y = match self.picture {
            Picture::Shares => Scale::from_zero(reached.iter().copied().fold(0.0, f64::max)),
            Picture::Latencies => Scale::fitting(&reached),
        };
        let mut chart = self.chart(title, Scale::at(self.sweep.axis.label(), &xs, true), y, &values);
        for &subject in subjects {
            let dot = |case: &&Case<'_>| {
                let measure = self.measure(case, subject)?;
                let tip = self.tip(case, subject, measure);
                Some(Dot { x: x_of(case), y: measure.value, spread: drawn_spread(subject, measure), tip })
            };
            // A line ends before what is void, and before what did not occur.
            let pieces = self.slice.cases.split(|case| dot(case).is_none());
            let pieces = pieces.map(|cases| cases.iter().filter_map(dot).collect::<Vec<_>>());
            let pieces = pieces.filter(|dots| !dots.is_empty());
            chart.series.extend(pieces.map(|dots| Series { subject, dots, marked: true }));
        }
        chart.words = self.slice.cases.iter().flat_map(|case| words(case, |_| x_of(case))).collect();
        chart.words.retain(|word| word.transport == self.contender.drawn_as());
        Some(chart)
    }

    fn bars(&self) -> Option<Chart> {
        let (title, under, subjects): (_, _, &[Subject]) = match self.picture {
            Picture::Shares => ("updates by what they met, %", "what an update met; predicted: no parked poll", &ALL),
            Picture::Latencies => ("p50 latency by what was met, ms", "what an update met", &ALL[..3]),
        };
        let values = self.values(subjects);
        let greatest = values.iter().map(|(_, _, measure)| measure.max).reduce(f64::max)?;
        let x = Scale::bands(under, &subjects.iter().map(|subject| band(*subject).to_owned()).collect::<Vec<_>>());
        let y = match self.picture {
            Picture::Shares => Scale::percent(),
            Picture::Latencies => Scale::from_zero(1.08 * greatest),
        };
        let mut chart = self.chart(title, x, y, &values);
        for (case, subject, measure) in &values {
            let place = subjects.iter().position(|known| known == subject).unwrap_or(0) as f64;
            chart.bars.push(Bar {
                subject: *subject,
                x: (place - 0.3, place + 0.3),
                parts: vec![(measure.value, if *subject == Subject::Predicted { Tone::Pale } else { Tone::Strong })],
                spread: drawn_spread(*subject, *measure),
                label: number(measure.value),
                tip: self.tip(case, *subject, *measure),
            });
        }
        Some(chart)
    }
}

/// What is drawn, the prediction last.
const ALL: [Subject; 4] =
    [Subject::Met(Meeting::Parked), Subject::Met(Meeting::Between), Subject::Met(Meeting::Rode), Subject::Predicted];

fn name(subject: Subject) -> &'static str {
    match subject {
        Subject::Met(meeting) => meeting.name(),
        _ => "predicted: no parked poll",
    }
}

/// As short as a bar is wide.
fn band(subject: Subject) -> &'static str {
    match subject {
        Subject::Met(Meeting::Parked) => "parked poll",
        Subject::Met(Meeting::Between) => "no poll",
        Subject::Met(Meeting::Rode) => "ride",
        _ => "predicted",
    }
}

/// A prediction has no repeats of its own to spread over.
fn drawn_spread(subject: Subject, measure: Measure) -> Option<(f64, f64)> {
    spread(measure).filter(|_| subject != Subject::Predicted)
}

#[cfg(test)]
mod tests {
    use protocol::Transport;

    use crate::{
        compare::Comparison,
        figures::{all, figure::Panel},
        fixture,
        read::Results,
    };

    const PREDICTION: &str = "stroke=\"#7b858f\" stroke-dasharray";

    fn panels(results: &Results) -> Vec<Panel> {
        let figures = all(results, &Comparison::of(results));
        figures.into_iter().find(|figure| figure.id == "polling").unwrap().panels
    }

    #[test]
    fn the_prediction_is_drawn_beside_the_shares_and_ends_before_a_void_point() {
        let clients = vec![10, 100, 1_000, 4_000];
        let mut results = fixture::Sweep { clients, ..fixture::Sweep::quick() }.results();
        let drawn = |results: &Results| {
            let panels = panels(results);
            assert_eq!(panels.len(), 2);
            assert!(!panels[1].svg.contains(PREDICTION), "it says nothing of latency");
            (panels[0].svg.matches(PREDICTION).count(), panels[0].svg.contains("void"))
        };
        assert_eq!(drawn(&results), (1, false));
        results.runs[3].generator.workers_cpu_ns[0] = 49_500_000_000;
        assert_eq!(drawn(&results), (2, true), "one point, then a line of two");
    }

    #[test]
    fn one_load_is_a_bar_a_kind() {
        let panels = panels(&fixture::Sweep { clients: vec![1_000], ..fixture::Sweep::quick() }.results());
        assert!(panels[0].svg.contains("parked poll") && panels[0].svg.contains("predicted"));
        assert!(!panels[0].svg.contains("<polygon"), "no markers");
    }

    #[test]
    fn the_arms_of_one_transport_have_panels_of_their_own() {
        let sweep = fixture::Sweep { transports: vec![Transport::LongPoll], ..fixture::Sweep::aa(3) };
        let titles: Vec<String> = panels(&sweep.results()).into_iter().map(|panel| panel.title).collect();
        assert_eq!(titles.len(), 4);
        assert!(titles[0].starts_with("long polling A: ") && titles[3].starts_with("long polling B: "), "{titles:?}");
    }
}
