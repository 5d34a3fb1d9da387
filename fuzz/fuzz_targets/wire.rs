//! Lines of updates, signals and acknowledgements: what is read is written back to the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use protocol::{
    signal::{Ack, Signal},
    wire,
};

fuzz_target!(|data: &[u8]| {
    for update in wire::updates(data).flatten() {
        let mut line = Vec::new();
        update.encode_into(&mut line);
        let again: Vec<_> = wire::updates(&line).map(|again| again.expect("what was written is read")).collect();
        assert_eq!(again, [update]);
    }
    if let Ok(signal) = Signal::parse(data) {
        let text = serde_json::to_vec(&signal).expect("plain data");
        let again = Signal::parse(&text).expect("what was written is read");
        assert_eq!((again.id, again.data.get()), (signal.id, signal.data.get()));
    }
    if let Some(ack) = Ack::parse(data) {
        assert_eq!(Ack::parse(&serde_json::to_vec(&ack).expect("plain data")), Some(ack));
    }
});
