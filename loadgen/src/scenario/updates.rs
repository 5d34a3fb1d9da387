//! How many updates are due in a measure phase, as far as it is known before.

use protocol::{
    clock::ns,
    results::{Load, Scenario, Stream},
};
use server::stream::replay::Feed;

use super::warm_up::warm_up_s;

/// Updates of a run that count, in the mean; none of what a server of others pushes, or of a feed that is not read here.
pub fn updates_due(load: &Load, scenario: &Scenario, feed: Option<&Feed>) -> Option<f64> {
    let stream = &load.stream;
    match stream {
        Stream::Synthetic { rate_hz, .. } => Some(rate_hz * f64::from(load.schedules()) * scenario.measure_s),
        Stream::Replay { speed, .. } => feed.map(|feed| {
            let from_ns = ns(warm_up_s(load, scenario, 0));
            let [first, after] = [from_ns, from_ns + ns(scenario.measure_s)].map(|at| first_of_feed(feed, *speed, at));
            (after - first) as f64
        }),
        Stream::Pushed => None,
    }
}

/// The place of the first update that is due then or later. By halving, for a feed may be played many times over in a long warm-up.
pub(super) fn first_of_feed(feed: &Feed, speed: f64, from_ns: u64) -> u64 {
    let due_ns = |index| feed.due_ns(index, speed);
    let (mut first, mut after) = (0, 1);
    while due_ns(after) < from_ns {
        after *= 2;
    }
    while first < after {
        let middle = u64::midpoint(first, after);
        if due_ns(middle) < from_ns { first = middle + 1 } else { after = middle }
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{check, plan::plan};

    fn of(toml: &str, feed: Option<&Feed>) -> Option<f64> {
        let scenario = check("test", toml).unwrap();
        updates_due(&plan(&scenario)[0].point.load, &scenario, feed)
    }

    #[test]
    fn of_a_rate_and_of_a_feed_it_is_known_and_of_what_is_pushed_not() {
        assert_eq!(of("rate_hz = [25]\nmeasure = \"2s\"", None), Some(50.0));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("even.ndjson");
        std::fs::write(&path, "{\"at_us\":0,\"data\":1}\n{\"at_us\":100000,\"data\":2}\n").unwrap();
        let (feed, toml) = (Feed::open(&path).unwrap(), format!("replay = {path:?}\nmeasure = \"2s\"\nspeed = [2]"));
        assert_eq!(of(&toml, Some(&feed)), Some(40.0), "twice as fast as ten a second");
        assert_eq!(of(&toml, None), None);
        assert_eq!(updates_due(&Load::of(Stream::Pushed), &check("test", "").unwrap(), None), None);
    }
}
