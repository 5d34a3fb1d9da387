//! Criterion benches of pushbench itself; see `benches/`, one file a subject.
