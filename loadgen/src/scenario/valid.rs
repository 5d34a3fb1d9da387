//! What can be run at all.

use anyhow::{bail, ensure};
use protocol::{
    Transport,
    clock::{NS_PER_SEC, ns},
    results::{Arrivals, Audience, Disturbance, Load, Scenario, Stream},
    update::{PAYLOAD_BYTES_MAX, PAYLOAD_BYTES_MIN},
};
use server::{
    stream::{replay::Feed, schedule::Schedule},
    values::RATE_HZ_MAX,
};

use super::{plan::servers, updates::first_of_feed, warm_up::warm_up_s};
use crate::link::CLIENTS_MAX as CLIENTS_BEHIND_LINK_MAX;

const CLIENTS_MAX: u32 = 1_000_000;
/// Timers tick once a millisecond; and a client that was not heard for a minute is given up.
const POLL_INTERVAL_S: std::ops::RangeInclusive<f64> = 0.01..=30.0;
const RUNS_MAX: usize = 10_000;
/// Where so many random updates are due in the mean, that none is has never happened.
const RARE: f64 = 50.0;

/// Refuses what cannot be run, naming the value, the reason and the remedy.
pub(super) fn validate(scenario: &Scenario) -> anyhow::Result<()> {
    scenario.parts().iter().try_for_each(validate_part)?;
    let runs = scenario.parts().iter().fold(0_usize, |runs, part| runs.saturating_add(count(part)));
    ensure!(runs <= RUNS_MAX, "{runs} runs: at most {RUNS_MAX}; shorten an axis or --repeats");
    validate_path(scenario)
}

/// Runs of one whose axes have nothing beside them: counted, not listed, as an absurd product would take all memory before it is refused.
fn count(scenario: &Scenario) -> usize {
    let Scenario { transports, clients, rate_hz, payload_bytes, audience, coalesce_ms, .. } = scenario;
    let Scenario { speed, tls, path, .. } = scenario;
    let besides = [audience.len(), coalesce_ms.len(), speed.len(), tls.len(), path.len(), servers(scenario).len()];
    let axes = [transports.len(), clients.len(), rate_hz.len(), payload_bytes.len()].into_iter().chain(besides);
    axes.fold(scenario.repeats as usize, usize::saturating_mul)
}

/// Refuses what no link can do.
fn validate_path(scenario: &Scenario) -> anyhow::Result<()> {
    let Scenario { disturbance, outage_s, measure_s, .. } = scenario;
    match (disturbance, outage_s) {
        (Some(Disturbance::Outage), None) => bail!("disturb outage: it does not say how long; add --outage 2s"),
        (Some(disturbance), Some(_)) if *disturbance != Disturbance::Outage => {
            bail!("outage beside --disturb {disturbance}: one disturbance a run; leave one of them out")
        }
        (_, Some(outage_s)) => {
            let most_s = measure_s / 2.0;
            ensure!(
                *outage_s > 0.0 && *outage_s <= most_s,
                "outage {outage_s} s: must be more than 0 and at most {most_s} s, half the measure phase, a quarter into which it begins; \
                 measure longer"
            );
            ensure!(
                scenario.parts().iter().all(|part| !part.path.contains(&None)),
                "outage beside --rtt loopback: there is no link to be cut; leave one of them out"
            );
        }
        _ => {}
    }
    Ok(())
}

fn validate_part(scenario: &Scenario) -> anyhow::Result<()> {
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
    axis("engine", &scenario.engine, |_| true, "lean or stock")?;
    axis("speed", speed, |speed| *speed > 0.0 && *speed <= 10_000.0, "more than 0 and at most 10000")?;
    ensure!(
        (0.0..=1_000.0).contains(&scenario.signal_rate_hz),
        "signal-rate {}: must be between 0 (none) and 1000 signals a second",
        scenario.signal_rate_hz
    );
    if let Some(interval_s) = scenario.poll_interval_s {
        ensure!(
            POLL_INTERVAL_S.contains(&interval_s),
            "poll-interval {interval_s} s: must be between {} s and {} s",
            POLL_INTERVAL_S.start(),
            POLL_INTERVAL_S.end()
        );
        ensure!(
            transports.contains(&Transport::ShortPoll),
            "poll-interval {interval_s} s: nothing that is measured asks at an interval; add short-poll to --transports"
        );
        ensure!(
            scenario.drain_s >= interval_s,
            "drain {} s: over before the last updates are asked for; make it as long as --poll-interval, {interval_s} s, at least",
            scenario.drain_s
        );
    }
    bounded("repeats", scenario.repeats, 1..=1_000)?;
    bounded("connect-rate", scenario.connect_rate, 1..=1_000_000)?;
    bounded("workers", scenario.workers, 1..=256)?;
    bounded("server-threads", scenario.server_threads, 1..=256)?;
    for (name, seconds, least) in [
        ("settle", scenario.settle_s, 0.0),
        ("warm-up", scenario.warm_up_s, 0.1),
        ("measure", scenario.measure_s, 0.1),
        ("drain", scenario.drain_s, 0.1),
        ("connect-grace", scenario.connect_grace_s, 0.0),
    ] {
        ensure!((least..=86_400.0).contains(&seconds), "{name} {seconds} s: must be between {least} s and a day");
    }
    let named: Vec<_> =
        scenario.path.iter().map(|path| path.map_or("loopback".to_owned(), |path| path.to_string())).collect();
    let most = scenario.clients.iter().copied().max().filter(|clients| *clients > CLIENTS_BEHIND_LINK_MAX);
    if let Some(clients) = most.filter(|_| scenario.path.iter().any(Option::is_some)) {
        bail!(
            "clients {clients} through a link: each has an address of its own there, of which there are {CLIENTS_BEHIND_LINK_MAX}; ask for \
             fewer, or measure over loopback"
        );
    }
    validate_audience(scenario)?;
    axis("rtt", &named, |_| true, "a time, a span, or loopback")?;
    validate_stream(scenario)
}

/// Refuses an audience that there cannot be, and words that nobody could say.
fn validate_audience(scenario: &Scenario) -> anyhow::Result<()> {
    let Scenario { clients, audience, coalesce_ms, speak, rate_hz, .. } = scenario;
    axis("audience", audience, |_| true, "broadcast, rooms, one or topics")?;
    axis("coalesce", coalesce_ms, |ms| *ms >= 0.0, "a time")?;
    let least = clients.iter().copied().min().unwrap_or_default();
    for audience in audience {
        match audience {
            Audience::Rooms { of } if *of > least => {
                bail!(
                    "audience {audience}: {least} clients do not fill one; ask for smaller rooms, or for more clients"
                )
            }
            Audience::Topics { number } if *number > least => {
                bail!(
                    "audience {audience}: more than the {least} clients there are; ask for fewer, or for more clients"
                )
            }
            _ => {}
        }
        let most = clients.iter().map(|&clients| if *speak { clients } else { audience.topics(clients) }).max();
        let most = most.unwrap_or(1);
        if let Some(rate) = rate_hz.iter().find(|rate| **rate * f64::from(most) > RATE_HZ_MAX) {
            bail!(
                "rate {rate} from each of {most}: {} updates a second in all, and at most {RATE_HZ_MAX}; lower --rate, or ask for fewer",
                rate * f64::from(most)
            );
        }
    }
    let has_topics = audience.iter().any(|audience| !audience.is_broadcast());
    let is_of_others = scenario.dialect.is_some() || scenario.peer.iter().any(|peer| peer.in_load().is_some());
    ensure!(
        !(is_of_others && has_topics),
        "audience of a server of others: a dialect knows no topics, only one room of all; leave --audience out"
    );
    ensure!(
        scenario.replay.is_none() || !(has_topics || *speak),
        "replay beside audience or speak: a feed is one stream, for all; leave one of them out"
    );
    if *speak {
        ensure!(
            !scenario.transports.contains(&Transport::ShortPoll),
            "speak over short-poll: who asks by the clock has no part in a conversation; leave short-poll out of --transports"
        );
        ensure!(
            scenario.signal_rate_hz == 0.0,
            "signal-rate beside speak: what is said is a signal already; leave one of them out"
        );
        ensure!(
            scenario.disturbance != Some(Disturbance::Restart),
            "disturb restart beside speak: what clients have said is gone with the server that they said it to; use --disturb drop"
        );
        ensure!(
            coalesce_ms.iter().all(|ms| *ms == 0.0),
            "coalesce beside speak: what clients say is handed on when it comes; leave one of them out"
        );
    }
    Ok(())
}

/// Refuses a stream of which it is known that too little, or nothing, of it would count.
fn validate_stream(scenario: &Scenario) -> anyhow::Result<()> {
    if scenario.replay.is_some() {
        // Judged once it is read.
        return Ok(());
    }
    ensure!(scenario.speed == [1.0], "speed: there is no feed to speed up; add --replay FILE, or use --rate");
    validate_rates(scenario)?;
    let poisson = scenario.arrivals == Arrivals::Poisson;
    // Of several together it is as good as never.
    let alone = schedules(scenario) == 1;
    let rare = scenario.rate_hz.iter().filter(|rate| poisson && alone && **rate * scenario.measure_s < RARE);
    let repeats = scenario.repeats * if scenario.aa { 2 } else { 1 };
    for (rate, repeat) in rare.flat_map(|rate| (0..repeats).map(move |repeat| (rate, repeat))) {
        let (arrivals, payload_bytes) = (Arrivals::Poisson, PAYLOAD_BYTES_MIN);
        let warm_up_s =
            warm_up_s(&Load::of(Stream::Synthetic { arrivals, rate_hz: *rate, payload_bytes }), scenario, repeat);
        let mut schedule = Schedule::new(arrivals, *rate, scenario.seed + u64::from(repeat));
        let first_ns = schedule.find(|due_ns| *due_ns >= ns(warm_up_s)).expect("a schedule has no end");
        let what = || format!("rate {rate}, poisson, repeat {}", repeat + 1);
        something_is_due(scenario, warm_up_s, first_ns, what, "choose another --seed")?;
    }
    Ok(())
}

/// Refuses a feed in which nothing is due in the measure phase.
pub(super) fn validate_feed(scenario: &Scenario, feed: &Feed) -> anyhow::Result<()> {
    let name = scenario.replay.as_deref().unwrap_or_default();
    scenario.speed.iter().try_for_each(|speed| {
        let what = || format!("replay {name} at speed {speed}");
        let warm_up_s = warm_up_s(&Load::of(Stream::Replay { feed: name.to_owned(), speed: *speed }), scenario, 0);
        let first_ns = feed.due_ns(first_of_feed(feed, *speed, ns(warm_up_s)), *speed);
        something_is_due(scenario, warm_up_s, first_ns, what, "replay it faster")
    })
}

/// Schedules of the rate that a load has at least.
fn schedules(scenario: &Scenario) -> u32 {
    let Scenario { clients, audience, speak, .. } = scenario;
    let of = |audience: &Audience| {
        clients.iter().map(move |&clients| if *speak { clients } else { audience.topics(clients) }).min()
    };
    audience.iter().filter_map(of).min().unwrap_or(1)
}

/// Refuses a rate at which hardly anything is due in the measure phase.
pub(crate) fn validate_rates(scenario: &Scenario) -> anyhow::Result<()> {
    let (measure_s, schedules) = (scenario.measure_s, f64::from(schedules(scenario)));
    match scenario.rate_hz.iter().find(|rate| *rate * schedules * measure_s < 2.0) {
        Some(rate) => bail!(
            "rate {rate}: fewer than two updates are due in a measure phase of {measure_s} s; measure at least {} s",
            (2.0 / (rate * schedules)).ceil()
        ),
        None => Ok(()),
    }
}

/// `first_ns`: the due time of the first update that is due when the measure phase begins, or later.
fn something_is_due(
    scenario: &Scenario,
    warm_up_s: f64,
    first_ns: u64,
    what: impl Fn() -> String,
    remedy: &str,
) -> anyhow::Result<()> {
    let measure_s = scenario.measure_s;
    ensure!(
        first_ns < ns(warm_up_s) + ns(measure_s),
        "{}: no update is due in the measure phase, {measure_s} s after {warm_up_s} s of warm-up; the next would be due {:.1} s after \
         it began; measure longer, choose another --warm-up, or {remedy}",
        what(),
        (first_ns - ns(warm_up_s)) as f64 / NS_PER_SEC as f64,
    );
    Ok(())
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
