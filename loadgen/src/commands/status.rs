//! How a command came out, and the exit status that says so.

use std::process::ExitCode;

use reports::Validity;

use crate::output::say;

/// Failed, or interrupted.
pub(super) const FAILED: u8 = 1;
/// What was asked for cannot be done.
pub(super) const USAGE: u8 = 2;
/// Done, but some point is void, or updates were missed.
pub(super) const FLAWED: u8 = 3;
/// A gate found head worse than base.
pub(super) const WORSE: u8 = 4;

/// How measuring came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// As [`reports`] judges what was written.
    Judged(Validity),
    /// Ended before a single run was finished; nothing was kept.
    Nothing,
}

/// Runs what waits on sockets and timers.
pub(super) fn in_runtime(work: impl Future<Output = ExitCode>) -> ExitCode {
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(work),
        Err(error) => fail(&anyhow::Error::new(error).context("cannot start a runtime"), FAILED),
    }
}

/// The status of what was measured; of an error, the one given.
pub(super) fn ended(outcome: anyhow::Result<Outcome>, status_of_error: u8) -> ExitCode {
    match outcome {
        Ok(Outcome::Judged(Validity::Valid)) => ExitCode::SUCCESS,
        Ok(Outcome::Judged(Validity::Flawed)) => ExitCode::from(FLAWED),
        Ok(Outcome::Judged(Validity::Failed) | Outcome::Nothing) => ExitCode::from(FAILED),
        Err(error) => fail(&error, status_of_error),
    }
}

/// The status of what can only fail because of what was asked for.
pub(super) fn done(done: anyhow::Result<()>) -> ExitCode {
    done.map_or_else(|error| fail(&error, USAGE), |()| ExitCode::SUCCESS)
}

/// Says what went wrong.
pub(super) fn fail(error: &anyhow::Error, status: u8) -> ExitCode {
    say(&format!("error: {error:#}"));
    ExitCode::from(status)
}
