//! A latency histogram that survives the disk: every bucket, no percentiles.

use std::ops::Deref;

use base64::{Engine, prelude::BASE64_STANDARD};
use hdrhistogram::{
    Histogram,
    serialization::{Deserializer as HdrReader, Serializer as _, V2DeflateSerializer},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};

use super::stored;

/// An [`hdrhistogram::Histogram`] stored as base64 of its compressed V2 form (the interchange format of
/// `HdrHistogram`), so that any of its tools can read it.
#[derive(Debug, Clone, PartialEq)]
pub struct LosslessHistogram(Histogram<u64>);

impl From<Histogram<u64>> for LosslessHistogram {
    fn from(histogram: Histogram<u64>) -> Self {
        Self(histogram)
    }
}

impl Deref for LosslessHistogram {
    type Target = Histogram<u64>;

    fn deref(&self) -> &Histogram<u64> {
        &self.0
    }
}

impl Serialize for LosslessHistogram {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::new();
        V2DeflateSerializer::new()
            .serialize(&self.0, &mut bytes)
            .map_err(|error| S::Error::custom(format!("histogram: {error:?}")))?;
        serializer.serialize_str(&BASE64_STANDARD.encode(bytes))
    }
}

impl<'de> Deserialize<'de> for LosslessHistogram {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = BASE64_STANDARD.decode(text).map_err(|error| D::Error::custom(format!("histogram: {error}")))?;
        let plain = stored::plain(bytes).map_err(|error| D::Error::custom(format!("histogram: {error}")))?;
        HdrReader::new()
            .deserialize(&mut plain.as_slice())
            .map(Self)
            .map_err(|error| D::Error::custom(format!("histogram: {error:?}")))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_bucket_survives() {
        let mut histogram = Histogram::new_with_bounds(1, 60_000_000_000, 3).unwrap();
        for value in [0, 1, 999, 1_000_000, 59_999_999_999] {
            histogram.record_n(value, 3).unwrap();
        }
        let stored = serde_json::to_string(&LosslessHistogram::from(histogram.clone())).unwrap();
        let read: LosslessHistogram = serde_json::from_str(&stored).unwrap();
        assert_eq!(*read, histogram);
    }

    /// A histogram as it is stored (version 2, not compressed): its head, and counts as they are encoded.
    fn stored(counts: &[u8], counts_bytes: u32, digits: u32) -> String {
        let mut bytes = Vec::new();
        for number in [0x1c84_9313, counts_bytes, 0, digits] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        for number in [1, u64::MAX >> 1, 1.0_f64.to_bits()] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        bytes.extend_from_slice(counts);
        format!("\"{}\"", BASE64_STANDARD.encode(bytes))
    }

    fn refused(stored: &str) -> String {
        serde_json::from_str::<LosslessHistogram>(stored).expect_err(stored).to_string()
    }

    #[test]
    fn what_claims_to_be_large_is_refused_before_room_is_made_for_it() {
        assert!(serde_json::from_str::<LosslessHistogram>(&stored(&[2], 1, 3)).is_ok(), "the form is right");
        assert!(refused(&stored(&[2], u32::MAX, 3)).contains("4294967295 bytes of counts"));
        assert!(refused(&stored(&[2], 1, 5)).contains("5 digits"));
    }

    #[test]
    fn counts_that_run_over_are_refused() {
        // As encoded: the least of all numbers, which has no opposite, and then zeros for the reader's quick way.
        let least = [&[0xff; 9][..], &[0; 9]].concat();
        assert!(refused(&stored(&least, least.len() as u32, 3)).contains("a count"));
        let large = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80].repeat(4);
        assert!(refused(&stored(&large, large.len() as u32, 3)).contains("a count"));
    }

    #[test]
    fn what_inflates_without_end_is_refused() {
        let mut deflated = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::Write::write_all(&mut deflated, &vec![1; 4 << 20]).unwrap();
        let deflated = deflated.finish().unwrap();
        let head = [0x1c84_9314_u32.to_be_bytes(), (deflated.len() as u32).to_be_bytes()].concat();
        let bomb = format!("\"{}\"", BASE64_STANDARD.encode([head, deflated].concat()));
        assert!(refused(&bomb).contains("more than 1048576 bytes"));
    }

    proptest! {
        #[test]
        fn what_was_recorded_survives(
            digits in 1..=3_u8,
            recorded in proptest::collection::vec((0..60_000_000_000_u64, 1..1_u64 << 40), 0..40),
        ) {
            let mut histogram = Histogram::new_with_bounds(1, 60_000_000_000, digits).unwrap();
            for (value, times) in recorded {
                histogram.record_n(value, times).unwrap();
            }
            let stored = serde_json::to_string(&LosslessHistogram::from(histogram.clone())).unwrap();
            prop_assert_eq!(&*serde_json::from_str::<LosslessHistogram>(&stored).unwrap(), &histogram);
        }

        #[test]
        fn counts_of_any_bytes_are_read_or_refused(
            counts in proptest::collection::vec(prop_oneof![any::<u8>(), Just(0xff), Just(0x80)], 0..60),
            digits in 0..7_u32,
            missing in -2..2_i32,
        ) {
            let claimed = (counts.len() as i32 + missing).max(0) as u32;
            if let Ok(read) = serde_json::from_str::<LosslessHistogram>(&stored(&counts, claimed, digits)) {
                let sum: u64 = read.iter_recorded().map(|value| value.count_at_value()).sum();
                prop_assert_eq!(sum, read.len());
            }
        }
    }

    #[test]
    fn garbage_is_an_error() {
        for garbage in ["\"\"", "\"!!\"", "\"AAAA\"", "17"] {
            assert!(serde_json::from_str::<LosslessHistogram>(garbage).is_err(), "{garbage}");
        }
    }
}
