//! Stored histograms, past the base64 that keeps mutations of a whole line out: one that is accepted is what it says.
#![no_main]

use base64::{Engine, prelude::BASE64_STANDARD};
use libfuzzer_sys::fuzz_target;
use protocol::results::LosslessHistogram;

fuzz_target!(|bytes: &[u8]| {
    let stored = format!("\"{}\"", BASE64_STANDARD.encode(bytes));
    let Ok(histogram) = serde_json::from_str::<LosslessHistogram>(&stored) else { return };
    let counted: u64 = histogram.iter_recorded().map(|value| value.count_at_value()).sum();
    assert_eq!(counted, histogram.len());
    let again = serde_json::to_string(&histogram).expect("what was read can be written");
    let again: LosslessHistogram = serde_json::from_str(&again).expect("and read");
    assert_eq!(again.len(), histogram.len());
});
