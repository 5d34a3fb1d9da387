//! One cost: how it grows with a service's clients, rate and update size, fitted to the runs of one server and transport.

use serde::Serialize;

use crate::compare::{Fit, Spread};

/// A service: what is asked of a server.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Asked {
    pub(crate) clients: f64,
    /// Updates a second to each client.
    pub(crate) rate_hz: f64,
    /// Bytes of an update.
    pub(crate) bytes: f64,
}

/// What a cost is proportional to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Term {
    One,
    Clients,
    /// Of a delivery: a cost of the update itself, shared by all who get it.
    PerClient,
    /// Of a delivery: a cost of the client's by time, shared by all that it gets.
    PerRate,
    Bytes,
}

impl Term {
    pub(super) fn of(self, asked: Asked) -> f64 {
        match self {
            Self::One => 1.0,
            Self::Clients => asked.clients,
            Self::PerClient => 1.0 / asked.clients,
            Self::PerRate => 1.0 / asked.rate_hz,
            Self::Bytes => asked.bytes,
        }
    }
}

/// A fitted cost.
#[derive(Debug, Clone)]
pub(crate) struct Cost {
    /// What is added whatever is asked.
    pub(crate) offset: f64,
    pub(crate) terms: Vec<Term>,
    fit: Fit,
}

/// Of these parts less cannot be told from rounding.
const ROUNDING: f64 = 1e-6;

impl Cost {
    /// Fits the first term, and of the others those that the loads tell apart and of which it is shown that they are not nought: the
    /// least sure is left out first, until all are sure. None without observations.
    pub(super) fn fitted(observed: &[(Asked, f64)], offset: f64, first: Term, others: &[Term]) -> Option<Self> {
        let varies = |term: &Term| {
            let values = || observed.iter().map(|(asked, _)| term.of(*asked));
            values().fold(f64::NEG_INFINITY, f64::max) > values().fold(f64::INFINITY, f64::min)
        };
        let mut terms: Vec<Term> = [first].into_iter().chain(others.iter().copied().filter(varies)).collect();
        loop {
            let observations: Vec<(Vec<f64>, f64)> = observed
                .iter()
                .map(|(asked, value)| (terms.iter().map(|term| term.of(*asked)).collect(), *value))
                .collect();
            let fit = Fit::through(&observations);
            // Terms that cannot be told apart go from the last.
            let unsure = fit.as_ref().map_or(Some(terms.len() - 1), |fit| least_sure(fit, &observations));
            match (fit, unsure) {
                (Some(fit), None) => return Some(Self { offset, terms, fit }),
                (None, Some(0) | None) => return None,
                (_, Some(term)) => drop(terms.remove(term)),
            }
        }
    }

    /// What it comes to, and how far its interval reaches: that in which another run of such a load would lie with 95% confidence.
    pub(crate) fn at(&self, asked: Asked) -> (f64, Option<f64>) {
        let terms: Vec<f64> = self.terms.iter().map(|term| term.of(asked)).collect();
        let sum = |row: &[f64]| row.iter().zip(&terms).map(|(a, b)| a * b).sum::<f64>();
        let reach = self.fit.spread().map(|Spread { one, form }| {
            let rows: Vec<f64> = form.iter().map(|row| sum(row)).collect();
            (one + sum(&rows)).max(0.0).sqrt()
        });
        (self.offset + sum(&self.fit.coefficients), reach)
    }

    /// What one of a term adds, and its 95% interval.
    pub(crate) fn coefficient(&self, term: usize) -> (f64, Option<(f64, f64)>) {
        (self.fit.coefficients[term], self.fit.interval(term))
    }

    /// As a page's script takes it.
    pub(crate) fn data(&self) -> impl Serialize + use<> {
        #[derive(Serialize)]
        struct Data {
            offset: f64,
            terms: Vec<Term>,
            coefficients: Vec<f64>,
            /// Squared reaches, of one more run and of the fit; none of a single run.
            spread: Option<(f64, Vec<Vec<f64>>)>,
        }
        let spread = self.fit.spread().map(|Spread { one, form }| (*one, form.clone()));
        Data { offset: self.offset, terms: self.terms.clone(), coefficients: self.fit.coefficients.clone(), spread }
    }
}

/// The term after the first that is least known not to be nought, if any is not.
fn least_sure(fit: &Fit, observations: &[(Vec<f64>, f64)]) -> Option<usize> {
    let size = observations.iter().map(|(_, value)| value.abs()).fold(0.0, f64::max);
    let sureness = |term: usize| {
        let adds =
            observations.iter().map(|(terms, _)| (terms[term] * fit.coefficients[term]).abs()).fold(0.0, f64::max);
        if adds <= ROUNDING * size {
            return 0.0;
        }
        // Without an interval nothing is sure.
        fit.interval(term).map_or(0.0, |(low, high)| {
            let reach = (high - low) / 2.0;
            if reach > 0.0 { fit.coefficients[term].abs() / reach } else { f64::INFINITY }
        })
    };
    let all = (1..fit.coefficients.len()).map(|term| (term, sureness(term))).filter(|(_, sureness)| *sureness <= 1.0);
    all.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(term, _)| term)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(clients: f64, rate_hz: f64) -> Asked {
        Asked { clients, rate_hz, bytes: 128.0 }
    }

    /// Three runs of each load, apart by a little.
    fn runs(loads: &[(f64, f64)], cost: impl Fn(f64, f64) -> f64) -> Vec<(Asked, f64)> {
        let repeats = |&(clients, rate): &(f64, f64)| {
            let cost = cost(clients, rate);
            [0.99, 1.0, 1.01].map(|times| (asked(clients, rate), times * cost))
        };
        loads.iter().flat_map(repeats).collect()
    }

    const PER_DELIVERY: [Term; 3] = [Term::PerClient, Term::PerRate, Term::Bytes];

    #[test]
    fn what_loads_do_not_vary_is_not_fitted() {
        let cost = Cost::fitted(&runs(&[(1_000.0, 25.0)], |_, _| 9.0), 0.0, Term::One, &PER_DELIVERY).unwrap();
        assert_eq!(cost.terms, [Term::One]);
        let (value, reach) = cost.at(asked(1_000.0, 25.0));
        // Three values of 9, 0.09 apart: t of 4.303, by the error of one more and of the mean.
        assert!((value - 9.0).abs() < 1e-9 && (reach.unwrap() - 4.303 * 0.09 * (4.0_f64 / 3.0).sqrt()).abs() < 1e-3);
    }

    #[test]
    fn a_cost_of_each_update_is_found_and_shared_by_those_who_get_it() {
        let loads = [(10.0, 10.0), (100.0, 10.0), (1_000.0, 10.0)];
        let cost =
            Cost::fitted(&runs(&loads, |clients, _| 8.0 + 100.0 / clients), 0.0, Term::One, &PER_DELIVERY).unwrap();
        assert_eq!(cost.terms, [Term::One, Term::PerClient]);
        let (per_update, interval) = cost.coefficient(1);
        assert!((per_update - 100.0).abs() < 3.0 && interval.is_some(), "{per_update}");
        assert!((cost.at(asked(10_000.0, 10.0)).0 - 8.01).abs() < 0.1);
    }

    #[test]
    fn a_term_that_is_not_shown_is_left_out() {
        let loads = [(100.0, 10.0), (1_000.0, 10.0), (100.0, 50.0), (1_000.0, 50.0)];
        let cost = Cost::fitted(&runs(&loads, |_, _| 8.0), 0.0, Term::One, &PER_DELIVERY).unwrap();
        assert_eq!(cost.terms, [Term::One]);
    }

    #[test]
    fn loads_that_vary_two_things_together_tell_one_cost() {
        let cost = Cost::fitted(
            &runs(&[(100.0, 50.0), (1_000.0, 5.0)], |_, rate| 8.0 + 10.0 / rate),
            0.0,
            Term::One,
            &PER_DELIVERY,
        );
        assert_eq!(cost.unwrap().terms, [Term::One, Term::PerClient]);
    }

    #[test]
    fn one_run_has_a_value_and_no_interval_and_none_has_neither() {
        let once = Cost::fitted(&[(asked(100.0, 10.0), 5.0)], 0.0, Term::One, &PER_DELIVERY).unwrap();
        assert_eq!(once.at(asked(100.0, 10.0)), (5.0, None));
        assert!(Cost::fitted(&[], 0.0, Term::One, &PER_DELIVERY).is_none());
    }

    #[test]
    fn memory_is_of_clients_on_top_of_what_an_empty_server_has() {
        let observed: Vec<_> = [0.0, 1.0, 2.0].map(|more| (asked(1_000.0, 10.0), 6_000.0 + more)).into();
        let cost = Cost::fitted(&observed, 3_000.0, Term::Clients, &[Term::One]).unwrap();
        assert!((cost.at(asked(2_000.0, 10.0)).0 - 15_002.0).abs() < 1e-6);
    }
}
