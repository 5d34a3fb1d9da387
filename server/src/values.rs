//! How the values of options are read, and what is too much: bounds that several options share.

use std::{ops::RangeInclusive, time::Duration};

use anyhow::Context;
use clap::builder::TypedValueParser;
use protocol::{
    control::Change,
    update::{PAYLOAD_BYTES_MAX, PAYLOAD_BYTES_MIN},
    wire,
};

/// The fastest stream, updates a second.
pub const RATE_HZ_MAX: f64 = 100_000.0;
const RATE_UNIT: &str = "updates a second";

/// The largest burst, updates: what the fastest stream has in a second.
pub const BURST_MAX: u32 = RATE_HZ_MAX as u32;

/// Reads a positive number no larger than `max`, for an option whose unit is `unit`.
fn positive(text: &str, max: f64, unit: &str) -> Result<f64, String> {
    let number = text.parse().map_err(|_| format!("not a number of {unit}"))?;
    within(number, max, unit)
}

/// Refuses a number that is not positive, or larger than `max`.
fn within(number: f64, max: f64, unit: &str) -> Result<f64, String> {
    if number > 0.0 && number <= max {
        Ok(number)
    } else {
        Err(format!("must be more than 0 and at most {max} {unit}"))
    }
}

/// Refuses a change of the schedule in which anything is more or less than options may ask for.
pub(crate) fn check(Change { rate_hz, payload_bytes, burst, .. }: &Change) -> Result<(), String> {
    within(*rate_hz, RATE_HZ_MAX, RATE_UNIT).map_err(|reason| format!("rate_hz {rate_hz}: {reason}"))?;
    for (name, value, range) in [
        ("payload_bytes", *payload_bytes, PAYLOAD_BYTES_MIN..=PAYLOAD_BYTES_MAX),
        ("burst", burst.get(), 1..=BURST_MAX),
    ] {
        if !range.contains(&value) {
            return Err(format!("{name} {value}: must be from {} to {}", range.start(), range.end()));
        }
    }
    Ok(())
}

/// Reads a rate, in updates a second.
pub fn rate_hz(text: &str) -> Result<f64, String> {
    positive(text, RATE_HZ_MAX, RATE_UNIT)
}

/// Reads a replay speed, a multiple of the recorded one.
pub fn speed(text: &str) -> Result<f64, String> {
    positive(text, 10_000.0, "times the recorded speed")
}

/// Reads a payload length, in bytes.
pub fn payload_bytes() -> impl TypedValueParser<Value = u32> {
    const RANGE: RangeInclusive<i64> = PAYLOAD_BYTES_MIN as i64..=PAYLOAD_BYTES_MAX as i64;
    clap::value_parser!(u32).range(RANGE)
}

/// Reads a duration in seconds, at most [`wire::WAIT_MS_MAX`].
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    positive(text, wire::WAIT_MS_MAX as f64 / 1e3, "seconds").map(Duration::from_secs_f64)
}

/// Reads an origin as browsers write it (RFC 6454, section 6.2), or `*`.
pub(crate) fn origin(text: &str) -> Result<String, String> {
    let host = text.split_once("://").filter(|(scheme, _)| !scheme.is_empty()).map(|(_, host)| host);
    let is_origin = host.is_some_and(|host| !host.is_empty() && !host.contains(['/', ' ', '?', '#']));
    if text == "*" || is_origin {
        Ok(text.to_owned())
    } else {
        Err("must be `*` or such as https://example.org:8443".to_owned())
    }
}

/// A set of processors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cpus(pub Vec<u32>);

impl Cpus {
    /// Keeps the calling thread, and those it will start, to these processors.
    pub fn pin(&self) -> anyhow::Result<()> {
        let mut set = rustix::thread::CpuSet::new();
        self.0.iter().for_each(|cpu| set.set(*cpu as usize));
        rustix::thread::sched_setaffinity(None, &set).with_context(|| {
            format!("cannot keep to processors {:?}: see which there are with `nproc` or `lscpu`", self.0)
        })
    }
}

/// Reads a list of processors and ranges of them.
pub fn cpus(text: &str) -> Result<Cpus, String> {
    let mut cpus = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let number =
            |text: &str| text.trim().parse::<u32>().map_err(|_| format!("`{part}` is not a processor or range"));
        let (first, last) = (number(first)?, number(last)?);
        if first > last || last as usize >= rustix::thread::CpuSet::MAX_CPU {
            return Err(format!("`{part}` is not a processor or range"));
        }
        cpus.extend(first..=last);
    }
    Ok(Cpus(cpus))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_are_read_as_lists_and_ranges() {
        assert_eq!(cpus("0,2-4"), Ok(Cpus(vec![0, 2, 3, 4])));
    }
}
