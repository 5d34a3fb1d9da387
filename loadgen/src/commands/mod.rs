//! What loadgen can do: a file or a folder a command, each with its options and its `run`.

pub mod capacity;
pub mod cases;
pub mod compare;
pub mod doctor;
pub mod gate;
pub mod guard;
pub mod link;
pub mod live;
pub mod prove;
pub mod report;
pub mod run;
pub mod scenarios;
pub mod serve;
mod status;
