//! When clients ask that ask by the clock.

use std::time::Duration;

/// The golden ratio's share of a turn: multiples of it spread evenly, however many there are.
const TURN: u64 = 0x9e37_79b9_7f4a_7c15;

/// How long a client with this number waits for its next poll. Each has a time of its own within the interval, whenever it came: asked all at
/// once, a server would be measured at its worst, and with updates in step, clients at their best.
pub(super) fn until_next_poll(interval: Duration, number: u32, now_ns: u64) -> Duration {
    let interval_ns = interval.as_nanos() as u64;
    let turn = TURN.wrapping_mul(u64::from(number));
    let phase_ns = ((u128::from(turn) * u128::from(interval_ns)) >> 64) as u64;
    Duration::from_nanos(interval_ns - (now_ns + interval_ns - phase_ns) % interval_ns)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const INTERVAL: Duration = Duration::from_millis(500);
    const INTERVAL_NS: u64 = INTERVAL.as_nanos() as u64;

    #[test]
    fn clients_are_spread_over_the_interval() {
        const CLIENTS: u32 = 1_000;
        let mut tenths = [0_u32; 10];
        for number in 0..CLIENTS {
            let wait_ns = until_next_poll(INTERVAL, number, 7).as_nanos() as u64;
            tenths[(wait_ns * 10 / (INTERVAL_NS + 1)) as usize] += 1;
        }
        assert!(tenths.iter().all(|clients| clients.abs_diff(CLIENTS / 10) <= 2), "{tenths:?}");
    }

    proptest! {
        #[test]
        fn a_client_keeps_its_time(number: u32, now_ns in 0..u64::MAX / 2, late_ns in 0..INTERVAL_NS) {
            let due_ns = now_ns + until_next_poll(INTERVAL, number, now_ns).as_nanos() as u64;
            prop_assert!((1..=INTERVAL_NS).contains(&(due_ns - now_ns)));
            let next_ns = due_ns + late_ns + until_next_poll(INTERVAL, number, due_ns + late_ns).as_nanos() as u64;
            prop_assert_eq!(next_ns, due_ns + INTERVAL_NS, "late or not");
        }
    }
}
