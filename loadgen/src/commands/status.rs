//! How a command came out, and the exit status that says so.

use std::process::ExitCode;

use reports::{Standing, Validity};

use crate::output::say;

/// Failed, or interrupted.
pub(super) const FAILED: u8 = 1;
/// What was asked for cannot be done.
pub(super) const USAGE: u8 = 2;
/// Done, but some point is void, updates were missed, or a threshold is undecided.
pub(super) const FLAWED: u8 = 3;
/// A gate found head worse than base, or a threshold failed.
pub(super) const WORSE: u8 = 4;

/// How measuring came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// As [`reports`] judges what was written, and where its thresholds stand.
    Judged(Validity, Standing),
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
        Ok(outcome) => ExitCode::from(status(outcome)),
        Err(error) => fail(&error, status_of_error),
    }
}

/// That something failed goes before a threshold, and that before what is void or undecided.
fn status(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Judged(Validity::Failed, _) | Outcome::Nothing => FAILED,
        Outcome::Judged(_, Standing::Over) => WORSE,
        Outcome::Judged(Validity::Flawed, _) | Outcome::Judged(_, Standing::Open) => FLAWED,
        Outcome::Judged(Validity::Valid, Standing::Within) => 0,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_goes_before_four_and_four_before_three() {
        let standings = [Standing::Within, Standing::Open, Standing::Over];
        let of = |validity| standings.map(|standing| status(Outcome::Judged(validity, standing)));
        assert_eq!(of(Validity::Valid), [0, 3, 4]);
        assert_eq!(of(Validity::Flawed), [3, 3, 4]);
        assert_eq!(of(Validity::Failed), [1, 1, 1]);
        assert_eq!(status(Outcome::Nothing), 1);
    }
}
