//! The publisher: a thread of its own that publishes each update when it is due, wherever it goes, and accounts for its lateness.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

use anyhow::Context;
use protocol::{
    clock,
    control::{Published, Window},
};
use tokio::sync::oneshot;

use super::{
    sleep::{sleep_precisely, sleep_until},
    source::Source,
};

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

/// An update that is due.
#[derive(Debug, Clone, Copy)]
pub struct Due<'a> {
    /// Its place in the stream.
    pub seq: u64,
    /// When it was due.
    pub due_ns: u64,
    /// What time it is.
    pub now_ns: u64,
    /// What writes it.
    pub source: &'a Source,
}

/// Where updates go: into the hub of this server, or to a server of others.
pub trait Outlet {
    /// Publishes an update. After an error there will be no other.
    fn publish(&mut self, due: Due<'_>) -> anyhow::Result<()>;

    /// How often anything was written to a client so far, where that is known.
    fn writes(&self) -> u64 {
        0
    }

    /// When an update is published: when it is due, but for what is late on purpose.
    fn publish_at_ns(&self, _first_due_ns: u64, due_ns: u64) -> u64 {
        due_ns
    }
}

/// A publisher: its thread is there, if only asleep, until this is dropped.
#[derive(Debug)]
pub struct Publisher {
    stop: Arc<AtomicBool>,
    caught_up: Option<oneshot::Receiver<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Publisher {
    /// Starts publishing. `outlet` makes where to, on the publisher's thread; `published` is called once, when the window has passed, with the account; or before, with why there is none.
    pub fn start<O: Outlet>(
        source: Source,
        span: Span,
        outlet: impl FnOnce() -> anyhow::Result<O> + Send + 'static,
        published: impl FnOnce(anyhow::Result<Published>) + Send + 'static,
    ) -> anyhow::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (sender, caught_up) = oneshot::channel();
        let told = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("publisher".to_owned())
            .spawn(move || {
                let work = |outlet| Work { source, span, outlet, stop: &told, caught_up: Some(sender) }.run();
                if let Some(account) = outlet().and_then(work).transpose() {
                    published(account);
                }
                // Its processor time is read from outside when the window has passed, and would be lost with the thread.
                while !told.load(Ordering::Relaxed) {
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

struct Work<'a, O> {
    source: Source,
    span: Span,
    outlet: O,
    stop: &'a AtomicBool,
    caught_up: Option<oneshot::Sender<()>>,
}

impl<O: Outlet> Work<'_, O> {
    /// Publishes until the window has passed (then gives the account) or it is stopped (then none).
    fn run(mut self) -> anyhow::Result<Option<Published>> {
        sleep_precisely();
        let window = self.span.window;
        let mut account = Account::new();
        for seq in 1.. {
            let due_ns = self.span.first_due_ns.saturating_add(self.source.advance());
            let ends = window.is_some_and(|window| due_ns >= window.to_ns);
            let publish_ns = self.outlet.publish_at_ns(self.span.first_due_ns, due_ns);
            let wake_ns = window.filter(|_| ends).map_or(publish_ns, |window| window.to_ns);
            if clock::now_ns() < wake_ns
                && let Some(caught_up) = self.caught_up.take()
            {
                // Perhaps nobody waits for it.
                let _ = caught_up.send(());
            }
            if !self.sleep_until(wake_ns) {
                return Ok(None);
            }
            if ends {
                return Ok(Some(account.close(self.outlet.writes())));
            }
            let now_ns = clock::now_ns();
            if window.is_some_and(|window| window.contains(due_ns)) {
                account.add(seq, now_ns.saturating_sub(due_ns), &self.outlet);
            }
            self.outlet.publish(Due { seq, due_ns, now_ns, source: &self.source })?;
        }
        Ok(None)
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

    fn add(&mut self, seq: u64, late_ns: u64, outlet: &impl Outlet) {
        if self.lateness_ns.is_empty() {
            self.first_seq = seq;
            self.writes_before = outlet.writes();
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

    use protocol::results::Arrivals;

    use super::*;
    use crate::stream::schedule::Schedule;

    const GAP_NS: u64 = 1_000_000;

    struct Kept {
        published: mpsc::Sender<(u64, u64)>,
        fails_at: u64,
    }

    impl Outlet for Kept {
        fn publish(&mut self, Due { seq, due_ns, now_ns, .. }: Due<'_>) -> anyhow::Result<()> {
            assert!(now_ns >= due_ns);
            anyhow::ensure!(seq < self.fails_at, "refused");
            self.published.send((seq, due_ns)).map_err(Into::into)
        }
    }

    /// The account of the second tenth of a second, and what was published.
    fn published(fails_at: u64) -> (anyhow::Result<Published>, Window, Vec<(u64, u64)>) {
        let schedule = Schedule::new(Arrivals::Constant, 1e9 / GAP_NS as f64, 0);
        let first_due_ns = clock::now_ns();
        let window = Window { from_ns: first_due_ns + 50 * GAP_NS, to_ns: first_due_ns + 150 * GAP_NS };
        let ((sender, account), (published, seen)) = (mpsc::channel(), mpsc::channel());
        let publisher = Publisher::start(
            Source::Synthetic { schedule, payload_bytes: 64 },
            Span { first_due_ns, window: Some(window) },
            move || Ok(Kept { published, fails_at }),
            move |account| sender.send(account).unwrap(),
        )
        .unwrap();
        let account = account.recv().unwrap();
        drop(publisher);
        (account, window, seen.into_iter().collect())
    }

    #[test]
    fn the_account_covers_the_window_and_nothing_else() {
        let (account, window, published) = published(u64::MAX);
        let account = account.unwrap();
        assert_eq!((account.first_seq, account.updates, account.lateness_ns.len()), (51, 100, 100));
        let due: Vec<u64> = published.iter().map(|(_, due_ns)| *due_ns).collect();
        assert!(published.iter().map(|(seq, _)| *seq).eq(1..=150), "{published:?}");
        assert!(due[50..].iter().all(|due_ns| window.contains(*due_ns)) && !window.contains(due[49]), "{due:?}");
    }

    #[test]
    fn what_is_refused_is_the_end_and_no_account() {
        let (account, _, published) = published(70);
        assert_eq!((account.unwrap_err().to_string().as_str(), published.len()), ("refused", 69));
    }
}
