//! How long updates flow before those that count: until Linux no longer acknowledges each segment at once, and then until none is due.

use protocol::results::{Arrivals, Load, Scenario, Stream};
use reports::{IDLE_GAP_S, UPDATES_BEFORE};
use server::stream::{replay::Feed, schedule::Schedule};

/// So many updates must have gone out; the measure phase begins between two.
const UPDATES: f64 = UPDATES_BEFORE as f64 + 0.5;
/// What suffices where updates are [`IDLE_GAP_S`] apart or more, for no warm-up helps there.
const UPDATES_IDLE: f64 = 2.5;
/// Seconds beyond which nothing is waited for.
const AT_MOST_S: f64 = 10.0;
/// Gaps that are nothing but the rounding of seconds.
const ROUNDING: f64 = 1e-6;

/// Seconds of warm-up of a run: what the scenario asks for, and until enough updates have gone out on every connection, if that is
/// within ten seconds. Then on to the middle of a gap, where all gaps are alike. Of a server that runs already its rate is known, but
/// neither its random gaps, nor where in a feed it stands, nor when anything is due. Of many schedules together it is the mean that counts, at
/// which updates come to a client.
pub fn warm_up_s(load: &Load, scenario: &Scenario, repeat: u32) -> f64 {
    let (stream, alone) = (&load.stream, load.schedules() == 1);
    let enough_s = match (stream, load.rate_of_client_hz()) {
        (Stream::Synthetic { arrivals: Arrivals::Poisson, rate_hz, .. }, _) if scenario.server.is_none() && alone => {
            poisson_s(*rate_hz, scenario.seed + u64::from(repeat))
        }
        (Stream::Synthetic { .. }, Some(rate_hz)) => enough(UPDATES / rate_hz, 1.0 / rate_hz),
        (Stream::Synthetic { .. } | Stream::Pushed, _) => 0.0,
        (Stream::Replay { speed, .. }, _) => scenario.feed_warm_up_s.map_or(0.0, |feed_s| {
            let feed_s = feed_s / speed;
            enough(feed_s, feed_s / UPDATES)
        }),
    };
    let least_s = scenario.warm_up_s.max(enough_s);
    match stream {
        Stream::Synthetic { arrivals: Arrivals::Constant, rate_hz, .. } if scenario.server.is_none() => {
            between_updates_s(least_s, rate_hz * f64::from(load.schedules()), scenario.measure_s)
        }
        // Random gaps and those of a feed have no place that is far from every due time.
        _ => least_s,
    }
}

/// The first moment from `least_s` on at which the measure phase can begin so that both its edges, at which every counter is read, are as far
/// from due times as can be: half a gap where it lasts whole gaps, and never under a quarter. `rate_hz * measure_s` updates are due in it,
/// rounded.
fn between_updates_s(least_s: f64, rate_hz: f64, measure_s: f64) -> f64 {
    let gaps = rate_hz * measure_s;
    let after_due = 0.5 - (gaps - gaps.round()) / 2.0;
    ((least_s * rate_hz - after_due - ROUNDING).ceil() + after_due) / rate_hz
}

/// Seconds of a feed, at its own speed, until enough of its updates have gone out.
pub(super) fn feed_s(feed: &Feed) -> f64 {
    let [last, next] = [UPDATES.floor(), UPDATES.ceil()].map(|index| feed.due_ns(index as u64, 1.0) as f64 / 1e9);
    f64::midpoint(last, next)
}

fn poisson_s(rate_hz: f64, seed: u64) -> f64 {
    let updates = if 1.0 / rate_hz < IDLE_GAP_S { UPDATES } else { UPDATES_IDLE };
    let due = Schedule::new(Arrivals::Poisson, rate_hz, seed).skip(updates as usize).take(2);
    (due.map(|due_ns| due_ns as f64 / 1e9).sum::<f64>() / 2.0).min(AT_MOST_S)
}

/// `enough_s`: when enough updates have gone out, if their mean gap is short.
fn enough(enough_s: f64, gap_s: f64) -> f64 {
    if gap_s < IDLE_GAP_S { enough_s } else { UPDATES_IDLE * gap_s }.min(AT_MOST_S)
}

#[cfg(test)]
mod tests {
    use protocol::clock::ns;

    use super::*;
    use crate::scenario::{check, plan::plan};

    /// Of the first run of each load.
    fn of(toml: &str) -> Vec<f64> {
        let scenario = check("test", toml).unwrap();
        let runs = plan(&scenario).into_iter().filter(|run| run.repeat == 0);
        let mut all: Vec<f64> = runs.map(|run| warm_up_s(&run.point.load, &scenario, run.repeat)).collect();
        all.sort_by(f64::total_cmp);
        all.dedup();
        all
    }

    #[test]
    fn it_lasts_until_enough_updates_have_gone_out_and_as_long_as_asked_for() {
        assert_eq!(of("rate_hz = [100]\nwarm_up = \"200ms\""), [0.245]);
        assert_eq!(of("rate_hz = [100]\nwarm_up = \"3s\""), [3.005], "and until the middle of a gap");
        assert_eq!(of("rate_hz = [10, 20]"), [1.225, 2.45]);
    }

    #[test]
    fn where_updates_are_far_apart_two_suffice_and_ten_seconds_in_any_case() {
        assert_eq!(of("rate_hz = [5]\nwarm_up = \"100ms\""), [0.5]);
        assert_eq!(of("rate_hz = [0.5]\nmeasure = \"6s\""), [5.0]);
        assert_eq!(of("rate_hz = [0.1]\nmeasure = \"60s\""), [15.0], "and until the middle of a gap");
    }

    #[test]
    fn no_update_is_due_near_an_edge_and_as_many_within_as_the_rate_says() {
        for (rate_hz, measure, updates, gap_share) in [
            (25.0, "2s", 50, 0.5),
            (10.0, "3s", 30, 0.5),
            (1_000.0, "500ms", 500, 0.5),
            (0.5, "6s", 3, 0.5),
            (33.0, "3s", 99, 0.5),
            // No whole gaps: 17.5 and 2.2 of them.
            (7.0, "2500ms", 18, 0.25),
            (4.4, "500ms", 2, 0.4),
        ] {
            for warm_up in ["100ms", "1s", "3s", "3333ms"] {
                let toml = format!("rate_hz = [{rate_hz:?}]\nmeasure = \"{measure}\"\nwarm_up = \"{warm_up}\"");
                let from_ns = ns(of(&toml)[0]);
                let to_ns = from_ns + ns(check("test", &toml).unwrap().measure_s);
                let due_ns: Vec<u64> =
                    Schedule::new(Arrivals::Constant, rate_hz, 0).take_while(|due_ns| *due_ns < 2 * to_ns).collect();
                let within = due_ns.iter().filter(|due_ns| (from_ns..to_ns).contains(due_ns)).count();
                assert_eq!(within, updates, "{toml}");
                // But for the rounding of what is a millionth of a gap.
                let far_ns = (gap_share - 1e-5) * 1e9 / rate_hz;
                let nearest_ns = due_ns.iter().map(|due_ns| due_ns.abs_diff(from_ns).min(due_ns.abs_diff(to_ns))).min();
                assert!(nearest_ns.unwrap() as f64 > far_ns, "{toml}: {nearest_ns:?} is not {far_ns}");
            }
        }
    }

    #[test]
    fn of_rooms_it_is_what_comes_to_a_client_that_counts() {
        let speak = |of: &str| {
            format!("clients = [40]\nspeak = true\naudience = [\"{of}\"]\nrate_hz = [1]\nwarm_up = \"100ms\"")
        };
        // Forty a second come in a room of all, and one where everybody is alone; forty are said in either case.
        assert_eq!([of(&speak("rooms of 40")), of(&speak("one"))], [[0.6125], [2.5125]]);
        assert_eq!(of("clients = [40]\naudience = [\"one\"]\nrate_hz = [10]\nwarm_up = \"100ms\""), [2.45125]);
    }

    #[test]
    fn where_it_is_not_known_when_updates_are_due_it_lasts_no_longer() {
        let scenario = check("test", "rate_hz = [100]\nwarm_up = \"3s\"").unwrap();
        let load = &plan(&scenario)[0].point.load;
        let elsewhere = Scenario { server: Some("http://127.0.0.1:1".to_owned()), ..scenario.clone() };
        let lasts: Vec<f64> = [&scenario, &elsewhere].iter().map(|scenario| warm_up_s(load, scenario, 0)).collect();
        assert_eq!(lasts, [3.005, 3.0]);
    }

    #[test]
    fn of_random_gaps_it_is_the_schedule_that_counts() {
        let toml = "arrivals = \"poisson\"\nrate_hz = [40]\nwarm_up = \"100ms\"";
        let from_ns = (of(toml)[0] * 1e9) as u64;
        let seed = check("test", toml).unwrap().seed;
        let before = Schedule::new(Arrivals::Poisson, 40.0, seed).take_while(|due_ns| *due_ns < from_ns).count();
        assert_eq!(before, 25);
    }

    #[test]
    fn a_feed_is_asked_when_its_updates_are_due() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("even.ndjson");
        std::fs::write(&path, "{\"at_us\":0,\"data\":1}\n{\"at_us\":100000,\"data\":2}\n").unwrap();
        let replay = format!("replay = {path:?}\nwarm_up = \"100ms\"");
        assert_eq!(of(&replay), [2.45]);
        // Gaps of 50 ms, and of 200.
        assert_eq!(of(&format!("{replay}\nspeed = [2, 0.5]")), [0.5, 1.225]);
    }
}
