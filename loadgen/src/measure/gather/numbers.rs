//! Which `seq` the updates of a measure phase have, within their topics.

use std::collections::BTreeMap;

use protocol::control::OfTopic;

use crate::{
    clients::{spread::seen, tracker::Tracker, worker::Report},
    measure::account::Account,
};

/// The numbers of what counts.
#[derive(Debug)]
pub(super) enum Numbers<'a> {
    /// Those that follow each other, as the publisher has said.
    Stated(&'a Account),
    /// Those that came to anybody: of what clients say the server makes what it makes, in the order in which it comes, and what was due before
    /// the phase or after it may lie between.
    Seen(BTreeMap<u32, Vec<u64>>),
}

impl<'a> Numbers<'a> {
    pub(super) fn of(account: &'a Account, speak: bool, reports: &[Report]) -> Self {
        if speak {
            Self::Seen(seen(reports.iter().map(|report| &report.recorder.spreads)))
        } else {
            Self::Stated(account)
        }
    }

    /// The last of a topic; 0 if it has none.
    pub(super) fn last(&self, topic: u32) -> u64 {
        match self {
            Self::Stated(account) => account.schedule(topic).map_or(0, |of| of.first_seq + of.updates - 1),
            Self::Seen(seen) => seen.get(&topic).and_then(|seqs| seqs.last()).copied().unwrap_or(0),
        }
    }

    /// How many of the updates that were due a client of the topic has not had. What came to nobody has no number, and is missed by all.
    pub(super) fn missed(&self, topic: u32, due: u64, tracker: &Tracker) -> u64 {
        match self {
            Self::Stated(account) => account
                .schedule(topic)
                .map_or(0, |OfTopic { first_seq, updates, .. }| tracker.missed(*first_seq, first_seq + updates - 1)),
            Self::Seen(seen) => {
                let seqs = seen.get(&topic).map_or(&[][..], Vec::as_slice);
                let between = |from: u64, to: u64| {
                    let up_to = |seq: u64| seqs.partition_point(|known| *known <= seq) as u64;
                    if from <= to { up_to(to) - up_to(from.saturating_sub(1)) } else { 0 }
                };
                let of_seen =
                    seqs.first().zip(seqs.last()).map_or(0, |(first, last)| tracker.missed_of(*first, *last, between));
                of_seen + due.saturating_sub(seqs.len() as u64)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_by_others_or_by_nobody_is_missed() {
        // 3 was due before the phase; two more were said and came to nobody.
        let numbers = Numbers::Seen(BTreeMap::from([(5, vec![2, 4, 5, 9])]));
        let mut tracker = Tracker::new(0);
        for seq in [1, 2, 5, 6] {
            tracker.see(seq).unwrap();
        }
        // It lacks 4 and 9, and 3, which does not count.
        assert_eq!((numbers.missed(5, 4, &tracker), numbers.missed(5, 6, &tracker)), (2, 4));
        assert_eq!((numbers.last(5), numbers.last(6), numbers.missed(6, 0, &tracker)), (9, 0, 0));
    }
}
