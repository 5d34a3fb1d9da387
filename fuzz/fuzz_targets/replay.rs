//! Feeds: one that is accepted goes on for ever, in order.
#![no_main]

use libfuzzer_sys::fuzz_target;
use server::stream::replay::Feed;

fuzz_target!(|text: &[u8]| {
    let Ok(feed) = Feed::read("fuzz".as_ref(), text) else { return };
    let mut last_us = 0;
    for index in (0..200).chain([10_000, 10_001]) {
        let (at_us, data) = feed.message(index);
        assert!(at_us >= last_us, "message {index}");
        // Not as a value: a number may be beyond any float and still be JSON.
        let json = serde_json::from_slice::<&serde_json::value::RawValue>(data);
        assert_eq!(json.expect("JSON").get().as_bytes(), data);
        last_us = at_us;
    }
});
