//! Which updates were due within a window, how late they were published, and how often was written meanwhile.

use std::{fmt, sync::mpsc};

use protocol::control::{OfTopic, Published, Window};

/// Takes the answer: the account, or why there is none.
type Answer = Box<dyn FnOnce(Result<Published, String>) + Send>;

/// The account of a window as it builds up.
#[derive(Debug)]
pub(super) struct Account {
    window: Window,
    updates: Vec<Accounted>,
    writes_before: u64,
}

/// An update that counts: its topic, its `seq` there, and how late it was published.
type Accounted = (Option<u32>, u64, u64);

impl Account {
    pub(super) fn of(window: Window) -> Self {
        Self { window, updates: Vec::new(), writes_before: 0 }
    }

    /// An update is about to be published. `writes`: how often was written so far.
    pub(super) fn add(
        &mut self,
        (topic, seq, due_ns): (Option<u32>, u64, u64),
        late_ns: u64,
        writes: impl Fn() -> u64,
    ) {
        if !self.window.contains(due_ns) {
            return;
        }
        if self.updates.is_empty() {
            self.writes_before = writes();
        }
        self.updates.push((topic, seq, late_ns));
    }

    pub(super) fn close(mut self, writes: u64) -> Published {
        // Within a topic they lie in order.
        self.updates.sort_by_key(|(topic, _, _)| *topic);
        let of_topic = |updates: &[Accounted]| {
            let (topic, first_seq, _) = updates[0];
            Some(OfTopic { topic: topic?, first_seq, updates: updates.len() as u64 })
        };
        Published {
            first_seq: self.updates.first().map_or(0, |(_, seq, _)| *seq),
            updates: self.updates.len() as u64,
            topics: self.updates.chunk_by(|one, next| one.0 == next.0).filter_map(of_topic).collect(),
            writes: if self.updates.is_empty() { 0 } else { writes - self.writes_before },
            lateness_ns: self.updates.into_iter().map(|(_, _, late_ns)| late_ns).collect(),
        }
    }
}

/// An account as it is asked for.
pub(super) struct Asked {
    pub(super) window: Window,
    pub(super) answer: Answer,
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.window.fmt(f)
    }
}

/// Accounts of windows of a stream that goes on: the publisher's end.
pub(super) struct Accounts {
    asked: mpsc::Receiver<Asked>,
    open: Vec<(Account, Answer)>,
}

impl Accounts {
    pub(super) fn new(asked: mpsc::Receiver<Asked>) -> Self {
        Self { asked, open: Vec::new() }
    }

    /// Begins every account that was asked for meanwhile. One of a window in which updates may have been due already would be short of
    /// them, and is refused.
    pub(super) fn open(&mut self, now_ns: u64) {
        for Asked { window, answer } in self.asked.try_iter() {
            if window.from_ns > now_ns {
                self.open.push((Account::of(window), answer));
            } else {
                answer(Err(format!("from_ns {}: the window has begun; ask before it does", window.from_ns)));
            }
        }
    }

    pub(super) fn add(&mut self, update: (Option<u32>, u64, u64), late_ns: u64, writes: impl Fn() -> u64) {
        self.open.iter_mut().for_each(|(account, _)| account.add(update, late_ns, &writes));
    }

    /// Gives every account whose window has passed: nothing that is still to be published, `due_ns` or later, was due in it.
    pub(super) fn close(&mut self, due_ns: u64, now_ns: u64, writes: impl Fn() -> u64) {
        let has_passed = |(account, _): &mut (Account, Answer)| account.window.to_ns <= due_ns.min(now_ns);
        for (account, answer) in self.open.extract_if(.., has_passed) {
            answer(Ok(account.close(writes())));
        }
    }

    /// When the next window ends, if one does.
    pub(super) fn next_ns(&self, now_ns: u64) -> Option<u64> {
        self.open.iter().map(|(account, _)| account.window.to_ns).filter(|to_ns| *to_ns > now_ns).min()
    }

    /// Refuses what was asked for meanwhile, and what will not be complete: there are no further updates.
    pub(super) fn refuse(&mut self) {
        let open = self.open.drain(..).map(|(_, answer)| answer);
        for answer in open.chain(self.asked.try_iter().map(|asked| asked.answer)) {
            answer(Err("the stream has ended".to_owned()));
        }
    }
}
