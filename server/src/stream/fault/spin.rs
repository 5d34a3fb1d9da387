//! A cost that each delivery has on purpose, so that it is known how many a processor bears.

use protocol::clock;

use super::Fault;

/// What each delivery costs beside what it costs.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spun {
    each_ns: u64,
}

impl Spun {
    /// All of these faults together.
    pub fn of(faults: &[Fault]) -> Self {
        let each_ns = faults.iter().map(|fault| match fault {
            Fault::Spin { each } => each.as_nanos() as u64,
            _ => 0,
        });
        Self { each_ns: each_ns.sum() }
    }

    /// Keeps the processor as busy as so many deliveries are to.
    pub(crate) fn of_deliveries(self, updates: u64) {
        if self.each_ns == 0 {
            return;
        }
        let until_ns = clock::now_ns().saturating_add(self.each_ns.saturating_mul(updates));
        while clock::now_ns() < until_ns {
            std::hint::spin_loop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_as_long_for_each_delivery() {
        let spun = Spun::of(&["spin:2ms", "drop:1:1", "spin:1ms"].map(|spec| spec.parse().unwrap()));
        let begun_ns = clock::now_ns();
        spun.of_deliveries(2);
        assert!(clock::now_ns() - begun_ns >= 6_000_000);
    }
}
