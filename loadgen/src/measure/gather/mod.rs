//! What is gathered in the course of a run, and the run that comes of it.

mod clients;
mod gathered;
mod held;
mod into_run;
mod merged;
mod numbers;
mod own;
mod timeline;

pub(super) use gathered::Gathered;
