//! Judges what was measured in turn.

use super::{
    figure::{Figure, Found, Standing},
    limits::{GATED, Gated, Limits},
};
use crate::{
    compare::{Comparison, Looks, PointStatus, Side, Sweep},
    judge::between::unfit,
    metrics::{Quantile, Stated},
    read::{Results, Unlike},
    words::count,
};

/// What was measured in turn: the n-th repeat of each is one time.
#[derive(Debug, Clone)]
pub struct Round {
    /// What is compared with.
    pub base: Results,
    /// What is compared.
    pub head: Results,
    /// Base once more.
    pub again: Results,
}

/// Which of how many looks at repeats that grow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// From 1.
    pub number: u32,
    /// All of them.
    pub looks: Looks,
}

impl Look {
    /// Whether nothing may be looked at after it.
    pub fn is_last(self) -> bool {
        self.number >= self.looks.count()
    }

    /// How sure the intervals are that decide at this look.
    pub(super) fn confidence(self) -> f64 {
        1.0 - self.looks.level(self.number)
    }
}

/// What the repeats say of every figure.
#[derive(Debug, Clone)]
pub struct Gate {
    pub(super) title: String,
    pub(super) repeats: u32,
    pub(super) look: Look,
    pub(super) figures: Vec<Figure>,
    pub(super) voids: Vec<String>,
    /// What must be known of the ruling, whatever it is.
    pub(super) notes: Vec<String>,
    /// Updates of head that never arrived, and of base's arm that lost more.
    pub(super) missed: (u64, u64),
}

/// What a gate comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling {
    /// Every figure's interval ends under its limit.
    Passed,
    /// A figure's interval begins over its limit; or head loses more updates than base.
    Regressed,
    /// Neither can be said from so many repeats.
    Undecided,
    /// Something could not be measured, and that is not the same as equal.
    Void,
}

impl Gate {
    /// Judges what was measured so far. Refuses to if base and head were not measured alike.
    pub fn of(round: &Round, limits: &Limits, look: Look) -> Result<Self, Unlike> {
        if let Some(unlike) = Unlike::between_revisions(&round.base.manifest, &round.head.manifest) {
            return Err(unlike);
        }
        let named = |Results { manifest, .. }: &Results| {
            // Of a server that was there already the revision is not known; the manifest's is the generator's.
            let name = manifest.scenario.server.clone().or_else(|| manifest.git_revision.clone());
            name.unwrap_or_else(|| "unknown".to_owned())
        };
        let missed = |results: &Results| results.runs.iter().map(|run| run.counts.missed).sum::<u64>();
        let stays_up = [&round.base, &round.head].iter().any(|arm| arm.manifest.scenario.server.is_some());
        let mut gate = Self {
            title: format!("head {}, base {}", named(&round.head), named(&round.base)),
            repeats: round.head.manifest.scenario.repeats,
            look,
            figures: Vec::new(),
            voids: Vec::new(),
            notes: stays_up.then(|| STAYS_UP.to_owned()).into_iter().collect(),
            missed: (missed(&round.head), missed(&round.base).max(missed(&round.again))),
        };
        gate.add(round, limits);
        Ok(gate)
    }

    fn add(&mut self, round: &Round, limits: &Limits) {
        let [base, head, again] = [&round.base, &round.head, &round.again].map(Comparison::of);
        let sweep = Sweep::of(&head);
        for case in &head.cases {
            let load = sweep.name_of(&case.load);
            for (&contender, side) in &case.sides {
                let who = format!("{load}, {}", contender.title());
                match (base.side(&case.load, contender), again.side(&case.load, contender)) {
                    (Some(base), Some(again)) => self.add_side(&who, &load, [base, side, again], limits),
                    _ => self.voids.push(format!("{who}: base was not measured there")),
                }
            }
        }
    }

    fn add_side(&mut self, who: &str, load: &str, sides: [&Side<'_>; 3], limits: &Limits) {
        let mut named = sides.into_iter().zip(["base", "head", "base again"]);
        if let Some((side, word)) = named.find_map(|(side, name)| Some((side, unfit(side, name)?))) {
            let why = if let PointStatus::Void(why) = side.status() { format!(" ({why})") } else { String::new() };
            self.voids.push(format!("{who}: {word}{why}"));
            return;
        }
        let contender = sides[1].contender();
        for (index, gated) in GATED.into_iter().enumerate() {
            let limit = limits.of(index);
            match Found::of(sides, gated.metric, self.look.confidence()) {
                Some(found) => self.figures.push(Figure { load: load.to_owned(), contender, gated, limit, found }),
                None if limit.is_some() => self.not_found(who, sides, gated),
                None => {}
            }
        }
    }

    /// A figure that is to be gated and that a side does not state.
    fn not_found(&mut self, who: &str, sides: [&Side<'_>; 3], gated: Gated) {
        let name = gated.metric.name();
        if sides.iter().any(|side| side.stated(gated.metric) == Some(Stated::NotReached)) {
            self.voids.push(format!("{who}: {name} is not reached, as too many updates were lost"));
        } else if gated.wants_updates {
            let (all, each) = (Quantile::P99.updates_needed(), Quantile::P99.updates_needed_of_one());
            let note =
                format!("{name} is not gated: it wants {} updates in all, and {each} in each repeat", count(all));
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        } else {
            self.voids.push(format!("{who}: {name} was not measured"));
        }
    }

    /// What it comes to.
    pub fn ruling(&self) -> Ruling {
        let any = |standing: Standing| self.figures.iter().any(|figure| figure.standing() == standing);
        match () {
            () if self.loses() => Ruling::Regressed,
            () if !self.voids.is_empty() || self.figures.is_empty() => Ruling::Void,
            () if any(Standing::Over) => Ruling::Regressed,
            () if any(Standing::Open) => Ruling::Undecided,
            () => Ruling::Passed,
        }
    }

    /// Whether head loses more updates than base does. What base loses as well is not head's doing.
    pub(super) fn loses(&self) -> bool {
        self.missed.0 > self.missed.1
    }

    /// How many repeats would decide every figure that is open, if that can be told.
    pub fn repeats_to_decide(&self) -> Option<u32> {
        let open = self.figures.iter().filter(|figure| figure.standing() == Standing::Open);
        open.map(|figure| figure.repeats_to_decide(self.repeats)).reduce(|most, next| Some(most?.max(next?)))?
    }

    /// Every figure, in the order in which they are shown.
    pub fn figures(&self) -> &[Figure] {
        &self.figures
    }
}

const STAYS_UP: &str = "a server that is given by its URL was not started afresh for each repeat: repeats of one process vary \
    less than processes do, and the intervals know nothing of that";

#[cfg(test)]
mod tests {
    use protocol::{Transport, results::Run};

    use super::*;
    use crate::fixture::{self, Sweep};

    fn measured(seed: u64, repeats: u32) -> Results {
        Sweep { clients: vec![1_000], repeats, seed, ..Sweep::quick() }.results()
    }

    fn round_of(repeats: u32, change: impl Fn(&mut Run)) -> Round {
        let of = |seed| measured(seed, repeats);
        let mut round = Round { base: of(1), head: of(2), again: of(3) };
        round.head.runs.iter_mut().for_each(change);
        round
    }

    fn round(change: impl Fn(&mut Run)) -> Round {
        round_of(8, change)
    }

    fn more_cpu(share: f64) -> impl Fn(&mut Run) {
        move |run| {
            if run.point.transport == Transport::LongPoll {
                let cpu = &mut run.server.as_mut().unwrap().cpu.total_ns;
                *cpu = (*cpu as f64 * share) as u64;
            }
        }
    }

    fn once() -> Look {
        Look { number: 1, looks: Looks::of(1, 0.05) }
    }

    fn gate(round: &Round) -> Gate {
        Gate::of(round, &Limits::default(), once()).unwrap()
    }

    fn no_p99() -> Limits {
        let mut limits = Limits::default();
        limits.set("p99=off".parse().unwrap());
        limits
    }

    fn named(gate: &Gate, standing: Standing) -> Vec<&str> {
        gate.figures().iter().filter(|figure| figure.standing() == standing).map(|figure| figure.gated.name()).collect()
    }

    #[test]
    fn the_same_passes() {
        let gate = gate(&round(|_| ()));
        assert_eq!(gate.ruling(), Ruling::Passed, "{gate}");
        assert_eq!(gate.figures().len(), 10);
        insta::assert_snapshot!(gate.to_string());
    }

    #[test]
    fn what_is_worse_beyond_doubt_fails_by_name() {
        let gate = gate(&round(more_cpu(1.5)));
        assert_eq!(gate.ruling(), Ruling::Regressed);
        assert_eq!(named(&gate, Standing::Over), ["server-cpu"], "{gate}");
        insta::assert_snapshot!(gate.markdown());
        insta::assert_snapshot!(gate.junit());
    }

    #[test]
    fn what_its_interval_does_not_tell_from_the_limit_is_undecided_and_not_passed() {
        // Whose noise is on the limit's side.
        let turned = |repeats| {
            let round = round_of(repeats, more_cpu(1.0 / 1.12));
            let (round, limits) = (Round { base: round.head, head: round.base, again: round.again }, no_p99());
            Gate::of(&round, &limits, once()).unwrap()
        };
        let judged = turned(8);
        assert_eq!(judged.ruling(), Ruling::Undecided, "{judged}");
        assert_eq!(named(&judged, Standing::Open), ["server-cpu"], "{judged}");
        let needed = judged.repeats_to_decide().unwrap();
        assert!(needed > 8, "{needed}");
        let text = judged.conclusion();
        assert!(text.starts_with("UNDECIDED") && text.contains(&format!("{needed} repeats")), "{text}");
        assert!(judged.junit().contains("skipped=\"1\"") && judged.junit().contains("failures=\"0\""));
    }

    #[test]
    fn an_early_look_is_stricter() {
        let (round, limits) = (round(more_cpu(1.28)), Limits::default());
        let looks = Looks::of(3, 0.05);
        let ruling = |number| Gate::of(&round, &limits, Look { number, looks }).unwrap().ruling();
        assert_eq!([1, 3].map(ruling), [Ruling::Undecided, Ruling::Regressed]);
    }

    #[test]
    fn what_is_not_gated_is_not_judged() {
        let mut limits = Limits::default();
        limits.set("server-cpu=off".parse().unwrap());
        assert_eq!(Gate::of(&round(more_cpu(1.5)), &limits, once()).unwrap().ruling(), Ruling::Passed);
    }

    #[test]
    fn a_p99_is_gated_only_where_there_are_updates_for_it() {
        let few = gate(&round(|run| run.stream.updates = 99));
        assert_eq!(few.ruling(), Ruling::Passed, "{few}");
        assert!(few.figures().iter().all(|figure| figure.gated.name() != "p99"));
        assert!(few.conclusion().contains("p99 latency is not gated: it wants 1,000 updates in all"), "{few}");
        // Nor a last receiver's p90 of hardly any; but that is not passed over.
        assert_eq!(gate(&round(|run| run.stream.updates = 9)).ruling(), Ruling::Void);
    }

    #[test]
    fn servers_that_stay_up_are_said_to() {
        let mut round = round(|_| ());
        assert!(!gate(&round).conclusion().contains("not started afresh"));
        for arm in [&mut round.base, &mut round.head, &mut round.again] {
            arm.manifest.scenario.server = Some("http://127.0.0.1:9001".to_owned());
        }
        let judged = gate(&round).conclusion().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(judged.contains("not started afresh for each repeat"), "{judged}");
    }

    #[test]
    fn what_is_void_or_absent_is_not_equal() {
        let mut void = round(|_| ());
        void.again.runs[0].generator.workers_cpu_ns[0] = 49_500_000_000;
        let judged = gate(&void);
        assert_eq!(judged.ruling(), Ruling::Void);
        assert!(judged.to_string().contains("base again void (generator saturated)"), "{judged}");

        let absent = round(|run| run.server = None);
        assert_eq!(gate(&absent).ruling(), Ruling::Void);
    }

    #[test]
    fn nothing_is_wider_than_a_terminal() {
        let text = gate(&round(more_cpu(150.0))).to_string();
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        assert!(text.contains("WORSE +15%"), "{text}");
    }

    #[test]
    fn more_lost_than_base_loses_fails_whatever_the_speed_and_as_much_does_not() {
        let lose = |run: &mut Run, updates: u64| {
            run.counts.delivered -= updates;
            run.counts.missed = updates;
        };
        let mut lossy = round(|run| lose(run, 1));
        assert_eq!(gate(&lossy).ruling(), Ruling::Regressed);
        lossy.again.runs.iter_mut().for_each(|run| lose(run, 1));
        assert_eq!(gate(&lossy).ruling(), Ruling::Passed, "base loses as much");
        assert!(gate(&lossy).conclusion().contains("base loses"), "{}", gate(&lossy));
    }

    #[test]
    fn what_lost_its_slowest_is_not_compared_with_what_did_not() {
        let lossy = round(|run| fixture::receive(run, (1..=90).map(|ms| ms * 1_000_000)));
        let mut lossy = Round { again: lossy.base.clone(), ..lossy };
        for arm in [&mut lossy.base, &mut lossy.head, &mut lossy.again] {
            arm.runs
                .iter_mut()
                .for_each(|run| (run.counts.expected, run.counts.missed) = (run.latency.len() + 50_000, 50_000));
        }
        let judged = gate(&lossy);
        assert_eq!(judged.ruling(), Ruling::Void, "{judged}");
        assert!(judged.conclusion().contains("p99 latency is not reached"), "{judged}");
    }
}
