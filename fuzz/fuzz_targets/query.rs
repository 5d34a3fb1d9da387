//! Queries: what is accepted is within its bounds, and a key more or twice is refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use protocol::wire::{StreamQuery, TOPIC_BYTES_MAX, USER_BYTES_MAX, WAIT_MS_MAX, shown_token};

fuzz_target!(|query: &str| {
    let _ = shown_token(query);
    let Ok(parsed) = StreamQuery::parse(Some(query)) else { return };
    assert!(parsed.wait_ms.is_none_or(|wait_ms| wait_ms <= WAIT_MS_MAX));
    assert!(parsed.user.as_ref().is_none_or(|user| (1..=USER_BYTES_MAX).contains(&user.len())));
    let fits = |topic: &String| (1..=TOPIC_BYTES_MAX).contains(&topic.len()) && !topic.chars().any(char::is_control);
    assert!(parsed.topic.as_ref().is_none_or(fits));
    assert_eq!(StreamQuery::parse(Some(&format!("{query}&topic=1"))).is_err(), parsed.topic.is_some(), "one topic");
    assert_eq!(StreamQuery::parse(Some(&format!("{query}&token=x"))), Ok(parsed.clone()), "the token is passed over");
    assert!(StreamQuery::parse(Some(&format!("{query}&x=1"))).is_err(), "an unknown key");
    if let Ok(resumed) = parsed.clone().resumed(Some(query.as_bytes())) {
        assert_eq!(query.parse(), Ok(resumed.after.unwrap()), "a number is its id, and nothing else is");
    }
    assert_eq!(StreamQuery::parse(Some(&format!("{query}&after=1"))).is_err(), parsed.after.is_some(), "twice");
});
