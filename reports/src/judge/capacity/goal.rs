//! What is to hold at a load: `last.p99<=50ms`.

use std::{fmt, str::FromStr};

use crate::{judge::threshold::limit_in, metrics::Quantile};

/// How long the last receiver of a share of all updates may have to wait.
#[derive(Debug, Clone, PartialEq)]
pub struct Goal {
    text: String,
    quantile: Quantile,
    limit_ms: f64,
}

const QUANTILES: [Quantile; 4] = [Quantile::P50, Quantile::P90, Quantile::P99, Quantile::P999];
const EXAMPLE: &str = "as in 'last.p99<=50ms'";
/// A share of a whole number of updates is not exact.
const ROUNDING: f64 = 1e-9;

impl Goal {
    /// All goals of a search. Says which of them cannot be meant, why, and what to write.
    pub(super) fn all(texts: &[String]) -> Result<Vec<Self>, String> {
        if texts.is_empty() {
            return Err(format!("there is no goal, so no load could fail; give one or several, {EXAMPLE}"));
        }
        let goals = texts.iter().map(|text| text.parse()).collect::<Result<Vec<Self>, _>>()?;
        for (place, goal) in goals.iter().enumerate() {
            let is_same =
                |other: &&Self| other.quantile == goal.quantile && other.limit_ms.total_cmp(&goal.limit_ms).is_eq();
            if let Some(other) = goals[..place].iter().find(is_same) {
                return Err(format!("goals `{other}` and `{goal}` are the same; leave one of them out"));
            }
        }
        Ok(goals)
    }

    /// How late an update may be, milliseconds.
    pub(crate) fn limit_ms(&self) -> f64 {
        self.limit_ms
    }

    /// Which share of all updates has to be within the limit.
    pub(crate) fn quantile(&self) -> Quantile {
        self.quantile
    }

    /// Whether so many updates of all are too many to be later than the limit.
    pub(super) fn is_missed_by(&self, late: u64, of: u64) -> bool {
        late as f64 > (1.0 - self.quantile.value()) * of as f64 + ROUNDING
    }
}

impl FromStr for Goal {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text: String = text.split_whitespace().collect();
        match parse(&text) {
            Ok((quantile, limit_ms)) => Ok(Self { text, quantile, limit_ms }),
            Err(why) => Err(format!("goal `{text}`: {why}")),
        }
    }
}

fn parse(text: &str) -> Result<(Quantile, f64), String> {
    let sign_at =
        text.find(['<', '>', '=']).ok_or_else(|| format!("it has no limit; write FIGURE<=LIMIT, {EXAMPLE}"))?;
    let (figure, comparison) = text.split_at(sign_at);
    let named = figure.strip_prefix("last.").or_else(|| figure.strip_prefix("last-"));
    let quantile = named.and_then(|name| QUANTILES.into_iter().find(|quantile| quantile.name() == name));
    let quantile = quantile.ok_or_else(|| {
        let names = QUANTILES.map(|quantile| format!("last.{}", quantile.name())).join(", ");
        format!("`{figure}` is nothing that a load is judged by; a goal is of updates' last receivers: {names}")
    })?;
    let limit = comparison.strip_prefix("<=").filter(|limit| !limit.starts_with(['<', '>', '='])).ok_or_else(|| {
        format!("more load makes it later, so a goal holds up to its limit; write `{figure}<=LIMIT`, {EXAMPLE}")
    })?;
    let limit_ms = limit_in("ms", limit)?;
    if limit_ms > 0.0 && limit_ms.is_finite() {
        return Ok((quantile, limit_ms));
    }
    Err(format!("no update arrives within `{limit}`, so no load meets it; give a time above 0, {EXAMPLE}"))
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(texts: &[&str]) -> Result<Vec<Goal>, String> {
        Goal::all(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn what_is_written_is_read() {
        for (text, quantile, limit_ms, written) in [
            ("last.p99<=50ms", Quantile::P99, 50.0, "last.p99<=50ms"),
            (" last-p90 <= 0.25 s", Quantile::P90, 250.0, "last-p90<=0.25s"),
            ("last.p99.9<=500us", Quantile::P999, 0.5, "last.p99.9<=500us"),
        ] {
            let goal: Goal = text.parse().unwrap();
            assert_eq!((goal.quantile(), goal.to_string()), (quantile, written.to_owned()));
            assert!((goal.limit_ms() - limit_ms).abs() < 1e-9, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_what_could() {
        for (text, said) in [
            ("", "it has no limit; write FIGURE<=LIMIT, as in 'last.p99<=50ms'"),
            ("last.p99", "it has no limit"),
            (
                "p99<=50ms",
                "`p99` is nothing that a load is judged by; a goal is of updates' last receivers: last.p50, last.p90",
            ),
            ("last.p98<=50ms", "`last.p98` is nothing"),
            ("last.p99>=50ms", "a goal holds up to its limit; write `last.p99<=LIMIT`"),
            ("last.p99<50ms", "a goal holds up to its limit"),
            ("last.p99=50ms", "a goal holds up to its limit"),
            ("last.p99<=<=50ms", "a goal holds up to its limit"),
            ("last.p99<=50", "its limit `50` has no unit; give ns, us"),
            ("last.p99<=50KiB", "its limit `50KiB` is in `KiB`"),
            ("last.p99<=ms", "`ms` is no limit"),
            ("last.p99<=0ms", "no update arrives within `0ms`, so no load meets it"),
            ("last.p99<=-1s", "no load meets it"),
        ] {
            let error = text.parse::<Goal>().unwrap_err();
            assert!(error.starts_with(&format!("goal `{text}`: ")) && error.contains(said), "{error}");
        }
    }

    #[test]
    fn goals_are_several_and_none_is_there_twice() {
        assert_eq!(all(&["last.p99<=50ms", "last.p90<=50ms", "last.p99<=100ms"]).unwrap().len(), 3);
        assert!(all(&[]).unwrap_err().contains("there is no goal"));
        let twice = all(&["last.p99<=50ms", "last-p99 <= 0.05s"]).unwrap_err();
        assert_eq!(twice, "goals `last.p99<=50ms` and `last-p99<=0.05s` are the same; leave one of them out");
    }

    #[test]
    fn a_hundredth_may_be_late_and_no_more() {
        let goal: Goal = "last.p99<=50ms".parse().unwrap();
        for (late, of, missed) in
            [(0, 1, false), (1, 99, true), (1, 100, false), (2, 200, false), (3, 200, true), (2, 100, true)]
        {
            assert_eq!(goal.is_missed_by(late, of), missed, "{late} of {of}");
        }
        let all_of_it: Goal = "last.p99.9<=50ms".parse().unwrap();
        assert!(all_of_it.is_missed_by(1, 100) && !all_of_it.is_missed_by(0, 100));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in r"(last[.-]p[0-9.]{1,4})?[<>=]{0,3}[0-9.e-]{0,5}[a-zµ%]{0,3}", any in ".*") {
            let _ = any.parse::<Goal>();
            if let Ok(goal) = text.parse::<Goal>() {
                prop_assert_eq!(goal.to_string().parse::<Goal>().unwrap(), goal);
            }
        }
    }
}
