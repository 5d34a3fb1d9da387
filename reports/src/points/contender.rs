//! Who is compared: a transport, or one arm of a transport that is compared with itself.

use protocol::{
    Transport,
    results::{Manifest, Run},
};

/// The transport that every other is compared with.
pub const BASELINE: Transport = Transport::ALL[0];

/// One side of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contender {
    /// How its updates travel.
    pub transport: Transport,
    /// Which arm it is of an A/A comparison; none where transports are compared.
    pub arm: Option<Arm>,
}

/// An arm of an A/A comparison: the same thing, measured as if it were two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Arm {
    /// What is compared with.
    A,
    /// What is compared.
    B,
}

impl Contender {
    /// Whose run it is. The repeats of an A/A sweep are arms in turn: A B, B A, A B, ...
    pub(crate) fn of(run: &Run, manifest: &Manifest) -> Self {
        let (pair, second) = (run.repeat / 2, !run.repeat.is_multiple_of(2));
        let b = second == pair.is_multiple_of(2);
        let arm = manifest.scenario.aa.then_some(if b { Arm::B } else { Arm::A });
        Self { transport: run.point.transport, arm }
    }

    /// The pair that a run belongs to: what was measured back to back.
    pub(crate) fn pair(self, run: &Run) -> u32 {
        if self.arm.is_some() { run.repeat / 2 } else { run.repeat }
    }

    /// Whether the others are compared with it.
    pub(crate) fn is_baseline(self) -> bool {
        match self.arm {
            Some(arm) => arm == Arm::A,
            None => self.transport == BASELINE,
        }
    }

    /// The name in prose.
    pub fn title(self) -> String {
        let title = self.transport.title();
        self.arm.map_or_else(|| title.to_owned(), |arm| format!("{title} {arm:?}"))
    }

    /// The transport in whose colour it is drawn. Arm B borrows another's, lest both look alike.
    pub(crate) fn drawn_as(self) -> Transport {
        match self.arm {
            None => self.transport,
            Some(arm) => Transport::ALL[arm as usize],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Sweep;

    #[test]
    fn arms_alternate_in_turn() {
        let results = Sweep { clients: vec![10], ..Sweep::aa(4) }.results();
        let arms: Vec<_> = results
            .runs
            .iter()
            .map(|run| (Contender::of(run, &results.manifest), run))
            .map(|(contender, run)| (contender.arm.unwrap(), contender.pair(run)))
            .collect();
        let expected = [(Arm::A, 0), (Arm::B, 0), (Arm::B, 1), (Arm::A, 1), (Arm::A, 2), (Arm::B, 2), (Arm::B, 3)];
        assert_eq!(arms[..7], expected);
    }
}
