//! What goes to stderr, a log and the last word. That nobody reads it (any more) is no error.

use std::{
    env,
    io::{self, Write as _},
};

use anstream::{AutoStream, ColorChoice};
use tracing_subscriber::{filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Says something, if anybody listens.
pub fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Logs from now on what `RUST_LOG` asks for, or else `filter`; coloured if stderr may be.
pub fn log(filter: &str) {
    let asked = env::var("RUST_LOG").ok().filter(|asked| !asked.is_empty());
    let targets = asked.as_deref().unwrap_or(filter).parse().unwrap_or_else(|error| {
        say(&format!(
            "RUST_LOG: {error}; logging {filter}: it takes a level, or a list such as server=debug,hyper=warn"
        ));
        filter.parse::<Targets>().unwrap_or_default()
    });
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(AutoStream::choice(&io::stderr()) != ColorChoice::Never)
        // Or what cannot be written is complained of on stderr, which ends a thread if that is closed.
        .log_internal_errors(false);
    tracing_subscriber::registry().with(layer).with(targets).init();
}
