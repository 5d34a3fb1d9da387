//! The publisher: a thread of its own that publishes each update when it is due, and accounts for its lateness.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

use anyhow::Context;
use protocol::{
    clock::{self, NS_PER_SEC},
    control::{Published, Window},
};
use tokio::sync::oneshot;

use super::{
    fault::Misbehaviour,
    hub::Hub,
    sleep::{sleep_precisely, sleep_until},
    source::Source,
};
use crate::metrics::Metrics;

/// A sleep is never longer than this, so that the thread ends soon when told to.
const NAP_NS: u64 = 50_000_000;

/// From when to when to publish, and what to account for.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// When the first update is due.
    pub first_due_ns: u64,
    /// The window to account for. Publication ends with it; without one it has no end.
    pub window: Option<Window>,
}

/// A publisher: its thread is there, if only asleep, until this is dropped.
#[derive(Debug)]
pub struct Publisher {
    stop: Arc<AtomicBool>,
    caught_up: Option<oneshot::Receiver<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Publisher {
    /// Starts publishing. `published` is called once with the account, when the window has passed.
    pub fn start(
        source: Source,
        span: Span,
        hub: Arc<Hub>,
        metrics: Arc<Metrics>,
        faults: Misbehaviour,
        published: impl FnOnce(Published) + Send + 'static,
    ) -> anyhow::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (sender, caught_up) = oneshot::channel();
        let mut work = Work { source, span, hub, metrics, faults, stop: Arc::clone(&stop), caught_up: Some(sender) };
        let thread = std::thread::Builder::new()
            .name("publisher".to_owned())
            .spawn(move || {
                if let Some(account) = work.run() {
                    published(account);
                }
                // Its processor time is read from outside when the window has passed, and would be lost with the thread.
                while !work.stop.load(Ordering::Relaxed) {
                    std::thread::park();
                }
            })
            .context("cannot start the publisher's thread")?;
        Ok(Self { stop, caught_up: Some(caught_up), thread: Some(thread) })
    }

    /// Waits until everything that was due has been published.
    pub async fn caught_up(&mut self) {
        if let Some(caught_up) = self.caught_up.take() {
            // Stopped before, it will publish nothing.
            let _ = caught_up.await;
        }
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A panic has been printed by its thread; there is nothing to add.
            let _ = thread.join();
        }
    }
}

struct Work {
    source: Source,
    span: Span,
    hub: Arc<Hub>,
    metrics: Arc<Metrics>,
    faults: Misbehaviour,
    stop: Arc<AtomicBool>,
    caught_up: Option<oneshot::Sender<()>>,
}

impl Work {
    /// Publishes until the window has passed (then gives the account) or it is stopped (then none).
    fn run(&mut self) -> Option<Published> {
        sleep_precisely();
        let window = self.span.window;
        let mut account = Account::new();
        loop {
            let due_ns = self.span.first_due_ns.saturating_add(self.source.advance());
            let ends = window.is_some_and(|window| due_ns >= window.to_ns);
            let publish_ns = self.faults.publish_at_ns(self.span.first_due_ns, due_ns);
            let wake_ns = window.filter(|_| ends).map_or(publish_ns, |window| window.to_ns);
            if clock::now_ns() < wake_ns
                && let Some(caught_up) = self.caught_up.take()
            {
                // Perhaps nobody waits for it.
                let _ = caught_up.send(());
            }
            if !self.sleep_until(wake_ns) {
                return None;
            }
            if ends {
                return Some(account.close(self.metrics.writes()));
            }
            let now_ns = clock::now_ns();
            let late_ns = now_ns.saturating_sub(due_ns);
            self.metrics.publisher_lateness.observe(late_ns as f64 / NS_PER_SEC as f64);
            if window.is_some_and(|window| window.contains(due_ns)) {
                account.add(self.hub.newest() + 1, late_ns, &self.metrics);
            }
            self.hub.publish(|seq, line| {
                self.source.encode_into(seq, due_ns, line);
                self.faults.pass_on(now_ns, line);
            });
        }
    }

    /// Sleeps until then; false if told to stop.
    fn sleep_until(&self, due_ns: u64) -> bool {
        while !self.stop.load(Ordering::Relaxed) {
            let now_ns = clock::now_ns();
            if now_ns >= due_ns {
                return true;
            }
            sleep_until(due_ns.min(now_ns + NAP_NS));
        }
        false
    }
}

/// The account of a window as it builds up.
struct Account {
    first_seq: u64,
    lateness_ns: Vec<u64>,
    writes_before: u64,
}

impl Account {
    fn new() -> Self {
        Self { first_seq: 0, lateness_ns: Vec::new(), writes_before: 0 }
    }

    fn add(&mut self, seq: u64, late_ns: u64, metrics: &Metrics) {
        if self.lateness_ns.is_empty() {
            self.first_seq = seq;
            self.writes_before = metrics.writes();
        }
        self.lateness_ns.push(late_ns);
    }

    fn close(self, writes: u64) -> Published {
        Published {
            first_seq: self.first_seq,
            updates: self.lateness_ns.len() as u64,
            writes: if self.lateness_ns.is_empty() { 0 } else { writes - self.writes_before },
            lateness_ns: self.lateness_ns,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use protocol::{results::Arrivals, wire};

    use super::*;
    use crate::stream::{hub::History, schedule::Schedule};

    #[test]
    fn the_account_covers_the_window_and_nothing_else() {
        let hub = Hub::new(History::new(10_000, 1 << 24), 1);
        let schedule = Schedule::new(Arrivals::Constant, 1_000.0, 0);
        let first_due_ns = clock::now_ns();
        let window = Window { from_ns: first_due_ns + 50_000_000, to_ns: first_due_ns + 150_000_000 };
        let (sender, published) = mpsc::channel();
        let publisher = Publisher::start(
            Source::Synthetic { schedule, payload_bytes: 64 },
            Span { first_due_ns, window: Some(window) },
            Arc::clone(&hub),
            Arc::default(),
            Misbehaviour::default(),
            move |account| sender.send(account).unwrap(),
        )
        .unwrap();
        let account = published.recv().unwrap();
        drop(publisher);
        assert_eq!((account.first_seq, account.updates), (51, 100));
        assert_eq!(account.lateness_ns.len(), 100);
        let lines = hub.after(50).unwrap().lines();
        let due: Vec<u64> = wire::updates(&lines).map(|update| update.unwrap().due_ns).collect();
        assert!(due.len() == 100 && due.iter().all(|due_ns| window.contains(*due_ns)), "{due:?}");
    }
}
