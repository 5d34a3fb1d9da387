//! What day it is: for names and manifests, never for what is timed.

use std::time::SystemTime;

/// Now in UTC, as RFC 3339 writes it, with nanoseconds.
#[expect(clippy::disallowed_methods, reason = "the one place that asks what day it is")]
pub fn now_utc() -> String {
    humantime::format_rfc3339_nanos(SystemTime::now()).to_string()
}
