//! Waiting in a run, while its workers work, and what ends that.

use std::time::Duration;

use protocol::clock;

use super::{LOOK_NS, Session};
use crate::measure::{
    others::Guarded,
    phase::{Halt, Phase},
    server::Server,
};

impl Session<'_> {
    /// Waits until `done`, or until then; samples the server meanwhile. Fails as soon as the server ends.
    pub(in crate::measure) async fn wait(&mut self, until_ns: u64, done: impl Fn(&Self) -> bool) -> Result<(), Halt> {
        loop {
            if self.sweep.interrupt.is_cancelled() {
                return Err(Halt::Interrupted);
            }
            if let Some(death) = self.death() {
                return Err(death.into());
            }
            let now_ns = clock::now_ns();
            if done(self) || now_ns >= until_ns {
                return Ok(());
            }
            let next_sample_ns = self.gathered.timeline_sample()?;
            self.sweep.progress.phase(&self.planned, &self.phase, &self.detail());
            // While updates flow, a look is work beside the workers', and is there only for the sample.
            let flows = matches!(self.phase, Phase::WarmUp | Phase::Measure);
            let look_ns = if flows { next_sample_ns } else { now_ns + LOOK_NS };
            let nap = Duration::from_nanos(look_ns.min(until_ns).saturating_sub(clock::now_ns()));
            tokio::select! {
                () = tokio::time::sleep(nap) => {}
                () = self.sweep.interrupt.cancelled() => {}
            }
        }
    }

    /// If the server has died, that is the reason, whatever failed first because of it.
    pub(in crate::measure) fn explain(&mut self, halt: Halt) -> Halt {
        match (halt, self.death()) {
            (Halt::Failed(_) | Halt::Short { .. }, Some(death)) => Halt::Failed(death),
            (halt, _) => halt,
        }
    }

    /// Why nothing more is to be hoped for, if so: the server has ended, or is not published to any more.
    fn death(&mut self) -> Option<anyhow::Error> {
        let death =
            self.proxy.as_mut().and_then(Guarded::death).or_else(|| self.server.as_mut().and_then(Server::death));
        let death = death.map(anyhow::Error::msg);
        death.or_else(|| self.publishing.as_mut()?.failure())
    }

    fn detail(&self) -> String {
        match self.phase {
            Phase::Connect => format!(" {}", self.ready()),
            _ => String::new(),
        }
    }
}
