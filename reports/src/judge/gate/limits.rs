//! What is gated, and how much worse each may become.

use std::{fmt, str::FromStr};

use crate::metrics::{Metric, Quantile};

/// A figure that is gated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gated {
    /// What it is. More is worse.
    pub metric: Metric,
    /// How much worse it may become, as a share, unless told otherwise.
    default: f64,
    /// Whether it is left out, and said to be, where there are too few updates to state it.
    pub(super) wants_updates: bool,
}

/// Every figure that is gated.
pub const GATED: [Gated; 5] = [
    gated(Metric::CpuUsPerDelivery, 0.15),
    gated(Metric::LastMs(Quantile::P90), 0.50),
    Gated { wants_updates: true, ..gated(Metric::LatencyMs(Quantile::P99), 0.25) },
    gated(Metric::UserKibPerClient, 0.10),
    gated(Metric::GeneratorCpuUsPerDelivery, 0.20),
];

const fn gated(metric: Metric, default: f64) -> Gated {
    Gated { metric, default, wants_updates: false }
}

impl Gated {
    /// In options and machine-readable files.
    pub fn name(self) -> &'static str {
        self.metric.short_name().unwrap_or_default()
    }
}

/// How much worse each figure may become; as many as [`GATED`] has.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits([Option<f64>; GATED.len()]);

impl Default for Limits {
    fn default() -> Self {
        Self(GATED.map(|gated| Some(gated.default)))
    }
}

impl Limits {
    /// Replaces one.
    pub fn set(&mut self, Limit { figure, share }: Limit) {
        self.0[figure] = share;
    }

    /// How much worse a figure may become, as a share; nothing where it is not gated.
    pub(super) fn of(&self, figure: usize) -> Option<f64> {
        self.0[figure]
    }
}

/// One limit as an option: `server-cpu=5%`, `p99=off`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// Which of [`GATED`].
    figure: usize,
    /// As a share; nothing if the figure is not to be gated.
    share: Option<f64>,
}

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || GATED.map(Gated::name).join(", ");
        let (name, value) =
            text.split_once('=').ok_or_else(|| format!("FIGURE=PERCENT, such as {}=5%", GATED[0].name()))?;
        let figure = GATED
            .iter()
            .position(|gated| gated.name() == name)
            .ok_or_else(|| format!("no figure `{name}`: there are {}", names()))?;
        let share = match value {
            "off" => None,
            percent => match percent.trim_end_matches('%').parse::<f64>() {
                Ok(percent) if percent > 0.0 && percent <= 10_000.0 => Some(percent / 100.0),
                _ => return Err(format!("`{value}` is no limit: more than 0% and at most 10000%, or off")),
            },
        };
        Ok(Self { figure, share })
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", GATED[self.figure].name(), percent(self.share))
    }
}

/// `10%`, or `off`
pub(super) fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "off".to_owned(), |share| format!("{}%", crate::words::setting((share * 1e4).round() / 1e2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_and_written() {
        for text in ["server-cpu=5%", "p99=off", "memory=2.5%"] {
            assert_eq!(text.parse::<Limit>().unwrap().to_string(), text);
        }
        assert_eq!("p99=30".parse::<Limit>().unwrap().to_string(), "p99=30%");
        let mut limits = Limits::default();
        limits.set("p99=off".parse().unwrap());
        assert_eq!((limits.of(0), limits.of(2)), (Some(0.15), None));
    }

    #[test]
    fn a_limit_that_is_none_is_refused_with_what_would_be() {
        for (text, said) in [
            ("p99", "FIGURE=PERCENT"),
            ("p50=3%", "server-cpu, last-p90, p99, memory, generator-cpu"),
            ("p99=-1%", "more than 0%"),
            ("p99=NaN", "more than 0%"),
        ] {
            let error = text.parse::<Limit>().unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
