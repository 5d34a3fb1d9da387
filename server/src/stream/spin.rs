//! A cost that each delivery has on purpose, so that it is known how many a processor bears.

use protocol::clock;

/// What each delivery costs beside what it costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spin {
    /// Nanoseconds.
    pub each_ns: u64,
}

impl Spin {
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
        let spin = Spin { each_ns: 3_000_000 };
        let begun_ns = clock::now_ns();
        spin.of_deliveries(2);
        assert!(clock::now_ns() - begun_ns >= 6_000_000);
    }
}
