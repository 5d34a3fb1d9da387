//! Results in, from a folder or a page that carries them; files for people out: the terminal summary, `report.html`, `summary.md`,
//! `runs.csv`.
//!
//! No sockets, no async, no clock, and nothing of the load generator: the results folder is the boundary.
//! Whatever is shown is derived here, each time it is read, from what was observed.
//!
//! From the folder up: `read`, `points` (whose runs, under which load), `metrics` (read off a run), `validity` (what is
//! void), `compare` (ratios), `table`, `judge` (claims, changes, gates), `figures`, `pages`. None uses what stands above.

pub mod compare;
mod figures;
pub mod fixture;
mod judge;
mod metrics;
mod noise;
mod pages;
mod points;
mod read;
mod table;
mod theory;
mod validity;
mod words;

pub use judge::{
    Asked, Between, Change, Claim, Claims, Fault, Figure, Found, GATED, Gate, Gated, Goal, Judged, JudgedThreshold,
    Limit, Limits, Look, Next, Plan, Round, Ruling, Seeker, Standing, Threshold, Thresholds, Unmeasured,
    between::between, claims::claims, thresholds,
};
pub use metrics::other_work;
pub use pages::{
    IndexError, WriteError, Written, summary_table, write::write, write_changes, write_index, write_page, write_whole,
};
pub use read::{
    Difference, LoadError, PoolError, Results, Text, Unlike, load::load, load_pooled, manifest_text, pool::pool,
    run_line,
};
pub use validity::{AtOnce, IDLE_GAP_S, LagAt, LinkAt, Severity, UPDATES_BEFORE, Validity, Warning, warnings};
pub use words::{command_without_secrets, url_without_secrets};
