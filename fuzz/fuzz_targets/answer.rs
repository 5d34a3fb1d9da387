//! Answers to polls as the generator reads them: a body lies in what was read, and a part of an answer asks for more.
#![no_main]

use libfuzzer_sys::fuzz_target;
use loadgen::clients::transports::{answer::front, inbox::Front};

fuzz_target!(|bytes: &[u8]| {
    match front(bytes) {
        Ok(Front::Whole(answer, end)) => {
            assert!(answer.body.start <= answer.body.end && answer.body.end == end && end <= bytes.len());
            for cut in [0, 1, end / 2, end - 1] {
                assert!(!matches!(front(&bytes[..cut]), Ok(Front::Whole(..))), "whole already at {cut} of {end}");
            }
        }
        Ok(Front::Needs(more)) => assert!(more > bytes.len()),
        Err(_) => {}
    }
});
