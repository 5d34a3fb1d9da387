//! The publisher: a thread of its own that publishes each update when it is due, wherever it goes, and accounts for its lateness.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::JoinHandle,
};

use anyhow::{Context, anyhow};
use protocol::{
    clock,
    control::{Change, Published, Rescheduled, Window},
};
use tokio::sync::oneshot;

use super::{
    accounts::{self, Account, Accounts},
    changes::{Asked, Changes},
    sleep::{sleep_precisely, sleep_until},
    source::Source,
    span::Span,
};

/// A sleep is never longer than this, so that the thread ends soon when told to, and learns of changes.
const NAP_NS: u64 = 50_000_000;

/// An update that is due.
#[derive(Debug, Clone, Copy)]
pub struct Due<'a> {
    /// The number of its topic; absent where it is for all.
    pub topic: Option<u32>,
    /// Its place among the updates of its topic.
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

    /// When an update is to leave: when it is due, unless others are waited for.
    fn leaves_ns(&self, due_ns: u64) -> u64 {
        due_ns
    }

    /// Nothing further is to leave for now.
    fn flush(&mut self) {}

    /// When an update is published: when it is to leave, but for what is late on purpose.
    fn publish_at_ns(&self, _first_due_ns: u64, due_ns: u64) -> u64 {
        due_ns
    }
}

/// A publisher: its thread is there, if only asleep, until this is dropped.
#[derive(Debug)]
pub struct Publisher {
    stop: Arc<AtomicBool>,
    caught_up: Option<oneshot::Receiver<()>>,
    changes: mpsc::Sender<Asked>,
    accounts: mpsc::Sender<accounts::Asked>,
    thread: Option<JoinHandle<()>>,
}

impl Publisher {
    /// Starts publishing, unless a change that is known before cannot be made. `outlet` makes where to, on the publisher's thread; `published` is called once, when the window has passed, with the account; or before, with why there is none.
    pub fn start<O: Outlet>(
        mut source: Source,
        span: Span,
        outlet: impl FnOnce() -> anyhow::Result<O> + Send + 'static,
        published: impl FnOnce(anyhow::Result<Published>) + Send + 'static,
    ) -> anyhow::Result<Self> {
        for change in &span.changes {
            span.reschedule(&mut source, *change, 0).map_err(anyhow::Error::msg)?;
        }
        let stop = Arc::new(AtomicBool::new(false));
        let (sender, caught_up) = oneshot::channel();
        let told = Arc::clone(&stop);
        let ((changes, changes_asked), (accounts, accounts_asked)) = (mpsc::channel(), mpsc::channel());
        let thread = std::thread::Builder::new()
            .name("publisher".to_owned())
            .spawn(move || {
                let (mut changes, mut accounts) = (Changes::new(changes_asked), Accounts::new(accounts_asked));
                let work = |outlet| {
                    let (changes, accounts) = (&mut changes, &mut accounts);
                    Work { source, span, outlet, stop: &told, changes, accounts, caught_up: Some(sender) }.run()
                };
                if let Some(account) = outlet().and_then(work).transpose() {
                    published(account);
                }
                // Its processor time is read from outside when the window has passed, and would be lost with the thread.
                while !told.load(Ordering::Relaxed) {
                    changes.refuse();
                    accounts.refuse();
                    std::thread::park();
                }
            })
            .context("cannot start the publisher's thread")?;
        Ok(Self { stop, caught_up: Some(caught_up), changes, accounts, thread: Some(thread) })
    }

    /// Asks for a change of the schedule. `answer` is called on the publisher's thread: once its first update is about to be published,
    /// and so after whatever is due before; or with why there will be none. It is not called once this is dropped.
    pub fn reschedule(
        &self,
        change: Change,
        answer: impl FnOnce(Result<Rescheduled, String>) + Send + 'static,
    ) -> anyhow::Result<()> {
        let asked = Asked { change, answer: Box::new(answer) };
        self.changes.send(asked).map_err(|_| anyhow!("the publisher's thread has ended"))?;
        self.wake();
        Ok(())
    }

    /// Asks for the account of a window that is still to begin, of a stream that goes on. `answer` is called on the publisher's thread:
    /// once the window has passed, or with why there will be no account. It is not called once this is dropped.
    pub fn account(
        &self,
        window: Window,
        answer: impl FnOnce(Result<Published, String>) + Send + 'static,
    ) -> anyhow::Result<()> {
        let asked = accounts::Asked { window, answer: Box::new(answer) };
        self.accounts.send(asked).map_err(|_| anyhow!("the publisher's thread has ended"))?;
        self.wake();
        Ok(())
    }

    fn wake(&self) {
        if let Some(thread) = &self.thread {
            // Perhaps it has nothing left to publish, and sleeps for good.
            thread.thread().unpark();
        }
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
    changes: &'a mut Changes,
    accounts: &'a mut Accounts,
    caught_up: Option<oneshot::Sender<()>>,
}

/// What it is time for.
enum Now {
    /// To publish an update.
    Publish { due_ns: u64 },
    /// To give the account.
    Account,
    /// To end.
    Stop,
}

impl<O: Outlet> Work<'_, O> {
    /// Publishes until the window has passed (then gives the account) or it is stopped (then none).
    fn run(mut self) -> anyhow::Result<Option<Published>> {
        sleep_precisely();
        let mut account = self.span.window.map(Account::of);
        for index in 1.. {
            let due_ns = match self.wait() {
                Now::Publish { due_ns } => due_ns,
                Now::Account => return Ok(account.map(|account| account.close(self.outlet.writes()))),
                Now::Stop => return Ok(None),
            };
            self.source.advance();
            self.changes.begun(index, due_ns);
            let (topic, seq) = self.source.topic().map_or((None, index), |(topic, seq)| (Some(topic), seq));
            // After that, which may take its time.
            let now_ns = clock::now_ns();
            let late_ns = now_ns.saturating_sub(self.outlet.leaves_ns(due_ns));
            let writes = || self.outlet.writes();
            account.iter_mut().for_each(|account| account.add((topic, seq, due_ns), late_ns, writes));
            self.accounts.add((topic, seq, due_ns), late_ns, writes);
            self.outlet.publish(Due { topic, seq, due_ns, now_ns, source: &self.source })?;
        }
        Ok(None)
    }

    /// Sleeps until something is to be done. What is due next may change meanwhile.
    fn wait(&mut self) -> Now {
        while !self.stop.load(Ordering::Relaxed) {
            let now_ns = clock::now_ns();
            self.changes.make(&mut self.source, &self.span, now_ns);
            self.accounts.open(now_ns);
            let due_ns = self.span.first_due_ns.saturating_add(self.source.due_ns());
            self.accounts.close(due_ns, now_ns, || self.outlet.writes());
            let ends_ns = self.span.window.map(|window| window.to_ns).filter(|to_ns| due_ns >= *to_ns);
            let wake_ns = ends_ns.unwrap_or_else(|| self.outlet.publish_at_ns(self.span.first_due_ns, due_ns));
            if now_ns >= wake_ns && ends_ns.is_none() {
                return Now::Publish { due_ns };
            }
            self.outlet.flush();
            if now_ns >= wake_ns {
                return Now::Account;
            }
            if let Some(caught_up) = self.caught_up.take() {
                // Perhaps nobody waits for it.
                let _ = caught_up.send(());
            }
            let look_ns = self.accounts.next_ns(now_ns).unwrap_or(u64::MAX).min(now_ns + NAP_NS);
            sleep_until(wake_ns.min(look_ns));
        }
        Now::Stop
    }
}

#[cfg(test)]
mod tests {
    use std::{num::NonZeroU32, sync::atomic::AtomicU64};

    use protocol::{control::Window, results::Arrivals};

    use super::*;

    const GAP_NS: u64 = 1_000_000;
    const RATE_HZ: f64 = 1e9 / GAP_NS as f64;

    struct Kept {
        published: mpsc::Sender<(u64, u64)>,
        newest: Arc<AtomicU64>,
        fails_at: u64,
    }

    impl Outlet for Kept {
        fn publish(&mut self, Due { seq, due_ns, now_ns, .. }: Due<'_>) -> anyhow::Result<()> {
            assert!(now_ns >= due_ns);
            anyhow::ensure!(seq < self.fails_at, "refused");
            self.newest.store(seq, Ordering::Relaxed);
            self.published.send((seq, due_ns)).map_err(Into::into)
        }
    }

    /// A publisher of an update a millisecond.
    struct Trial {
        publisher: Publisher,
        first_due_ns: u64,
        account: mpsc::Receiver<anyhow::Result<Published>>,
        published: mpsc::Receiver<(u64, u64)>,
        newest: Arc<AtomicU64>,
    }

    impl Trial {
        /// Its window is of these gaps.
        fn start(window: Option<(u64, u64)>, changes: &[(u64, u32)], fails_at: u64) -> Self {
            let first_due_ns = clock::now_ns();
            let after = |gaps| first_due_ns + gaps * GAP_NS;
            let ((sender, account), (kept, published)) = (mpsc::channel(), mpsc::channel());
            let newest = Arc::<AtomicU64>::default();
            let kept = Kept { published: kept, newest: Arc::clone(&newest), fails_at };
            let publisher = Publisher::start(
                Source::synthetic(Arrivals::Constant, RATE_HZ, 64, 0),
                Span {
                    first_due_ns,
                    window: window.map(|(from, to)| Window { from_ns: after(from), to_ns: after(to) }),
                    changes: changes.iter().map(|(gaps, burst)| change(after(*gaps), *burst)).collect(),
                },
                move || Ok(kept),
                move |account| sender.send(account).unwrap(),
            )
            .unwrap();
            Self { publisher, first_due_ns, account, published, newest }
        }

        /// Asks for a change, and waits for the answer; gives it, and what was the newest update then.
        fn reschedule(&self, from_ns: u64, burst: u32) -> (Result<Rescheduled, String>, u64) {
            let (sender, answer) = mpsc::channel();
            let newest = Arc::clone(&self.newest);
            let keep = move |answer| sender.send((answer, newest.load(Ordering::Relaxed))).unwrap();
            self.publisher.reschedule(change(from_ns, burst), keep).unwrap();
            answer.recv().unwrap()
        }

        /// The account, and what was published: `seq`, and after how many gaps it was due.
        fn ended(self) -> (anyhow::Result<Published>, Vec<(u64, u64)>) {
            let account = self.account.recv().unwrap();
            drop(self.publisher);
            let published = self.published.into_iter();
            (account, published.map(|(seq, due_ns)| (seq, (due_ns - self.first_due_ns) / GAP_NS)).collect())
        }
    }

    /// The same rate, but so many at once.
    fn change(from_ns: u64, burst: u32) -> Change {
        let burst = NonZeroU32::new(burst).unwrap();
        Change { from_ns, arrivals: Arrivals::Constant, rate_hz: RATE_HZ, payload_bytes: 64, burst }
    }

    /// When updates are due, in gaps: bursts until the next begin.
    fn bursts(from: u64, to: u64, burst: u64) -> impl Iterator<Item = u64> {
        (from..to).step_by(burst as usize).flat_map(move |due| std::iter::repeat_n(due, burst as usize))
    }

    #[test]
    fn the_account_covers_the_window_and_nothing_else() {
        let (account, published) = Trial::start(Some((50, 150)), &[], u64::MAX).ended();
        let account = account.unwrap();
        assert_eq!((account.first_seq, account.updates, account.lateness_ns.len()), (51, 100, 100));
        assert!(published.into_iter().eq((1..=150).zip(0..)));
    }

    #[test]
    fn the_account_holds_across_changes() {
        let (account, published) = Trial::start(Some((50, 150)), &[(30, 4), (100, 10)], u64::MAX).ended();
        let account = account.unwrap();
        let due: Vec<u64> = bursts(0, 30, 1).chain(bursts(30, 100, 4)).chain(bursts(100, 150, 10)).collect();
        let before = due.iter().filter(|due| **due < 50).count() as u64;
        let updates = due.len() as u64 - before;
        assert_eq!((account.first_seq, account.updates), (before + 1, updates));
        assert_eq!(account.lateness_ns.len() as u64, updates);
        assert!(published.into_iter().eq((1..).zip(due)));
    }

    #[test]
    fn windows_of_a_stream_that_goes_on_are_accounted_for_one_by_one() {
        let trial = Trial::start(None, &[(30, 4), (100, 10)], u64::MAX);
        let after = |gaps| trial.first_due_ns + gaps * GAP_NS;
        let ask = |(from, to)| {
            let (sender, answer) = mpsc::channel();
            let window = Window { from_ns: after(from), to_ns: after(to) };
            trial.publisher.account(window, move |account| sender.send(account).unwrap()).unwrap();
            answer
        };
        // The second lies in the first, and ends before it.
        let accounts = [(60, 150), (80, 140), (200, 220)].map(ask);
        let due: Vec<u64> = bursts(0, 30, 1).chain(bursts(30, 100, 4)).chain(bursts(100, 220, 10)).collect();
        for (answer, (from, to)) in accounts.into_iter().zip([(60, 150), (80, 140), (200, 220)]) {
            let account = answer.recv().unwrap().unwrap();
            let first = due.iter().position(|due| *due >= from).unwrap() as u64;
            let updates = due.iter().filter(|due| (from..to).contains(due)).count();
            assert_eq!((account.first_seq, account.updates), (first + 1, updates as u64), "{from}..{to}");
            assert_eq!(account.lateness_ns.len(), updates);
        }
        let begun = ask((0, 1_000_000)).recv().unwrap().unwrap_err();
        assert!(begun.ends_with("the window has begun; ask before it does"), "{begun}");
    }

    #[test]
    fn an_account_of_what_will_not_be_published_is_refused() {
        let trial = Trial::start(Some((0, 50)), &[], u64::MAX);
        let (sender, answer) = mpsc::channel();
        let from_ns = trial.first_due_ns + 10_000 * GAP_NS;
        let window = Window { from_ns, to_ns: from_ns + GAP_NS };
        trial.publisher.account(window, move |account| sender.send(account).unwrap()).unwrap();
        assert_eq!(answer.recv().unwrap(), Err("the stream has ended".to_owned()));
    }

    #[test]
    fn a_change_is_answered_once_and_no_update_by_it_is_published_before() {
        let trial = Trial::start(None, &[], u64::MAX);
        let asked_ns = clock::now_ns();
        let (answer, newest) = trial.reschedule(0, 3);
        let Rescheduled { change, first_seq } = answer.unwrap();
        assert_eq!(newest, first_seq - 1);
        assert!((asked_ns..=clock::now_ns()).contains(&change.from_ns), "what is past becomes the present");
        let published: Vec<(u64, u64)> = trial.published.iter().take(first_seq as usize + 5).collect();
        let gaps_before = (change.from_ns - trial.first_due_ns).div_ceil(GAP_NS);
        assert_eq!(first_seq, gaps_before + 1, "what was due before stays");
        let before = bursts(0, gaps_before, 1).map(|gaps| trial.first_due_ns + gaps * GAP_NS);
        let after = bursts(0, 6, 3).map(|gaps| change.from_ns + gaps * GAP_NS);
        assert!(published.into_iter().eq((1..).zip(before.chain(after))));
    }

    #[test]
    fn a_change_for_which_it_is_too_late_is_refused() {
        let trial = Trial::start(Some((0, 50)), &[], u64::MAX);
        let to_ns = trial.first_due_ns + 50 * GAP_NS;
        // Before the end or after it.
        let refusal = trial.reschedule(to_ns, 1).0.unwrap_err();
        assert!(
            refusal.contains(&format!("the stream ends at {to_ns}")) || refusal == "the stream has ended",
            "{refusal}"
        );
        trial.account.recv().unwrap().unwrap();
        assert_eq!(trial.reschedule(0, 1).0, Err("the stream has ended".to_owned()));
        assert!(trial.published.try_iter().map(|(seq, _)| seq).eq(1..=50));
    }

    #[test]
    fn what_is_refused_is_the_end_and_no_account() {
        let (account, published) = Trial::start(Some((50, 150)), &[], 70).ended();
        assert_eq!((account.unwrap_err().to_string().as_str(), published.len()), ("refused", 69));
    }
}
