//! What the user sees while it works, and what stays on disk.

pub mod folder;
pub mod manifest;
pub mod show;
