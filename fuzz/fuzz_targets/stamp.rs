//! Stamps: each that is found is what its numbers are written as, and is found again whatever follows it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use protocol::stamp;

fuzz_target!(|data: &[u8]| {
    for update in stamp::updates(data) {
        let mut written = Vec::new();
        stamp::encode_into(update.seq, update.due_ns, &mut written);
        assert_eq!(written, update.data);
        written.extend_from_slice(data);
        assert_eq!(stamp::updates(&written).next(), Some(update));
    }
});
