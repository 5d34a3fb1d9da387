//! One thing that must hold: what was expected, what was measured, and how far apart they may be.

/// A comparison, in words for the table.
#[derive(Debug)]
pub(super) struct Check {
    pub(super) what: String,
    pub(super) expected: String,
    pub(super) measured: String,
    pub(super) allowed: String,
    pub(super) holds: bool,
}

impl Check {
    /// A count, exactly.
    pub(super) fn count(what: &str, expected: u64, measured: u64) -> Self {
        Self {
            what: what.to_owned(),
            expected: expected.to_string(),
            measured: measured.to_string(),
            allowed: "exact".to_owned(),
            holds: expected == measured,
        }
    }

    /// A count that chance has a part in: its mean, and between which two it must lie.
    pub(super) fn about(what: &str, (mean, least, most): (f64, f64, f64), measured: u64) -> Self {
        Self {
            what: what.to_owned(),
            expected: format!("{mean:.0}"),
            measured: measured.to_string(),
            allowed: format!("{least:.0} to {most:.0}"),
            holds: (least..=most).contains(&(measured as f64)),
        }
    }

    /// A time, so far off at most.
    pub(super) fn within_ms(what: &str, expected_ms: f64, measured_ms: f64, allowed_ms: f64) -> Self {
        Self {
            what: what.to_owned(),
            expected: format!("{expected_ms:.2} ms"),
            measured: format!("{measured_ms:.2} ms"),
            allowed: format!("± {allowed_ms:.2} ms"),
            holds: (measured_ms - expected_ms).abs() <= allowed_ms,
        }
    }

    /// A time, 5 % or 1 ms off at most, whichever is more.
    pub(super) fn nearly_ms(what: &str, expected_ms: f64, measured_ms: f64) -> Self {
        Self::within_ms(what, expected_ms, measured_ms, (0.05 * expected_ms).max(1.0))
    }

    /// Something that is so or not.
    pub(super) fn is(what: &str, expected: &str, measured: String, holds: bool) -> Self {
        Self { what: what.to_owned(), expected: expected.to_owned(), measured, allowed: String::new(), holds }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_exact_and_times_have_a_tolerance() {
        assert!(Check::count("", 3, 3).holds && !Check::count("", 3, 4).holds);
        assert!(Check::within_ms("", 5.0, 5.2, 0.3).holds && !Check::within_ms("", 5.0, 4.6, 0.3).holds);
        assert!(Check::nearly_ms("", 100.0, 104.9).holds && !Check::nearly_ms("", 100.0, 105.1).holds);
        assert!(Check::nearly_ms("", 2.0, 2.9).holds && !Check::nearly_ms("", 2.0, 3.1).holds);
    }
}
