//! Ctrl-C and whatever else asks for an end: the first time the sweep ends in order, the second at once.

use anyhow::Context;
use rustix::process::Signal;
use server::stop::StopSignals;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The exit status of a process that a signal ended is that much more than its number, by the shell's convention.
const STATUS_SIGNALLED: i32 = 128;

/// A token that is cancelled by the first SIGINT, SIGTERM, SIGHUP or SIGQUIT. A second one ends the process; servers end
/// with it.
pub fn token() -> anyhow::Result<CancellationToken> {
    let token = CancellationToken::new();
    let mut signals = StopSignals::listen().context("cannot listen for signals")?;
    // A limit on the size of files (`ulimit -f`) is then an error of the write that meets it, and not the end.
    let _caught = signal(SignalKind::from_raw(Signal::XFSZ.as_raw())).context("cannot listen for signals")?;
    tokio::spawn({
        let token = token.clone();
        async move {
            loop {
                let (_, number) = signals.next().await;
                if token.is_cancelled() {
                    std::process::exit(STATUS_SIGNALLED + number);
                }
                token.cancel();
            }
        }
    });
    Ok(token)
}
