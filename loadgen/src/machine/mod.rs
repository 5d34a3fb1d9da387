//! What is asked of the machine: what it is and may hold, what a process uses, which program is which, which processors are whose and where they lie, who keeps processors busy, who interrupts, what day it is.

pub mod calendar;
pub mod cgroup;
pub mod doctor;
pub mod interrupt;
pub mod loops;
pub mod pinning;
pub mod program;
mod topology;
pub mod usage;
