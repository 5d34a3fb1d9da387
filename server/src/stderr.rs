//! What goes to stderr, a log and the last word. That nobody reads it (any more) is no error.

use std::io::{self, Write as _};

use anstream::{AutoStream, ColorChoice};
use tracing_subscriber::EnvFilter;

/// Says something, if anybody listens.
pub fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Logs from now on what `RUST_LOG` asks for, or else `filter`; coloured if stderr may be.
pub fn log(filter: &str) {
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(AutoStream::choice(&io::stderr()) != ColorChoice::Never)
        // Or what cannot be written is complained of on stderr, which ends a thread if that is closed.
        .log_internal_errors(false)
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| filter.into()))
        .init();
}
