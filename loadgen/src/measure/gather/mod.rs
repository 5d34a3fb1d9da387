//! What is gathered in the course of a run, and the run that comes of it.

mod clients;
mod gathered;
mod into_run;
mod merged;

pub(super) use gathered::Gathered;
