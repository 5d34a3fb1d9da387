//! A latency histogram that survives the disk: every bucket, no percentiles.

use std::ops::Deref;

use base64::{Engine, prelude::BASE64_STANDARD};
use hdrhistogram::{
    Histogram,
    serialization::{Deserializer as HdrReader, Serializer as _, V2DeflateSerializer},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};

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
        HdrReader::new()
            .deserialize(&mut bytes.as_slice())
            .map(Self)
            .map_err(|error| D::Error::custom(format!("histogram: {error:?}")))
    }
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn garbage_is_an_error() {
        for garbage in ["\"\"", "\"!!\"", "\"AAAA\"", "17"] {
            assert!(serde_json::from_str::<LosslessHistogram>(garbage).is_err(), "{garbage}");
        }
    }
}
