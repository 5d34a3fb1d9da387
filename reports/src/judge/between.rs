//! Two results against each other: before and after a change, on one machine.

use std::fmt;

use crate::{
    compare::{COMPARED, Case, Comparison, PointStatus, Ratio, Side, Sweep, Verdict, interval},
    metrics::Metric,
    points::Contender,
    read::{Results, Unlike},
    table::{Cell, Row, comparison_table, wrapped},
    words::{count, number, times},
};

/// What stands under the table.
pub(crate) const LEGEND: &str = "“Last receiver’s p90”: nine of ten updates had reached every client within this time. A ratio is \
    head’s geometric mean over the repeats to base’s, under it its 99% confidence interval (Welch’s t on logarithms), 95% for the five metrics of a point together. A difference is claimed if that leaves out 1, and \
    it is over 5%. “None >12%”: no difference is shown, and with repeats so few and so varied only one over 12% \
    could have been. “–” for a ratio: a repeat’s value was nought, or the percentile is not stated: fewer than ten updates lie \
    beyond it, or more was lost.";

/// Every point that both folders hold, head's value over base's. Its `Display` is for a terminal.
#[derive(Debug, Clone)]
pub struct Between {
    pub(crate) title: String,
    /// What differs between the two, if they were compared all the same.
    pub forced: Option<Unlike>,
    /// Point by point and metric by metric; void points are not among them.
    pub changes: Vec<Change>,
    pub(crate) rows: Vec<Row>,
    /// Points that only one of them has.
    unmatched: usize,
}

/// One metric of one point.
#[derive(Debug, Clone)]
pub struct Change {
    /// The load, by what tells it from others.
    pub load: String,
    /// Whose.
    pub contender: Contender,
    /// Of what. More of any is worse.
    pub metric: Metric,
    /// Base's value, and head's.
    pub values: (f64, f64),
    /// Head's over base's.
    pub ratio: Ratio,
}

/// Compares two folders of equal machine and scenario. Unlike ones are refused with what differs, unless `forced`: the
/// comparison is then marked as such.
pub fn between(base: &Results, head: &Results, forced: bool) -> Result<Between, Unlike> {
    let unlike = Unlike::between(&base.manifest, &head.manifest);
    let forced = match unlike {
        Some(unlike) if !forced || unlike.is_of_search() => return Err(unlike),
        unlike => unlike,
    };
    let title = format!("head {} : base {}", named(head), named(base));
    let mut between = Between { title, forced, changes: Vec::new(), rows: Vec::new(), unmatched: 0 };
    let (before, after) = (Comparison::of(base), Comparison::of(head));
    let sweep = Sweep::of(&after);
    for case in &after.cases {
        if let Some(known) = before.cases.iter().find(|known| known.load == case.load) {
            between.add(&sweep.name_of(&case.load), known, case);
        }
    }
    let points = |comparison: &Comparison<'_>| comparison.cases.iter().map(|case| case.sides.len()).sum::<usize>();
    between.unmatched = points(&before) + points(&after) - 2 * between.rows.len();
    Ok(between)
}

/// `quick of 2026-01-01T12:00:00 (0123456)`, whichever folder or page it lies in.
fn named(Results { manifest, .. }: &Results) -> String {
    let started = manifest.started_utc.split(['.', 'Z']).next().unwrap_or_default();
    let revision = manifest.git_revision.iter().flat_map(|revision| revision.chars().take(7));
    let revision: String = revision.collect();
    let name = &manifest.scenario.name;
    if revision.is_empty() { format!("{name} of {started}") } else { format!("{name} of {started} ({revision})") }
}

impl Between {
    fn add(&mut self, name: &str, base: &Case<'_>, head: &Case<'_>) {
        let mut load = name.to_owned();
        for (&contender, after) in &head.sides {
            let Some(before) = base.sides.get(&contender) else { continue };
            let changes = COMPARED.map(|metric| change(name, contender, metric, before, after));
            self.changes.extend(changes.iter().flatten().cloned());
            let void = unfit(before, "base").or_else(|| unfit(after, "head"));
            let cell = |metric: Metric, change: Option<Change>| match &void {
                Some(word) => Cell::word(word),
                None => Cell::ratio(change.map(|change| change.ratio), metric),
            };
            self.rows.push(Row {
                load: std::mem::take(&mut load),
                who: contender.title(),
                is_ratio: void.is_none(),
                cells: COMPARED.iter().zip(changes).map(|(metric, change)| cell(*metric, change)).collect(),
                missed: void.map_or_else(
                    || format!("{} : {}", count(after.missed()), count(before.missed())),
                    |_| String::new(),
                ),
            });
        }
    }

    /// The metrics that are worse in head.
    pub fn regressions(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.ratio.verdict() == Verdict::More)
    }

    /// What is worse in head, in words.
    pub(crate) fn worse(&self) -> Vec<String> {
        self.regressions().map(Change::to_string).collect()
    }

    /// What is better in head, in words.
    pub(crate) fn better(&self) -> Vec<String> {
        self.improvements().map(Change::to_string).collect()
    }

    fn improvements(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.ratio.verdict() == Verdict::Less)
    }

    /// How many metrics changed, and which way.
    pub(crate) fn headline(&self) -> String {
        let (worse, better, all) = (self.regressions().count(), self.improvements().count(), self.changes.len());
        format!("Of {all} metrics {worse} are worse and {better} better in head; of the others no difference is shown.")
    }

    /// The comparison as plain text of at most 100 columns.
    pub fn table(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Between {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(unlike) = &self.forced {
            writeln!(f, "FORCED: what follows need not be the change's doing, for the two are not alike.")?;
            for difference in &unlike.differences {
                writeln!(f, "  {difference}")?;
            }
        }
        writeln!(f, "{}", self.title)?;
        if self.rows.is_empty() {
            return writeln!(f, "They have no point in common.");
        }
        write!(f, "{}{}", comparison_table(&self.rows), wrapped(LEGEND))?;
        if self.unmatched > 0 {
            writeln!(f, "Points that only one of the two has, and so not compared: {}.", self.unmatched)?;
        }
        write!(f, "{}", wrapped(&self.headline()))?;
        for (word, changes) in [("worse", self.worse()), ("better", self.better())] {
            for change in changes {
                write!(f, "{}", wrapped(&format!("- {word}: {change}")))?;
            }
        }
        Ok(())
    }
}

fn change(load: &str, contender: Contender, metric: Metric, base: &Side<'_>, head: &Side<'_>) -> Option<Change> {
    let ratio = Ratio::unpaired(&head.values(metric)?, &base.values(metric)?)?;
    let values = (base.measure(metric)?.value, head.measure(metric)?.value);
    Some(Change { load: load.to_owned(), contender, metric, values, ratio })
}

impl fmt::Display for Change {
    /// `server CPU per delivery, long polling, 100 clients: 9.39 to 14.1 µs, 1.50× (1.45–1.55)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { load, contender, metric, values: (base, head), ratio } = self;
        write!(f, "{}, {}, {load}: ", metric.name(), contender.title())?;
        write!(f, "{} to {} {}, {}", number(*base), number(*head), metric.unit(), times(ratio.value()))?;
        interval(*ratio).map_or(Ok(()), |interval| write!(f, " ({interval})"))
    }
}

/// Why a side is not compared, if so.
pub(crate) fn unfit(side: &Side<'_>, which: &str) -> Option<String> {
    match side.status() {
        PointStatus::Valid => None,
        PointStatus::Void(_) => Some(format!("{which} void")),
        PointStatus::Unfinished => Some(format!("{which} failed")),
    }
}

#[cfg(test)]
mod tests {
    use protocol::Transport;

    use super::*;
    use crate::fixture::{self, Sweep};

    fn sweep(seed: u64) -> Results {
        Sweep { clients: vec![100, 1_000], repeats: 5, seed, ..Sweep::quick() }.results()
    }

    #[test]
    fn the_same_twice_is_no_difference_and_a_slower_transport_is() {
        let (base, mut head) = (sweep(1), sweep(3));
        assert_eq!(between(&base, &head, false).unwrap().regressions().count(), 0);
        for run in head.runs.iter_mut().filter(|run| run.point.transport == Transport::LongPoll) {
            run.server.as_mut().unwrap().cpu.total_ns *= 2;
        }
        let compared = between(&base, &head, false).unwrap();
        let worse: Vec<_> = compared.regressions().map(|change| (change.contender.title(), change.metric)).collect();
        assert_eq!(worse, vec![("long polling".to_owned(), Metric::CpuUsPerDelivery); 2]);
        insta::assert_snapshot!(compared);
    }

    #[test]
    fn a_void_point_is_never_compared() {
        let (base, mut head) = (sweep(1), sweep(2));
        head.runs[0].generator.workers_cpu_ns[0] = 49_500_000_000;
        let compared = between(&base, &head, false).unwrap();
        // Kernel memory of 100 clients is noise.
        assert_eq!(compared.changes.len(), 3 * COMPARED.len() - 1);
        let table = compared.table();
        assert!(table.contains("head void"), "{table}");
        fixture::fail(&mut head.runs[1], "connect", "refused");
        assert_eq!(
            between(&base, &head, false).unwrap().changes.len(),
            3 * COMPARED.len() - 1,
            "four repeats are left"
        );
    }

    #[test]
    fn unlike_machines_are_refused_unless_forced_and_then_marked() {
        let (base, mut head) = (sweep(1), sweep(2));
        head.manifest.machine.cpu = "Some Other CPU".to_owned();
        head.manifest.scenario.clients = vec![100];
        let refused = between(&base, &head, false).unwrap_err();
        assert_eq!(refused.differences.len(), 2);
        let message = refused.to_string();
        for part in ["processor: AMD EPYC 9B14 in base, Some Other CPU in head", "clients: 100, 1000 in base"] {
            assert!(message.contains(part), "{message}");
        }
        head.runs.retain(|run| run.point.load.clients == 100);
        let forced = between(&base, &head, true).unwrap().table();
        assert!(forced.contains("only one of the two has, and so not compared: 2."), "{forced}");
        assert!(forced.starts_with("FORCED: ") && forced.contains("Some Other CPU"), "{forced}");
    }

    #[test]
    fn a_search_is_refused_even_if_it_is_forced() {
        let (mut base, head) = (sweep(1), sweep(2));
        base.manifest.scenario.search = Some(fixture::Searched::rates().search);
        for forced in [false, true] {
            let refused = between(&base, &head, forced).unwrap_err().to_string();
            for part in
                ["cannot be compared load by load", "search: one for capacity in base, none in head; set side by side"]
            {
                assert!(refused.contains(part) && !refused.contains("--force"), "{refused}");
            }
        }
    }

    #[test]
    fn what_was_done_to_clients_must_be_alike_too() {
        let (base, mut head) = (sweep(1), sweep(2));
        head.manifest.scenario.tls = vec![true];
        head.manifest.scenario.signal_rate_hz = 2.0;
        head.manifest.scenario.disturbance = Some(protocol::results::Disturbance::Drop);
        let refused = between(&base, &head, false).unwrap_err();
        let named: Vec<_> = refused.differences.iter().map(|difference| difference.what).collect();
        assert_eq!(named, ["TLS", "signals/s", "disturbance"]);
    }

    #[test]
    fn a_single_repeat_claims_nothing() {
        let once = |seed| Sweep { clients: vec![100], repeats: 1, seed, ..Sweep::quick() }.results();
        let compared = between(&once(1), &once(2), false).unwrap();
        assert!(compared.table().contains("no interval"), "{compared}");
        assert_eq!(compared.regressions().count(), 0);
    }
}
