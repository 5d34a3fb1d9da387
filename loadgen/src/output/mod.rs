//! What the user sees while it works, and what stays on disk.

use std::io::{self, Write};

use anyhow::Context;

pub mod folder;
pub mod manifest;
pub mod progress;

pub use server::stderr::say;

/// Prints to stdout. A reader that has had enough (`| head`) is no error.
pub fn print(text: &str) -> anyhow::Result<()> {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed.context("cannot write to stdout"),
    }
}
