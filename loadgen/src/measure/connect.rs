//! The connect phase: until every client is ready, or it is known that so many will not be that nothing can be measured.

use std::cell::Cell;

use anyhow::anyhow;
use protocol::clock::{self, NS_PER_SEC};

use super::{after_s, phase::Halt, server::Server, session::Session};
use crate::machine::doctor::Descriptors;

/// The workers give up by themselves; that they have is looked for a little longer.
const SLACK_S: f64 = 1.0;
/// Where no client became ready for so long, it is looked whether the server is full, and no more often.
const STILL_NS: u64 = NS_PER_SEC;
/// Clients that come slowly have not come for less than this, for TCP tries again after 1, 2, 4 and 8 s; nor for half of the time
/// that they had.
const SLOW_NS: u64 = 10 * NS_PER_SEC;

impl Session<'_> {
    /// Starts the workers, and waits. Clients that are refused come again meanwhile.
    pub(super) async fn connect(&mut self) -> Result<(), Halt> {
        let scenario = self.sweep.scenario;
        let clients = u64::from(self.planned.point.load.clients);
        let may_be_absent = (clients as f64 * scenario.absent_max_percent / 100.0) as u64;
        let patience_s = clients as f64 / f64::from(scenario.connect_rate) + scenario.connect_grace_s;
        self.start_workers(after_s(patience_s))?;
        let growth = Growth::new();
        self.wait(after_s(patience_s + SLACK_S), |session| {
            let (ready, failed) = (session.ready(), session.failed());
            let is_still = growth.is_still(ready);
            let too_few = ready + may_be_absent < clients;
            ready + failed >= clients || failed > may_be_absent || (too_few && is_still && session.full().is_some())
        })
        .await?;
        let (ready_clients, failed) = (self.ready(), self.failed());
        if ready_clients + may_be_absent >= clients {
            return Ok(());
        }
        let refused = failed + self.trying_again();
        let what = format!("{} of {clients} clients could not connect", refused.max(1));
        let ready = format!("only {ready_clients} of {clients} clients were ready");
        Err(match self.full() {
            Some(server) => Halt::Failed(anyhow!(
                "{ready}: {server}; raise its limit where it is started (`ulimit -n`), or ask for fewer clients"
            )),
            None if is_slow(ready_clients, growth.stands_for_ns(), (patience_s * 1e9) as u64) => {
                Halt::Short { what, otherwise: format!("{ready} in time; lower --connect-rate") }
            }
            None => Halt::Short {
                what,
                otherwise: format!(
                    "{ready} in time; the server did not answer the others: look what keeps it, or lengthen --connect-grace"
                ),
            },
        })
    }

    /// The server's descriptors, if it has none left to take a connection with.
    fn full(&self) -> Option<Descriptors> {
        let pid = match &self.server {
            Some(Server::Own(server)) => Some(server.pid),
            Some(Server::Guarded(_)) => self.gathered.first_pid(),
            None => self.sweep.target?.health.as_ref().map(|health| health.pid),
        }?;
        Descriptors::of(pid).filter(|found| found.are_used_up())
    }
}

/// How the number of ready clients grows.
struct Growth {
    ready: Cell<u64>,
    grew_ns: Cell<u64>,
    looked_ns: Cell<u64>,
}

impl Growth {
    fn new() -> Self {
        let now_ns = clock::now_ns();
        Self { ready: Cell::new(0), grew_ns: now_ns.into(), looked_ns: now_ns.into() }
    }

    /// Whether it stands still, once in a while.
    fn is_still(&self, ready: u64) -> bool {
        let now_ns = clock::now_ns();
        if ready > self.ready.replace(ready) {
            self.grew_ns.set(now_ns);
            self.looked_ns.set(now_ns);
        }
        let is_due = now_ns - self.looked_ns.get() >= STILL_NS;
        if is_due {
            self.looked_ns.set(now_ns);
        }
        is_due
    }

    /// For how long it has not grown.
    fn stands_for_ns(&self) -> u64 {
        clock::now_ns() - self.grew_ns.get()
    }
}

/// Whether clients were still coming when their time was over, so that a lower pace would help.
fn is_slow(ready: u64, stands_for_ns: u64, patience_ns: u64) -> bool {
    ready > 0 && stands_for_ns < SLOW_NS.min(patience_ns / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_where_clients_still_come_is_the_pace_the_cause() {
        let s = NS_PER_SEC;
        assert!(is_slow(3, s, 30 * s) && is_slow(3, 9 * s, 30 * s));
        assert!(!is_slow(0, s, 30 * s), "nobody was ever answered");
        assert!(!is_slow(3, 10 * s, 30 * s) && !is_slow(3, s, 2 * s), "nobody has come for long");
    }
}
