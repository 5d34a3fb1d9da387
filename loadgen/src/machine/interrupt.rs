//! Ctrl-C and SIGTERM: the first ends the sweep in order, the second at once.

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The exit status of a process that Ctrl-C ended, by the shell's convention.
const STATUS_SIGINT: i32 = 130;

/// A token that is cancelled by the first SIGINT or SIGTERM. A second one ends the process; servers end with it.
pub fn token() -> anyhow::Result<CancellationToken> {
    let token = CancellationToken::new();
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    tokio::spawn({
        let token = token.clone();
        async move {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                if token.is_cancelled() {
                    std::process::exit(STATUS_SIGINT);
                }
                token.cancel();
            }
        }
    });
    Ok(token)
}
