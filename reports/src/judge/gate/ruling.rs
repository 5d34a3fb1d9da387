//! Judges rounds, in which head and base were measured in turn.

use super::{
    figure::{Figure, Found},
    limits::{GATED, Limits},
};
use crate::{
    compare::{Comparison, Side, Sweep},
    judge::between::unfit,
    read::{Results, Unlike},
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

/// What the rounds say of every figure.
#[derive(Debug, Clone)]
pub struct Gate {
    pub(super) title: String,
    pub(super) repeats: u32,
    pub(super) rounds: usize,
    pub(super) figures: Vec<Figure>,
    pub(super) voids: Vec<String>,
    /// Updates of head that never arrived.
    pub(super) missed: u64,
}

/// What a gate comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling {
    /// Nothing is worse by more than its limit.
    Passed,
    /// Something is, in the only round there is: a second must say.
    Suspected,
    /// Something is, in every round; or head loses updates.
    Failed,
    /// Something could not be measured, and that is not the same as equal.
    Void,
}

impl Gate {
    /// Judges rounds, of which there must be one at least. Refuses to if base and head were not measured alike.
    pub fn of(rounds: &[Round], limits: &Limits) -> Result<Self, Unlike> {
        let (first, last) = (rounds.first().expect("a round"), rounds.last().expect("a round"));
        if let Some(unlike) = Unlike::between_revisions(&first.base.manifest, &first.head.manifest) {
            return Err(unlike);
        }
        let named = |Results { manifest, .. }: &Results| {
            // Of a server that was there already the revision is not known; the manifest's is the generator's.
            let name = manifest.scenario.server.clone().or_else(|| manifest.git_revision.clone());
            name.unwrap_or_else(|| "unknown".to_owned())
        };
        let mut gate = Self {
            title: format!("head {}, base {}", named(&first.head), named(&first.base)),
            repeats: last.head.manifest.scenario.repeats,
            rounds: rounds.len(),
            figures: Vec::new(),
            voids: Vec::new(),
            missed: rounds.iter().flat_map(|round| &round.head.runs).map(|run| run.counts.missed).sum(),
        };
        for (number, round) in (1..).zip(rounds) {
            gate.add(number, round, limits);
        }
        Ok(gate)
    }

    fn add(&mut self, number: usize, round: &Round, limits: &Limits) {
        let [base, head, again] = [&round.base, &round.head, &round.again].map(Comparison::of);
        let sweep = Sweep::of(&head);
        for case in &head.cases {
            let load = sweep.name_of(&case.load);
            for (&contender, side) in &case.sides {
                let who = format!("round {number}, {load}, {}", contender.title());
                match (base.side(&case.load, contender), again.side(&case.load, contender)) {
                    (Some(base), Some(again)) => self.add_side(&who, &load, [base, side, again], limits),
                    _ => self.voids.push(format!("{who}: base was not measured there")),
                }
            }
        }
    }

    fn add_side(&mut self, who: &str, load: &str, [base, head, again]: [&Side<'_>; 3], limits: &Limits) {
        let void = [(base, "base"), (head, "head"), (again, "base again")];
        if let Some(word) = void.into_iter().find_map(|(side, name)| unfit(side, name)) {
            self.voids.push(format!("{who}: {word}"));
            return;
        }
        let contender = head.contender();
        for (index, gated) in GATED.into_iter().enumerate() {
            let limit = limits.of(index);
            let Some(found) = Found::of([base, head, again], gated.metric) else {
                if limit.is_some() {
                    self.voids.push(format!("{who}: {} was not measured", gated.metric.name()));
                }
                continue;
            };
            let known = self
                .figures
                .iter_mut()
                .find(|figure| figure.load == load && figure.contender == contender && figure.gated == gated);
            match known {
                Some(figure) => figure.found.push(found),
                None => {
                    self.figures.push(Figure { load: load.to_owned(), contender, gated, limit, found: vec![found] });
                }
            }
        }
    }

    /// What it comes to.
    pub fn ruling(&self) -> Ruling {
        match () {
            () if self.missed > 0 => Ruling::Failed,
            () if !self.voids.is_empty() || self.figures.is_empty() => Ruling::Void,
            () if !self.figures.iter().any(Figure::fails) => Ruling::Passed,
            () if self.rounds < 2 => Ruling::Suspected,
            () => Ruling::Failed,
        }
    }

    /// Every figure, in the order in which they are shown.
    pub fn figures(&self) -> &[Figure] {
        &self.figures
    }
}

#[cfg(test)]
mod tests {
    use protocol::{Transport, results::Run};

    use super::*;
    use crate::fixture::Sweep;

    fn measured(seed: u64) -> Results {
        Sweep { clients: vec![1_000], repeats: 8, seed, ..Sweep::quick() }.results()
    }

    fn round(seed: u64, change: impl Fn(&mut Run)) -> Round {
        let mut round = Round { base: measured(seed), head: measured(seed + 1), again: measured(seed + 2) };
        round.head.runs.iter_mut().for_each(change);
        round
    }

    fn more_cpu(share: f64) -> impl Fn(&mut Run) {
        move |run| {
            if run.point.transport == Transport::LongPoll {
                let cpu = &mut run.server.as_mut().unwrap().cpu.total_ns;
                *cpu = (*cpu as f64 * share) as u64;
            }
        }
    }

    fn gate(rounds: &[Round]) -> Gate {
        Gate::of(rounds, &Limits::default()).unwrap()
    }

    #[test]
    fn the_same_passes_at_once() {
        let gate = gate(&[round(1, |_| ())]);
        assert_eq!(gate.ruling(), Ruling::Passed);
        assert_eq!(gate.figures().len(), 8);
        insta::assert_snapshot!(gate.to_string());
    }

    #[test]
    fn what_is_worse_in_both_rounds_fails_by_name() {
        let (first, second) = (round(1, more_cpu(1.5)), round(4, more_cpu(1.5)));
        assert_eq!(gate(std::slice::from_ref(&first)).ruling(), Ruling::Suspected);
        let gate = gate(&[first, second]);
        assert_eq!(gate.ruling(), Ruling::Failed);
        let failed: Vec<_> = gate.figures().iter().filter(|figure| figure.fails()).collect();
        assert_eq!(failed.len(), 1, "{gate}");
        insta::assert_snapshot!(gate.markdown());
        insta::assert_snapshot!(gate.junit());
    }

    #[test]
    fn what_a_second_round_does_not_show_passes() {
        assert_eq!(gate(&[round(1, more_cpu(1.5)), round(4, |_| ())]).ruling(), Ruling::Passed);
    }

    #[test]
    fn what_is_within_the_limit_or_not_gated_passes() {
        assert_eq!(gate(&[round(1, more_cpu(1.05))]).ruling(), Ruling::Passed);
        let mut limits = Limits::default();
        limits.set("server-cpu=off".parse().unwrap());
        assert_eq!(Gate::of(&[round(1, more_cpu(1.5))], &limits).unwrap().ruling(), Ruling::Passed);
    }

    #[test]
    fn what_is_void_or_absent_is_not_equal() {
        let mut void = round(1, |_| ());
        void.again.runs[0].generator.workers_cpu_ns[0] = 49_500_000_000;
        let judged = gate(&[void]);
        assert_eq!(judged.ruling(), Ruling::Void);
        assert!(judged.to_string().contains("base again void"), "{judged}");

        let absent = round(1, |run| run.server = None);
        assert_eq!(gate(&[absent]).ruling(), Ruling::Void);
    }

    #[test]
    fn nothing_is_wider_than_a_terminal() {
        let text = gate(&[round(1, more_cpu(15.0)), round(4, more_cpu(150.0))]).to_string();
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        assert!(text.contains("WORSE +10%"), "{text}");
    }

    #[test]
    fn an_update_that_head_loses_fails_whatever_the_speed() {
        let lossy = round(1, |run| run.counts.missed = 1);
        assert_eq!(gate(&[lossy]).ruling(), Ruling::Failed);
    }
}
