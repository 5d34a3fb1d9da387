//! Changes of the schedule on their way to the publisher's thread, and the answers to them.

use std::{fmt, sync::mpsc};

use protocol::control::{Change, Rescheduled};

use super::{source::Source, span::Span};

/// Takes the answer: what was made of a change, or why none was.
type Answer = Box<dyn FnOnce(Result<Rescheduled, String>) + Send>;

/// A change as it is asked for.
pub(super) struct Asked {
    pub(super) change: Change,
    pub(super) answer: Answer,
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.change.fmt(f)
    }
}

/// The publisher's end.
#[derive(Debug)]
pub(super) struct Changes {
    asked: mpsc::Receiver<Asked>,
    /// Made, but not begun; earliest first.
    made: Vec<Asked>,
}

impl Changes {
    pub(super) fn new(asked: mpsc::Receiver<Asked>) -> Self {
        Self { asked, made: Vec::new() }
    }

    /// Has the source make every change that was asked for meanwhile. What would begin after the stream's end is refused.
    pub(super) fn make(&mut self, source: &mut Source, span: &Span, now_ns: u64) {
        for Asked { change, answer } in self.asked.try_iter() {
            match span.reschedule(source, change, now_ns) {
                Ok(change) => {
                    let place = self.made.partition_point(|other| other.change.from_ns <= change.from_ns);
                    self.made.insert(place, Asked { change, answer });
                }
                Err(reason) => answer(Err(reason)),
            }
        }
    }

    /// Answers every change that has begun with this update, or before it.
    pub(super) fn begun(&mut self, seq: u64, due_ns: u64) {
        while self.made.first().is_some_and(|made| made.change.from_ns <= due_ns) {
            let Asked { change, answer } = self.made.remove(0);
            answer(Ok(Rescheduled { change, first_seq: seq }));
        }
    }

    /// Refuses what was asked for meanwhile, and what was made but will not begin: there are no further updates.
    pub(super) fn refuse(&mut self) {
        for Asked { answer, .. } in self.made.drain(..).chain(self.asked.try_iter()) {
            answer(Err("the stream has ended".to_owned()));
        }
    }
}
