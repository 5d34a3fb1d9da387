//! What is done to clients in the middle of a run, and the wait until they have recovered.

use std::time::Duration;

use anyhow::{Context, anyhow};
use protocol::{
    clock::{self, ns},
    control::Window,
    results::Disturbance,
};

use super::{
    account::Storm,
    phase::Halt,
    server::Server,
    server_process::{Launch, ServerProcess},
    session::Session,
};
use crate::{clients::worker::Worker, machine::usage::cpu_between};

/// The disturbance comes when a quarter of the measure phase has passed: before it all is as in any run.
const AFTER: u64 = 4;

impl Session<'_> {
    /// Disturbs all clients, and waits until all are current again or the measure phase is over.
    pub(super) async fn disturb(
        &mut self,
        disturbance: Disturbance,
        first_due_ns: u64,
        window: Window,
    ) -> Result<(), Halt> {
        self.wait(window.from_ns + (window.to_ns - window.from_ns) / AFTER, |_| false).await?;
        let before = self.gathered.server_cpu()?;
        let at_ns = clock::now_ns();
        self.disturbed.set(at_ns);
        let at_ns = match disturbance {
            Disturbance::Drop => {
                self.workers.iter().for_each(Worker::drop_all);
                at_ns
            }
            Disturbance::Restart => {
                self.restart(first_due_ns, window).await?;
                at_ns
            }
            Disturbance::Outage => self.cut(at_ns).await?,
        };
        self.wait(window.to_ns, |session| session.current() >= session.ready()).await?;
        let server_cpu = before.zip(self.gathered.server_cpu()?).map(|(before, after)| cpu_between(before, after));
        self.gathered.storm = Some(Storm { disturbance, at_ns, until_ns: clock::now_ns(), server_cpu });
        Ok(())
    }

    /// Has the link take every packet away, and waits until that is over; gives when it was.
    async fn cut(&mut self, at_ns: u64) -> Result<u64, Halt> {
        let link = self.link.as_ref().zip(self.sweep.scenario.outage_s);
        let (link, outage_s) = link.context("there is no link to be cut")?;
        link.outage(Duration::from_secs_f64(outage_s));
        let over_ns = at_ns + ns(outage_s);
        self.wait(over_ns, |_| false).await?;
        self.workers.iter().for_each(Worker::outlasted);
        Ok(over_ns)
    }

    /// Kills the server, and starts one in its place that has published what was due by then before it takes clients.
    async fn restart(&mut self, first_due_ns: u64, window: Window) -> Result<(), Halt> {
        let Some(Server::Own(mut old)) = self.server.take() else {
            return Err(anyhow!("the server is not ours to restart").into());
        };
        let before = self.gathered.before()?;
        old.kill().await?;
        // A server begins where its parent may run, and is the same server as before.
        self.keep_apart(false)?;
        let mut server = ServerProcess::start(&Launch::of(self.sweep, &self.planned, Some(&old))).await?;
        self.keep_apart(true)?;
        self.gathered.follow(server.pid, before)?;
        let published = server.publish(first_due_ns, Some(window)).await;
        self.server = Some(Server::Own(server.into()));
        Ok(published?)
    }
}
