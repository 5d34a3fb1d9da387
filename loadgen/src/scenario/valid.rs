//! What can be run at all.

use anyhow::{Context, bail, ensure};
use protocol::{
    results::Scenario,
    update::{PAYLOAD_BYTES_MAX, PAYLOAD_BYTES_MIN},
};
use server::{stream::replay::Feed, values::RATE_HZ_MAX};

const CLIENTS_MAX: u32 = 1_000_000;
const RUNS_MAX: usize = 10_000;

/// Refuses what cannot be run, naming the value, the reason and the remedy.
pub(super) fn validate(scenario: &Scenario) -> anyhow::Result<()> {
    let Scenario { transports, clients, rate_hz, payload_bytes, speed, .. } = scenario;
    axis("transports", transports, |_| true, "name each transport once")?;
    ensure!(
        !scenario.aa || transports.len() == 1,
        "aa: a transport is compared with itself; name one, as in --transports {}",
        transports[0]
    );
    let range = format!("between 1 and {CLIENTS_MAX}");
    axis("clients", clients, |clients| (1..=CLIENTS_MAX).contains(clients), &range)?;
    let range = format!("more than 0 and at most {RATE_HZ_MAX} updates a second");
    axis("rate", rate_hz, |rate| *rate > 0.0 && *rate <= RATE_HZ_MAX, &range)?;
    let range = format!("between {PAYLOAD_BYTES_MIN} (the envelope alone needs that) and {PAYLOAD_BYTES_MAX} bytes");
    axis("payload-bytes", payload_bytes, |bytes| (PAYLOAD_BYTES_MIN..=PAYLOAD_BYTES_MAX).contains(bytes), &range)?;
    axis("tls", &scenario.tls, |_| true, "off or on")?;
    axis("speed", speed, |speed| *speed > 0.0 && *speed <= 10_000.0, "more than 0 and at most 10000")?;
    ensure!(
        (0.0..=1_000.0).contains(&scenario.signal_rate_hz),
        "signal-rate {}: must be between 0 (none) and 1000 signals a second",
        scenario.signal_rate_hz
    );
    bounded("repeats", scenario.repeats, 1..=1_000)?;
    bounded("connect-rate", scenario.connect_rate, 1..=1_000_000)?;
    bounded("workers", scenario.workers, 1..=256)?;
    bounded("server-threads", scenario.server_threads, 1..=256)?;
    for (name, seconds, least) in [
        ("settle", scenario.settle_s, 0.0),
        ("warm-up", scenario.warm_up_s, 0.1),
        ("measure", scenario.measure_s, 0.1),
        ("drain", scenario.drain_s, 0.1),
    ] {
        ensure!((least..=86_400.0).contains(&seconds), "{name} {seconds} s: must be between {least} s and a day");
    }
    // Counted, not listed: an absurd product would take all memory before it is refused.
    let axes = [transports.len(), clients.len(), rate_hz.len(), payload_bytes.len(), speed.len(), scenario.tls.len()];
    let runs = axes.into_iter().fold(scenario.repeats as usize, usize::saturating_mul);
    ensure!(runs <= RUNS_MAX, "{runs} runs: at most {RUNS_MAX}; shorten an axis or --repeats");
    validate_stream(scenario)
}

fn validate_stream(scenario: &Scenario) -> anyhow::Result<()> {
    let measure_s = scenario.measure_s;
    if let Some(feed) = &scenario.replay {
        Feed::open(feed).with_context(|| format!("replay {feed}"))?;
        return Ok(());
    }
    ensure!(scenario.speed == [1.0], "speed: there is no feed to speed up; add --replay FILE, or use --rate");
    match scenario.rate_hz.iter().find(|rate| *rate * measure_s < 2.0) {
        Some(rate) => bail!(
            "rate {rate}: fewer than two updates are due in a measure phase of {measure_s} s; measure at least {} s",
            (2.0 / rate).ceil()
        ),
        None => Ok(()),
    }
}

fn axis<T: PartialEq + std::fmt::Display>(
    name: &str,
    values: &[T],
    allowed: impl Fn(&T) -> bool,
    remedy: &str,
) -> anyhow::Result<()> {
    ensure!(!values.is_empty(), "{name}: the list is empty; give at least one value");
    for (place, value) in values.iter().enumerate() {
        ensure!(allowed(value), "{name} {value}: must be {remedy}");
        ensure!(!values[..place].contains(value), "{name} {value}: listed twice; once is enough, --repeats repeats it");
    }
    Ok(())
}

fn bounded(name: &str, value: u32, range: std::ops::RangeInclusive<u32>) -> anyhow::Result<()> {
    ensure!(range.contains(&value), "{name} {value}: must be between {} and {}", range.start(), range.end());
    Ok(())
}
