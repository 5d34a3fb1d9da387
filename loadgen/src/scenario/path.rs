//! How a network path is written, in a scenario file and on the command line: `40ms`, `20ms..200ms`, `loopback`; `5ms`; `1%`. And for how
//! long updates are collected: `2ms`.

use std::{fmt, str::FromStr, time::Duration};

use protocol::results::{Path, RoundTrip};
use serde::{Deserialize, Serialize};

/// The longest round trip, and the longest jitter.
const LONGEST: Duration = Duration::from_secs(10);
/// The most that may be lost, in percent: with more, TCP makes no headway and nothing is measured but its patience.
const LOSS_PERCENT_MAX: f64 = 50.0;

/// A round trip: `40ms`; `20ms..200ms`, drawn for each client; `0`, through the link without delay; or `loopback`, for no link at
/// all, which is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rtt(pub Option<RoundTrip>);

/// By how much a packet's way is longer at most, milliseconds: `5ms`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Jitter(pub f64);

/// How many packets are lost, in percent: `1%`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Loss(pub f64);

/// For how long updates are collected that leave together, milliseconds: `2ms`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Coalesce(pub f64);

const LOOPBACK: &str = "loopback";

impl FromStr for Rtt {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == LOOPBACK {
            return Ok(Self(None));
        }
        let (from, to) = text.split_once("..").unwrap_or((text, text));
        let bound = |bound| {
            ms(bound).map_err(|why| format!("`{text}` {why}, as in 40ms; 20ms..200ms draws one for each client"))
        };
        let (from, to) = (bound(from)?, bound(to)?);
        if from > to {
            return Err(format!("`{text}` ends before it begins: write the shorter round trip first"));
        }
        Ok(Self(Some(RoundTrip { from, to })))
    }
}

impl fmt::Display for Rtt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str(LOOPBACK),
            Some(RoundTrip { from, to }) if from.total_cmp(&to).is_eq() => write_ms(f, from),
            Some(RoundTrip { from, to }) => {
                write_ms(f, from)?;
                f.write_str("..")?;
                write_ms(f, to)
            }
        }
    }
}

impl FromStr for Jitter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        ms(text).map(Self).map_err(|why| format!("`{text}` {why}, as in 5ms"))
    }
}

impl FromStr for Coalesce {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        ms(text).map(Self).map_err(|why| format!("`{text}` {why}, as in 2ms"))
    }
}

impl fmt::Display for Coalesce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_ms(f, self.0)
    }
}

impl fmt::Display for Jitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_ms(f, self.0)
    }
}

impl FromStr for Loss {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let percent = text.strip_suffix('%').and_then(|number| number.trim().parse().ok());
        let within = percent.filter(|percent| (0.0..=LOSS_PERCENT_MAX).contains(percent)).map(Self);
        within.ok_or_else(|| format!("`{text}` must be from 0% to {LOSS_PERCENT_MAX}% of the packets, as in 1%"))
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}

fn ms(text: &str) -> Result<f64, String> {
    // Of a number without unit only 0 can be meant.
    match humantime::parse_duration(text.trim()) {
        Ok(duration) if duration <= LONGEST => Ok(duration.as_secs_f64() * 1e3),
        _ => Err(format!("must be a time from 0 to {}", humantime::format_duration(LONGEST))),
    }
}

fn write_ms(f: &mut fmt::Formatter<'_>, ms: f64) -> fmt::Result {
    if ms > 0.0 { write!(f, "{ms}ms") } else { f.write_str("0") }
}

/// The paths that were asked for: each round trip with each loss, [`None`] for loopback. One round trip of 0 alone is loopback
/// as well, unless it is `through_link`.
pub(super) fn paths(
    rtt: Option<&[Rtt]>,
    loss: Option<&[Loss]>,
    jitter: Option<Jitter>,
    through_link: bool,
) -> Vec<Option<Path>> {
    let none = [Rtt(Some(RoundTrip::constant(0.0)))];
    let rtt = rtt.unwrap_or(&none);
    let through_link = through_link || loss.is_some() || jitter.is_some() || rtt.len() > 1;
    let jitter_ms = jitter.map_or(0.0, |Jitter(ms)| ms);
    let path = |rtt_ms| move |&Loss(loss_percent): &Loss| Some(Path { rtt_ms, jitter_ms, loss_percent });
    rtt.iter()
        .flat_map(|rtt| match rtt.0 {
            Some(rtt_ms) if through_link || *rtt != none[0] => {
                loss.unwrap_or(&[Loss(0.0)]).iter().map(path(rtt_ms)).collect()
            }
            _ => vec![None],
        })
        .collect()
}

/// Each is stored as it is written.
macro_rules! stored_as_text {
    ($($name:ident),*) => {$(
        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    )*};
}

stored_as_text!(Rtt, Jitter, Loss, Coalesce);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_trip_is_read_as_it_is_written() {
        for (text, rtt) in [
            ("0", Some((0.0, 0.0))),
            ("20ms", Some((20.0, 20.0))),
            ("0.5ms", Some((0.5, 0.5))),
            ("20ms..200ms", Some((20.0, 200.0))),
            ("0..10000ms", Some((0.0, 10_000.0))),
            ("loopback", None),
        ] {
            let rtt = Rtt(rtt.map(|(from, to)| RoundTrip { from, to }));
            assert_eq!(text.parse(), Ok(rtt), "{text}");
            assert_eq!(rtt.to_string(), text);
            let stored = serde_json::to_string(&rtt).unwrap();
            assert_eq!((stored.trim_matches('"'), serde_json::from_str(&stored).ok()), (text, Some(rtt)));
        }
        for (text, same) in [("0s", "0"), ("1s", "1000ms"), ("500us..1s 500ms", "0.5ms..1500ms"), ("7ms..7ms", "7ms")] {
            assert_eq!(text.parse::<Rtt>().unwrap().to_string(), same);
        }
    }

    #[test]
    fn jitter_and_loss_are_read_as_they_are_written() {
        assert_eq!(("5ms".parse(), Jitter(5.0).to_string()), (Ok(Jitter(5.0)), "5ms".to_owned()));
        assert_eq!(("0.5%".parse(), Loss(0.5).to_string()), (Ok(Loss(0.5)), "0.5%".to_owned()));
        assert_eq!(("50%".parse(), "0%".parse()), (Ok(Loss(50.0)), Ok(Loss(0.0))));
    }

    #[test]
    fn without_anything_to_do_there_is_no_link() {
        let of = |rtt: &[&str], loss: Option<&[Loss]>, link| -> Vec<String> {
            let rtt: Vec<Rtt> = rtt.iter().map(|text| text.parse().unwrap()).collect();
            let paths = paths(Some(&rtt).filter(|rtt| !rtt.is_empty()).map(Vec::as_slice), loss, None, link);
            paths.iter().map(|path| path.map_or("loopback".to_owned(), |path| path.to_string())).collect()
        };
        assert_eq!(of(&[], None, false), ["loopback"]);
        assert_eq!(of(&["0"], None, false), ["loopback"]);
        assert_eq!(of(&["0"], None, true), ["0 ms"]);
        assert_eq!(of(&["loopback"], None, false), ["loopback"]);
        assert_eq!(of(&["40ms"], None, false), ["40 ms"]);
        assert_eq!(of(&["0", "loopback", "40ms"], None, false), ["0 ms", "loopback", "40 ms"]);
        assert_eq!(
            of(&["0", "40ms"], Some(&[Loss(0.0), Loss(1.0)]), false),
            ["0 ms", "0 ms, 1% loss", "40 ms", "40 ms, 1% loss"]
        );
        assert_eq!(of(&[], Some(&[Loss(1.0)]), false), ["0 ms, 1% loss"]);
    }

    #[test]
    fn what_is_none_is_refused_by_name_with_reason_and_remedy() {
        let refused = |text: &str| text.parse::<Rtt>().expect_err(text);
        for text in
            ["-5ms", "10001ms", "11s", "40", "", "..", "ms", "20ms..", "20ms..11s", "nan", "inf", "1ms..2ms..3ms"]
        {
            let told = refused(text);
            assert!(told.starts_with(&format!("`{text}` must be a time from 0 to 10s, as in 40ms")), "{told}");
        }
        assert!(refused("200ms..20ms").contains("write the shorter round trip first"));
        let told = "-1ms".parse::<Jitter>().unwrap_err();
        assert_eq!(told, "`-1ms` must be a time from 0 to 10s, as in 5ms");
        for text in ["51%", "-1%", "1", "nan%", "%"] {
            let told = text.parse::<Loss>().unwrap_err();
            assert_eq!(told, format!("`{text}` must be from 0% to 50% of the packets, as in 1%"));
        }
    }
}
