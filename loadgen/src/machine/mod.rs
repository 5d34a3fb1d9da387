//! What is asked of the machine: what it is and may hold, what a process uses, which processors are whose, who interrupts.

pub mod doctor;
pub mod interrupt;
pub mod pinning;
pub mod usage;
