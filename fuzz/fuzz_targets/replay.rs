//! Feeds: one that is accepted goes on for ever, in order.
#![no_main]

use libfuzzer_sys::fuzz_target;
use server::replay::Feed;

fuzz_target!(|text: &[u8]| {
    let Ok(feed) = Feed::read("fuzz", text) else { return };
    let mut last_us = 0;
    for index in (0..200).chain([10_000, 10_001]) {
        let (at_us, data) = feed.message(index);
        assert!(at_us >= last_us, "message {index}");
        assert!(serde_json::from_slice::<serde_json::Value>(data).is_ok() || data.len() > 200, "deep, or JSON");
        last_us = at_us;
    }
});
