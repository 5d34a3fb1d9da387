//! A client's own signal to the server, and what acknowledges it: the way up, beside the stream of updates. One that says when it was due
//! is itself an update, for all who have the topic.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::update::whole;

/// A signal: `{"id":7,"data":<JSON>}`, or `{"id":7,"due_ns":123456789012345,"data":<JSON>}`, as a text message or the body of a `POST`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signal<'a> {
    /// Chosen by the client, to know the acknowledgement by.
    pub id: u64,
    /// When it was due to be said, in nanoseconds of [`crate::clock`], if the server is to hand it on as an update.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_ns: Option<u64>,
    /// Carried, never interpreted.
    #[serde(borrow)]
    pub data: &'a RawValue,
}

/// What a signal is answered: `{"id":7,"received_ns":123456789012345}`, with `"seq":17` in it where it became an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// The signal's.
    #[serde(deserialize_with = "whole")]
    pub id: u64,
    /// When the server had read it, in nanoseconds of [`crate::clock`].
    #[serde(deserialize_with = "whole")]
    pub received_ns: u64,
    /// Which update of its topic it became.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
}

impl Ack {
    /// Reads one; nothing if it is something else.
    pub fn parse(text: &[u8]) -> Option<Self> {
        serde_json::from_slice(text).ok()
    }
}

/// Something that is no signal.
#[derive(Debug, thiserror::Error)]
#[error("not a signal such as {{\"id\":7,\"data\":\"hello\"}}: {0}")]
pub struct MalformedSignal(#[from] serde_json::Error);

impl<'a> Signal<'a> {
    /// Reads one.
    pub fn parse(text: &'a [u8]) -> Result<Self, MalformedSignal> {
        Ok(serde_json::from_slice(text)?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_signal_is_read_and_its_data_left_as_it_is() {
        let signal = Signal::parse(br#"{"id":7,"data":{"a": [1, null]}}"#).unwrap();
        assert_eq!((signal.id, signal.data.get()), (7, r#"{"a": [1, null]}"#));
    }

    #[test]
    fn what_is_no_signal_is_refused_with_an_example_and_the_reason() {
        for text in [
            "",
            "hello",
            "{}",
            r#"{"id":-1,"data":1}"#,
            r#"{"id":1}"#,
            r#"{"id":1,"data":1,"x":1}"#,
            r#"{"id":1,"data":}"#,
        ] {
            let message = Signal::parse(text.as_bytes()).unwrap_err().to_string();
            assert!(message.starts_with(r#"not a signal such as {"id":7,"data":"hello"}: "#), "{text}: {message}");
        }
    }

    #[test]
    fn an_acknowledgement_is_read_from_any_encoder_of_json() {
        for text in [
            r#"{"id": 7, "received_ns": 9}"#,
            r#"{"at":"now","received_ns":9.0,"id":7}"#,
            "{\"id\":7,\"received_ns\":9}\r\n",
        ] {
            assert_eq!(Ack::parse(text.as_bytes()), Some(Ack { id: 7, received_ns: 9, seq: None }), "{text}");
        }
        assert_eq!(Ack::parse(br#"{"id":7}"#), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            id in any::<u64>(),
            received_ns in any::<u64>(),
            said in ".{0,40}",
            [due_ns, seq] in any::<[Option<u64>; 2]>(),
        ) {
            let data = serde_json::value::to_raw_value(&said).unwrap();
            let text = serde_json::to_vec(&Signal { id, due_ns, data: &data }).unwrap();
            let read = Signal::parse(&text).unwrap();
            prop_assert_eq!((read.id, read.due_ns, read.data.get()), (id, due_ns, data.get()));
            prop_assert_eq!(Ack::parse(&text), None, "a signal is no acknowledgement");
            let ack = Ack { id, received_ns, seq };
            let text = serde_json::to_vec(&ack).unwrap();
            prop_assert_eq!(Ack::parse(&text), Some(ack));
            prop_assert!(Signal::parse(&text).is_err(), "nor the other way round");
        }

        #[test]
        fn no_text_panics(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Signal::parse(&text);
        }
    }
}
