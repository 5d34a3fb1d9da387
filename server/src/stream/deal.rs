//! To which topic each update goes that is made up.
//!
//! Every topic has a schedule of its own, with the same rate, and what is published is all of them together. That is one schedule of so many times
//! the rate whose updates are dealt out: even ones in turn, so that topics lie evenly apart; ones with exponential gaps at random, for what is taken at
//! random from a Poisson process is a Poisson process, and independent of the rest (Kingman, Poisson Processes, section 5.1).

use protocol::results::Arrivals;

use super::segments::SEEDS_APART;

/// Deals updates out, and counts them.
#[derive(Debug)]
pub struct Deal {
    /// The last `seq` of each topic.
    seqs: Vec<u64>,
    /// Of random draws; absent where topics take turns.
    seed: Option<u64>,
    dealt: u64,
    topic: usize,
}

impl Deal {
    /// To so many topics, at least one.
    pub(super) fn new(topics: u32, arrivals: Arrivals, seed: u64) -> Self {
        let seed = (arrivals == Arrivals::Poisson).then_some(seed);
        Self { seqs: vec![0; topics as usize], seed, dealt: 0, topic: 0 }
    }

    /// How many topics there are.
    pub(super) fn topics(&self) -> usize {
        self.seqs.len()
    }

    /// Deals the next update out.
    pub(super) fn advance(&mut self) {
        let topics = self.seqs.len() as u64;
        self.topic = match self.seed {
            None => self.dealt % topics,
            // The high half of the product is as good as evenly spread over so few.
            Some(seed) => {
                ((u128::from(mixed(seed ^ self.dealt.wrapping_mul(SEEDS_APART))) * u128::from(topics)) >> 64) as u64
            }
        } as usize;
        self.dealt += 1;
        self.seqs[self.topic] += 1;
    }

    /// The topic of the last one, and its `seq` there.
    pub(super) fn last(&self) -> (u32, u64) {
        (self.topic as u32, self.seqs[self.topic])
    }
}

/// The finaliser of `SplitMix64` (Steele, Lea and Flood, OOPSLA 2014): every bit of what comes out depends on every bit of what went in.
fn mixed(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dealt(deal: &mut Deal, updates: usize) -> Vec<(u32, u64)> {
        let mut next = || {
            deal.advance();
            deal.last()
        };
        (0..updates).map(|_| next()).collect()
    }

    #[test]
    fn even_updates_go_to_topics_in_turn_and_seq_counts_within_each() {
        let mut deal = Deal::new(3, Arrivals::Constant, 7);
        assert_eq!(dealt(&mut deal, 7), [(0, 1), (1, 1), (2, 1), (0, 2), (1, 2), (2, 2), (0, 3)]);
    }

    #[test]
    fn random_updates_go_to_random_topics_and_to_the_same_again() {
        const UPDATES: usize = 100_000;
        const TOPICS: u32 = 10;
        let [mut one, mut other] = [(); 2].map(|()| Deal::new(TOPICS, Arrivals::Poisson, 7));
        let all = dealt(&mut one, UPDATES);
        assert_eq!(all, dealt(&mut other, UPDATES));
        // Six deviations of a binomial distribution: a seed for which this did not hold would be one in a thousand million.
        let (mean, share) = (UPDATES as f64 / f64::from(TOPICS), 1.0 / f64::from(TOPICS));
        let bound = 6.0 * (mean * (1.0 - share)).sqrt();
        for topic in 0..TOPICS {
            let seqs: Vec<_> = all.iter().filter(|(of, _)| *of == topic).map(|(_, seq)| *seq).collect();
            assert!((seqs.len() as f64 - mean).abs() < bound, "{topic}: {}", seqs.len());
            assert!(seqs.iter().copied().eq(1..=seqs.len() as u64), "{topic}");
        }
        let twice = all.windows(2).filter(|pair| pair[0].0 == pair[1].0).count() as f64;
        assert!((twice - mean).abs() < bound, "neighbours are independent: {twice}");
    }
}
