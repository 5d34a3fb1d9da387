//! Which metrics claim a difference, at every load: what an A/A comparison ought to do hardly ever.

use std::fmt;

use crate::{
    compare::{COMPARED, Comparison, Ratio, Verdict, with_interval},
    metrics::Metric,
    points::Contender,
    read::Results,
};

/// The differences that a sweep claims.
#[derive(Debug, Clone)]
pub struct Claims {
    /// Whether it is a transport compared with itself.
    pub aa: bool,
    /// How many metrics were compared, over all loads.
    pub compared: usize,
    /// Those that claim a difference.
    pub made: Vec<Claim>,
}

/// One metric at one load that claims a difference.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The load, in words.
    pub load: String,
    /// Whose.
    pub contender: Contender,
    /// What differs.
    pub metric: Metric,
    /// By how much.
    pub ratio: Ratio,
}

/// Every claim of a difference in the comparison table.
pub fn claims(results: &Results) -> Claims {
    let comparison = Comparison::of(results);
    let mut claims = Claims { aa: results.manifest.scenario.aa, compared: 0, made: Vec::new() };
    for case in &comparison.cases {
        let mut claim = |contender, metric, ratio: Option<Ratio>| {
            let Some(ratio) = ratio else { return };
            claims.compared += 1;
            if ratio.verdict() != Verdict::NoDifferenceShown {
                claims.made.push(Claim { load: case.name(), contender, metric, ratio });
            }
        };
        for (contender, _) in case.against_baseline() {
            COMPARED.into_iter().for_each(|metric| claim(contender, metric, case.ratio(contender, metric)));
        }
        for (contender, first) in comparison.across(case) {
            COMPARED.into_iter().for_each(|metric| claim(contender, metric, case.ratio_to(first, contender, metric)));
        }
    }
    claims
}

impl fmt::Display for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.aa { "A/A, where every claim is false: " } else { "" };
        let (made, compared) = (self.made.len(), self.compared);
        let claim = if made == 1 { "claims" } else { "claim" };
        write!(f, "{kind}{made} of {compared} comparisons {claim} a difference")?;
        // Of transports the table says which; of one transport that differs from itself it is the news.
        let said: Vec<String> = self.made.iter().filter(|_| self.aa).map(Claim::to_string).collect();
        if said.is_empty() { write!(f, ".") } else { write!(f, ": {}.", said.join("; ")) }
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (metric, who) = (self.metric.name(), self.contender.title());
        let verdict = self.ratio.verdict().name(self.metric);
        write!(f, "{metric} of {who} {} ({verdict}) at {}", with_interval(self.ratio), self.load)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Sweep;

    #[test]
    fn transports_that_differ_claim_it() {
        let claims = claims(&Sweep { repeats: 5, ..Sweep::quick() }.results());
        assert_eq!(
            (claims.compared, claims.made.len()),
            (14, 12),
            "kernel memory is alike, and noise at 100 clients: {:#?}",
            claims.made
        );
        assert_eq!(claims.to_string(), "12 of 14 comparisons claim a difference.");
    }

    #[test]
    fn of_twenty_comparisons_of_the_same_two_at_most_may_claim() {
        let sweep = |seed| Sweep { clients: vec![1_000], seed, ..Sweep::aa(5) }.results();
        let claiming = (1..=20).filter(|seed| !claims(&sweep(*seed)).made.is_empty()).count();
        assert!(claiming <= 2, "{claiming}");
    }

    #[test]
    fn void_points_claim_nothing() {
        let mut results = Sweep { clients: vec![1_000], ..Sweep::quick() }.results();
        results.runs[1].generator.workers_cpu_ns[0] = 49_500_000_000;
        assert_eq!(claims(&results).compared, 0);
    }
}
