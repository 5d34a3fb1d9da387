//! What a sweep leaves on disk: `manifest.json`, then one [`Run`] a line in `runs.jsonl`.
//!
//! Only what was observed is stored. Percentiles, ratios, verdicts and warnings are derived by whoever reads.

mod audience;
mod disturbance;
mod histogram;
mod load;
mod manifest;
mod path;
mod run;
mod search;
mod stored;
mod usage;

pub use audience::{Audience, UnknownAudience};
pub use disturbance::{Disturbance, Recovery, Signals};
pub use histogram::LosslessHistogram;
pub use load::{Arrivals, Load, Point, Stream};
pub use manifest::{Also, Goal, Limits, Machine, Manifest, Peer, Pinning, Polls, Publish, Scenario, Speakers};
pub use path::{LinkUsage, Path, RoundTrip};
pub use run::{
    Counts, Expectation, Failure, FanOut, Phases, Polling, Pushed, Run, Slice, StreamAccount, TlsHandshakes, Traffic,
};
pub use search::{Search, SearchAxis, Trial};
pub use usage::{Cpu, GeneratorUsage, MachineUsage, MemorySample, Plateaus, ServerUsage, TcpUsage, TimelineSample};

/// The version of the files' form. A reader refuses every other.
pub const SCHEMA_VERSION: u32 = 1;

/// `manifest.json`
pub const MANIFEST_FILE: &str = "manifest.json";
/// `runs.jsonl`
pub const RUNS_FILE: &str = "runs.jsonl";
