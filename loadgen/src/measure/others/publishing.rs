//! The publisher of a server of others: the same thread as in the own server, in this process.

use std::{
    path::Path,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use anyhow::{Context, Error, anyhow};
use hdrhistogram::Histogram;
use protocol::{
    control::{Change, Published, Window},
    results::{LosslessHistogram, Publish, Stream},
};
use rustix::thread::{Pid, gettid};
use server::{
    stream::{publisher::Publisher, source::Source, span::Span},
    values::Cpus,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{
    Guarded, Others, Relayed,
    feed::Feed,
    post::{Post, To},
    say::{Say, Who},
};
use crate::{
    clients::{
        mailbox::Mailbox,
        tls::Tls,
        transports::{Endpoint, Request},
        window::histogram,
    },
    machine::usage::thread_cpu_ns,
};

/// An account, and which window's: the stream's own is of none, and so is an error that ends it.
type Account = (Option<u64>, anyhow::Result<Published>);

/// A publisher at work.
#[derive(Debug)]
pub struct Publishing {
    /// Its thread ends with this.
    publisher: Publisher,
    accounts: UnboundedReceiver<Account>,
    give: UnboundedSender<Account>,
    /// Which window's account is waited for.
    window: u64,
    /// What came of it, once that is known.
    done: Option<anyhow::Result<Published>>,
    acknowledged: Arc<Mutex<Histogram<u64>>>,
    thread_id: Arc<OnceLock<Pid>>,
}

/// What is published, and to whom.
#[derive(Debug)]
pub struct Publication<'a> {
    /// How, to a server of others.
    pub others: Option<&'a Others>,
    /// How many clients speak by schedules of their own, if it is them who do.
    pub speakers: Option<u32>,
    /// What.
    pub stream: &'a Stream,
    /// Where that is found, if it is a feed.
    pub feed: Option<&'a Path>,
    /// Seed of random gaps.
    pub seed: u64,
    /// Where the server listens.
    pub address: std::net::SocketAddr,
    /// What every request to it says.
    pub endpoint: Arc<Endpoint>,
    /// Whom to trust, if it speaks TLS.
    pub tls: Option<Tls>,
    /// What clients are to say, where it is them who do.
    pub mailboxes: Arc<[Mailbox]>,
    /// Who says what then.
    pub relayed: Option<Relayed>,
    /// The generator's processors.
    pub cpus: Option<Cpus>,
}

impl Publishing {
    /// Starts to publish.
    pub fn start(publication: Publication<'_>, span: Span, guarded: Option<&mut Guarded>) -> anyhow::Result<Self> {
        let Publication { others, speakers, stream, feed, seed, address, endpoint, tls, mailboxes, relayed, cpus } =
            publication;
        let source = match (stream, feed) {
            (Stream::Synthetic { arrivals, rate_hz, payload_bytes }, _) => match (speakers, others) {
                (Some(speakers), None) => Source::of_topics(speakers, *arrivals, *rate_hz, *payload_bytes, seed),
                // All schedules as one, whose words clients say in turn: others' servers relay what is numbered through.
                (speakers, _) => {
                    let rate_hz = rate_hz * f64::from(speakers.unwrap_or(1));
                    Source::synthetic(*arrivals, rate_hz, *payload_bytes, seed)
                }
            },
            (Stream::Replay { speed, .. }, Some(feed)) => Source::replay(feed, *speed)?,
            (Stream::Pushed, _) => return Err(anyhow!("nothing is to be published")),
            (Stream::Replay { .. }, None) => return Err(anyhow!("the feed to replay is not there")),
        };
        let acknowledged = Arc::new(Mutex::new(histogram(3)));
        let (give, accounts) = unbounded_channel();
        let sender = give.clone();
        // Perhaps nobody waits for it any more.
        let done = move |account| drop(sender.send((None, account)));
        let thread_id = Arc::<OnceLock<Pid>>::default();
        let own_id = Arc::clone(&thread_id);
        let pin = move || {
            own_id.get_or_init(gettid);
            cpus.as_ref().map_or(Ok(()), Cpus::pin)
        };
        let publisher = match others.map(|others| (others, others.publish)) {
            Some((_, Publish::Feed)) => {
                let stdin = guarded.context("there is no stdin of a server that runs already")?.stdin()?;
                Publisher::start(source, span, move || pin().and_then(|()| Feed::new(stdin)), done)
            }
            Some((others, Publish::Http)) => {
                let request = Request::of_no_client(endpoint);
                let to = To { address, tls, dialect: Arc::clone(&others.dialect), request };
                let acknowledged = Arc::clone(&acknowledged);
                Publisher::start(source, span, move || pin().and_then(|()| Post::connect(to, acknowledged)), done)
            }
            Some((_, Publish::None)) => return Err(anyhow!("nothing is to be published")),
            Some((_, Publish::Client)) | None => {
                let in_turn = relayed.map(Who::InTurn);
                let who = in_turn.or(speakers.map(|_| Who::Each)).context("nobody is to say updates")?;
                Publisher::start(source, span, move || pin().map(|()| Say { mailboxes, who }), done)
            }
        }?;
        Ok(Self { publisher, accounts, give, window: 0, done: None, acknowledged, thread_id })
    }

    /// Asks for the account of a window that is still to begin, of a stream that goes on; [`Self::published`] waits for that.
    pub fn account_for(&mut self, window: Window) -> anyhow::Result<()> {
        self.window += 1;
        let (number, give) = (self.window, self.give.clone());
        // Perhaps nobody waits for it any more.
        self.publisher.account(window, move |account| drop(give.send((Some(number), account.map_err(Error::msg)))))
    }

    /// Has it publish by another schedule from a due time on. Where it will not, [`Self::published`] says why.
    pub fn reschedule(&mut self, change: Change) -> anyhow::Result<()> {
        let give = self.give.clone();
        self.publisher.reschedule(change, move |made| {
            if let Err(why) = made {
                drop(give.send((None, Err(anyhow!("the schedule cannot be changed: {why}")))));
            }
        })
    }

    /// Waits for its account: of the window last asked for, else of the stream. Dropping the future loses nothing.
    pub async fn published(&mut self) -> anyhow::Result<Published> {
        if let Some(done) = self.done.take() {
            return done;
        }
        loop {
            let account = self.accounts.recv().await.context("the publisher has given its account, or none")?;
            if let Some(done) = self.awaited(account) {
                return done;
            }
        }
    }

    /// The account, unless it is of a window that was given up.
    fn awaited(&self, (window, account): Account) -> Option<anyhow::Result<Published>> {
        window.is_none_or(|window| window == self.window).then_some(account)
    }

    /// Why there is no more of it, if there is none.
    pub fn failure(&mut self) -> Option<anyhow::Error> {
        if self.done.is_none()
            && let Ok(account) = self.accounts.try_recv()
        {
            self.done = self.awaited(account);
        }
        match self.done.take() {
            Some(Err(error)) => Some(error),
            done => {
                self.done = done;
                None
            }
        }
    }

    /// CPU time of its thread so far, in nanoseconds.
    pub fn cpu_ns(&self) -> anyhow::Result<u64> {
        // Who has not begun has used nothing.
        self.thread_id.get().map_or(Ok(0), |id| thread_cpu_ns(*id))
    }

    /// From sending an update until the server acknowledged it, if it does, since that was last asked.
    pub fn acknowledged(&self) -> Option<LosslessHistogram> {
        let mut acknowledged = self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = std::mem::replace(&mut *acknowledged, histogram(3));
        (!taken.is_empty()).then(|| taken.into())
    }
}
