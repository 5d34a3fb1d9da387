//! How a threshold is written: `long-poll.p99[clients=1000,engine=stock] > 50ms`, `missed > 0`.

use std::{fmt, str::FromStr};

use protocol::{Transport, results::Load};
use serde::Deserialize;

use super::unit::limit_in;
use crate::{
    metrics::{Metric, NAMED},
    points::Axis,
};

/// What of a sweep is to fail: a figure, at some points or all, beyond a limit.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub struct Threshold {
    text: String,
    /// Of which transport; of all, if none is named.
    transport: Option<Transport>,
    pub(super) metric: Metric,
    /// Where: the values that loads must have.
    at: Vec<(Axis, String)>,
    beyond: Beyond,
    /// In the metric's unit.
    pub(super) limit: f64,
}

/// On which side of its limit a figure fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beyond {
    Over,
    OverOrAt,
    Under,
    UnderOrAt,
}

/// The longer first.
const SIGNS: [(&str, Beyond); 4] =
    [(">=", Beyond::OverOrAt), ("<=", Beyond::UnderOrAt), (">", Beyond::Over), ("<", Beyond::Under)];

const EXAMPLE: &str = "as in 'long-poll.p99[clients=1000] > 50ms' or 'missed > 0'";

impl Threshold {
    /// Whether it speaks of a transport under a load.
    pub(super) fn is_of(&self, transport: Transport, load: &Load) -> bool {
        self.transport.is_none_or(|only| only == transport)
            && self.at.iter().all(|(axis, value)| axis.option_of(load).is_some_and(|its| is_same(&its, value)))
    }

    /// Whether a value fails.
    pub(super) fn is_beyond(&self, value: f64) -> bool {
        match self.beyond {
            Beyond::Over => value > self.limit,
            Beyond::OverOrAt => value >= self.limit,
            Beyond::Under => value < self.limit,
            Beyond::UnderOrAt => value <= self.limit,
        }
    }

    /// Whether more of the figure is worse.
    pub(super) fn is_of_more(&self) -> bool {
        matches!(self.beyond, Beyond::Over | Beyond::OverOrAt)
    }

    /// The values that loads must have, and the transport, as they were asked for.
    pub(super) fn asked_of(&self) -> impl Iterator<Item = String> {
        let at = self.at.iter().map(|(axis, value)| format!("{}={value}", axis.names()[0]));
        self.transport.map(|transport| transport.to_string()).into_iter().chain(at)
    }
}

/// Whether two values of an axis are the same: `1000` is `1e3`, `40ms` is `40.0ms`.
fn is_same(one: &str, other: &str) -> bool {
    let parts = |text: &str| {
        let unit = text.find(|letter: char| !matches!(letter, '0'..='9' | '.')).unwrap_or(text.len());
        text[..unit].parse::<f64>().ok().map(|number| (number.to_bits(), text[unit..].to_owned()))
    };
    one == other || parts(one).is_some_and(|one| parts(other) == Some(one))
}

impl FromStr for Threshold {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        parse(text).map_err(|why| format!("threshold `{text}`: {why}"))
    }
}

fn parse(text: &str) -> Result<Threshold, String> {
    // A value in brackets may hold any sign.
    let after = text.rfind(']').unwrap_or(0);
    let sign_at = text[after..].find(['<', '>']).map(|place| after + place);
    let sign_at = sign_at.ok_or_else(|| format!("it compares nothing; write FIGURE > LIMIT, {EXAMPLE}"))?;
    let (subject, comparison) = (text[..sign_at].trim(), &text[sign_at..]);
    let (sign, beyond) =
        SIGNS.into_iter().find(|(sign, _)| comparison.starts_with(sign)).expect("it begins with a sign");
    let (figure, at) = match subject.split_once('[') {
        None => (subject, Vec::new()),
        Some((figure, at)) => {
            let at = at.strip_suffix(']').ok_or_else(|| format!("a `]` is missing before `{sign}`, {EXAMPLE}"))?;
            (figure.trim(), at.split(',').map(value_on_axis).collect::<Result<_, _>>()?)
        }
    };
    let (transport, metric) = figure_of(figure)?;
    let limit = comparison[sign.len()..].trim();
    let limit = limit_in(metric.unit(), limit).map_err(|why| format!("{}: {why}", metric.name()))?;
    Ok(Threshold { text: text.to_owned(), transport, metric, at, beyond, limit })
}

/// `clients=1000`
fn value_on_axis(text: &str) -> Result<(Axis, String), String> {
    let names = || Axis::ALL.map(|axis| axis.names()[0]).join(", ");
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| format!("`{}` in brackets is no AXIS=VALUE; axes are {}", text.trim(), names()))?;
    let (name, value) = (name.trim(), value.trim());
    let axis = Axis::ALL.into_iter().find(|axis| axis.names().contains(&name));
    axis.map(|axis| (axis, value.to_owned())).ok_or_else(|| format!("`{name}` is no axis; axes are {}", names()))
}

/// `p99`, or `long-poll.p99`.
fn figure_of(text: &str) -> Result<(Option<Transport>, Metric), String> {
    if let Some(metric) = Metric::called(text) {
        return Ok((None, metric));
    }
    let (transport, figure) = match text.split_once('.').map(|(before, after)| (before.parse(), after)) {
        Some((Ok(transport), figure)) => (Some(transport), figure),
        _ => (None, text),
    };
    Metric::called(figure).map(|metric| (transport, metric)).ok_or_else(|| {
        let transports = Transport::ALL.map(|transport| format!("{transport}.")).join(" or ");
        format!("`{figure}` names no figure; figures, of one transport with {transports} before them, are {}", names())
    })
}

/// The figures that may be named, those of one unit together.
fn names() -> String {
    let mut units: Vec<&str> = Vec::new();
    NAMED.iter().map(|named| named.metric.unit()).for_each(|unit| {
        if !units.contains(&unit) {
            units.push(unit);
        }
    });
    let of = |unit: &str| {
        let names: Vec<_> = NAMED.iter().filter(|named| named.metric.unit() == unit).map(|named| named.name).collect();
        let unit = if unit.is_empty() { "numbers" } else { unit };
        format!("\n  in {unit}: {}", names.join(", ")).replace("in numbers", "numbers")
    };
    units.into_iter().map(of).collect()
}

impl TryFrom<String> for Threshold {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use protocol::{Engine, results::RoundTrip};

    use super::*;
    use crate::{
        fixture::{synthetic, through},
        metrics::Quantile,
    };

    fn of(text: &str) -> Threshold {
        text.parse().unwrap()
    }

    fn load() -> Load {
        let (engine, peer, path) = (Some(Engine::Stock), None, through(40.0));
        Load { clients: 1_000, engine, peer, path, ..Load::of(synthetic(10.0, 128)) }
    }

    #[test]
    fn what_is_written_is_read() {
        let p99 = Metric::LatencyMs(Quantile::P99);
        for (text, transport, metric, limit) in [
            ("long-poll.p99[clients=1000,engine=stock] > 50ms", Some(Transport::LongPoll), p99, 50.0),
            ("  p99>50ms ", None, p99, 50.0),
            ("latency_p99_ms > 0.05 s", None, p99, 50.0),
            ("sse.p99 > 50ms", Some(Transport::Sse), p99, 50.0),
            ("websocket.p99.9 >= 1s", Some(Transport::WebSocket), Metric::LatencyMs(Quantile::P999), 1_000.0),
            ("p99.9 > 1s", None, Metric::LatencyMs(Quantile::P999), 1_000.0),
            ("missed > 0", None, Metric::Missed, 0.0),
            ("websocket.memory > 4KiB", Some(Transport::WebSocket), Metric::UserKibPerClient, 4.0),
            ("jain-index < 0.9", None, Metric::Fairness, 0.9),
        ] {
            let read = of(text);
            assert_eq!((read.transport, read.metric, read.to_string()), (transport, metric, text.trim().to_owned()));
            assert!((read.limit - limit).abs() < 1e-9, "{text}: {}", read.limit);
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_what_could() {
        for (text, said) in [
            ("p99", "it compares nothing; write FIGURE > LIMIT"),
            ("", "it compares nothing"),
            ("p99 = 5ms", "it compares nothing"),
            (
                "p98 > 5ms",
                "`p98` names no figure; figures, of one transport with websocket. or long-poll. or sse. or short-poll. before them, are",
            ),
            ("pigeon.p99 > 5ms", "`pigeon.p99` names no figure"),
            ("> 5ms", "`` names no figure"),
            ("p99[clients=5 > 5ms", "a `]` is missing before `>`"),
            ("p99[clients] > 5ms", "`clients` in brackets is no AXIS=VALUE; axes are clients, rate, payload-bytes"),
            ("p99[] > 5ms", "`` in brackets is no AXIS=VALUE"),
            ("p99[cleints=5] > 5ms", "`cleints` is no axis; axes are clients, rate"),
            ("memory > 5ms", "server memory per client: it is of bytes, and its limit `5ms` is in `ms`"),
            ("missed > 0ms", "updates missed: it is a plain number"),
            ("p99 > 5", "p99 latency: it is a time, and its limit `5` has no unit"),
            ("p99 >> 5ms", "`> 5ms` is no limit"),
        ] {
            let error = text.parse::<Threshold>().unwrap_err();
            assert!(error.starts_with(&format!("threshold `{text}`: ")) && error.contains(said), "{error}");
            assert!(error.lines().count() < 10, "{error}");
        }
        assert!("nope > 1".parse::<Threshold>().unwrap_err().contains("in KiB: memory, server-in-use, kernel-memory"));
    }

    #[test]
    fn it_is_of_the_points_that_have_every_value() {
        for (text, is_of) in [
            ("p99 > 1s", true),
            ("long-poll.p99 > 1s", true),
            ("websocket.p99 > 1s", false),
            ("p99[clients=1000] > 1s", true),
            ("p99[clients=1000.0, rate_hz = 10] > 1s", true),
            ("p99[clients=100] > 1s", false),
            ("p99[engine=stock,rtt=40ms,tls=off,payload-bytes=128,loss=0%] > 1s", true),
            ("p99[engine=stock,rtt=loopback] > 1s", false),
            ("p99[rtt=40s] > 1s", false),
            ("p99[speed=2] > 1s", false),
            ("p99[peer=own] > 1s", true),
        ] {
            assert_eq!(of(text).is_of(Transport::LongPoll, &load()), is_of, "{text}");
        }
        let mut span = load();
        span.path.as_mut().unwrap().rtt_ms = RoundTrip { from: 20.0, to: 200.0 };
        assert!(of("p99[rtt=20ms..200ms] > 1s").is_of(Transport::LongPoll, &span));
    }

    #[test]
    fn its_side_of_the_limit_is_the_one_that_is_written() {
        for (sign, fails) in [
            (">", [false, false, true]),
            (">=", [false, true, true]),
            ("<", [true, false, false]),
            ("<=", [true, true, false]),
        ] {
            let threshold = of(&format!("missed {sign} 2"));
            assert_eq!([1.0, 2.0, 3.0].map(|value| threshold.is_beyond(value)), fails, "{sign}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_read_is_read_alike_again(
            text in r"(long-poll\.|websocket\.)?[a-z0-9._-]{0,12}(\[[a-z_=0-9,\[\] <>-]{0,20}\]?)? ?[<>=]{0,2} ?[0-9.eµ-]{0,6} ?[a-zA-Z%]{0,3}",
            any in ".*",
        ) {
            let _ = any.parse::<Threshold>();
            if let Ok(threshold) = text.parse::<Threshold>() {
                prop_assert_eq!(threshold.to_string().parse::<Threshold>().unwrap(), threshold);
            }
        }
    }
}
