//! The short way of a plain poll: read, parked and answered without hyper, which keeps 16 KiB for each connection and
//! takes as long over a small answer as the kernel does to send it.
//!
//! Nothing is decided here that hyper would decide otherwise: a request that is long, is not a poll, says anything of its
//! connection, its body or its origin, may not be answered, or cannot be read, is left to hyper.

use std::{
    future::poll_fn,
    io,
    mem::MaybeUninit,
    pin::{Pin, pin},
    task::{self, Poll::Ready, ready},
};

use bytes::Bytes;
use protocol::{
    Transport,
    wire::{Refusal, StreamQuery},
};
use tokio::{
    io::{AsyncRead, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

use super::{
    answer,
    head::{Asked, READ_MAX, is_begun, plain},
    query::{only_asks_where, wait},
};
use crate::{
    connection::{
        bounds::Bounds,
        listener::Slot,
        socket::{Outgoing, Socket},
    },
    metrics::Bound,
    response::{encode, refuse},
    stream::shard::{Ended, Subscription},
    transports::{
        context::{ConnectedClient, Context},
        deadline::poll_deadline,
    },
};

/// How the short way ended.
pub(crate) enum Left {
    /// With the connection.
    Closed,
    /// With one who wants events from here on, under that name.
    Events { subscription: Subscription, user: Option<String> },
    /// With a request for hyper: its first bytes, and how many came before it.
    Request { bytes: Bytes, asked: u32 },
}

/// Serves polls for as long as they are plain.
///
/// A connection on which there is none for `--idle-timeout` is closed; if that is shorter than a poll may wait, perhaps only
/// after that, for nobody is woken to note that a poll is answered.
pub(crate) async fn serve(context: &Context, socket: &mut Socket, slot: &Slot) -> io::Result<Left> {
    let mut connection = Connection {
        context,
        subscription: (context.subscribe(Transport::LongPoll, &StreamQuery::default(), slot))
            .expect("from now on is never too late, and the stream without a name is there"),
        socket,
        slot,
        poll: Poll::None,
        early: Bytes::new(),
        begun: Bytes::new(),
        asked: 0,
        // Until the first request it is no kept-alive connection.
        deadline: Instant::now() + context.bounds.header_timeout,
    };
    let mut timer = pin!(sleep_until(connection.deadline));
    // Counted as a long-polling client from its first poll on.
    let mut connected = None;
    loop {
        match poll_fn(|task| connection.poll_event(task, timer.as_mut())).await {
            Event::Asked { query, early } => {
                connected.get_or_insert_with(|| {
                    ConnectedClient::new(&context.metrics, Transport::LongPoll, query.user.as_deref(), slot)
                });
                connection.early = early;
                connection.ask(&query).await?;
            }
            Event::Wants { query, bytes } => {
                return Ok(match context.subscribe(Transport::Sse, &query, slot) {
                    Ok(subscription) => {
                        slot.asked(Transport::Sse, &query);
                        Left::Events { subscription, user: query.user }
                    }
                    // Which hyper says.
                    Err(_) => Left::Request { bytes, asked: connection.asked },
                });
            }
            Event::Early(bytes) => connection.early = bytes,
            Event::Begun(bytes) => connection.begin(bytes),
            Event::Answer(Ok(unwritten)) => connection.answer(unwritten).await?,
            Event::Answer(Err(Ended::Expired(expired))) => connection.refuse(&expired.into()).await?,
            Event::Answer(Err(Ended::Draining)) => {
                let farewell = answer::draining(connection.subscription.cursor());
                connection.answer(Some(encode(farewell))).await?;
                return Ok(Left::Closed);
            }
            Event::Late if connection.poll != Poll::None => connection.time_out().await?,
            Event::Late => {
                let awaited = connection.asked == 0 || !connection.begun.is_empty();
                let bound = if awaited { Bound::HeaderTimeout } else { Bound::IdleTimeout };
                context.metrics.met.inc(bound);
                return Ok(Left::Closed);
            }
            Event::Closed => return Ok(Left::Closed),
            Event::Other(bytes) => return Ok(Left::Request { bytes, asked: connection.asked }),
        }
    }
}

/// What happens on a connection.
enum Event {
    /// A poll was sent; and what came behind it.
    Asked { query: StreamQuery, early: Bytes },
    /// Events are wanted; and the request for them.
    Wants { query: StreamQuery, bytes: Bytes },
    /// Something came before the poll was answered.
    Early(Bytes),
    /// The beginning of a request came, all of it so far.
    Begun(Bytes),
    /// The poll has its answer, or what is left of it; `None` if all of it was written.
    Answer(Result<Option<Outgoing>, Ended>),
    /// Time is up, for the poll or for the connection without one.
    Late,
    /// The connection has ended, or is to.
    Closed,
    /// What came is hyper's.
    Other(Bytes),
}

/// The poll of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Poll {
    None,
    /// To be answered at once, whether there is something or not.
    Impatient,
    Parked,
}

struct Connection<'a> {
    context: &'a Context,
    socket: &'a mut Socket,
    slot: &'a Slot,
    subscription: Subscription,
    poll: Poll,
    /// What came before the poll was answered.
    early: Bytes,
    /// The beginning of a request whose end is still to come. hyper would keep 16 KiB for it meanwhile.
    begun: Bytes,
    /// How many polls there were.
    asked: u32,
    /// How long the poll waits, or the connection for one.
    deadline: Instant,
}

impl Connection<'_> {
    fn poll_event(&mut self, task: &mut task::Context<'_>, timer: Pin<&mut Sleep>) -> task::Poll<Event> {
        if self.poll == Poll::None {
            if self.subscription.poll_draining(task).is_ready() {
                return Ready(Event::Closed);
            }
        } else {
            // With something to be done after it, the answer is the task's business.
            let writer = if self.early.is_empty() { self.socket.writer() } else { None };
            if let Ready(answer) = self.subscription.poll_unwritten(task, writer, Transport::LongPoll) {
                return Ready(Event::Answer(answer));
            }
        }
        if self.poll == Poll::Impatient {
            return Ready(Event::Late);
        }
        if self.early.is_empty() {
            if let Ready(event) = self.poll_read(task) {
                return Ready(event);
            }
        } else if self.poll == Poll::None {
            let early = std::mem::take(&mut self.early);
            return Ready(self.read(&early));
        }
        poll_deadline(task, timer, self.deadline).map(|()| Event::Late)
    }

    fn poll_read(&mut self, task: &mut task::Context<'_>) -> task::Poll<Event> {
        let mut space = [MaybeUninit::uninit(); READ_MAX];
        let mut space = ReadBuf::uninit(&mut space);
        let result = ready!(Pin::new(&mut *self.socket).poll_read(task, &mut space));
        Ready(match space.filled() {
            _ if result.is_err() => Event::Closed,
            [] => Event::Closed,
            bytes if self.poll == Poll::None && self.begun.is_empty() => self.read(bytes),
            bytes if self.poll == Poll::None => {
                let all = [&self.begun, bytes].concat();
                self.begun = Bytes::new();
                self.read(&all)
            }
            bytes => Event::Early(Bytes::copy_from_slice(bytes)),
        })
    }

    fn read(&self, bytes: &[u8]) -> Event {
        let Bounds { max_requests, max_target, .. } = self.context.bounds;
        // The last one is hyper's, which says that it is.
        let plain = if self.asked + 1 < max_requests { plain(bytes, &self.context.access, max_target) } else { None };
        match plain {
            Some(Asked { transport: Transport::Sse, query, .. }) => {
                Event::Wants { query, bytes: Bytes::copy_from_slice(bytes) }
            }
            Some(Asked { query, length, .. }) => {
                Event::Asked { query, early: Bytes::copy_from_slice(&bytes[length..]) }
            }
            None if is_begun(bytes) => Event::Begun(Bytes::copy_from_slice(bytes)),
            None => Event::Other(Bytes::copy_from_slice(bytes)),
        }
    }

    fn begin(&mut self, bytes: Bytes) {
        if self.asked > 0 && self.begun.is_empty() {
            self.deadline = Instant::now() + self.context.bounds.header_timeout;
        }
        self.begun = bytes;
    }

    async fn ask(&mut self, query: &StreamQuery) -> io::Result<()> {
        self.asked += 1;
        self.slot.asked(Transport::LongPoll, query);
        self.context.metrics.polls.inc();
        if let Err(refusal) = self.seek(query) {
            return self.refuse(&refusal).await;
        }
        if only_asks_where(query) {
            return self.time_out().await;
        }
        let wait = wait(self.context, query);
        self.poll = if wait.is_zero() { Poll::Impatient } else { Poll::Parked };
        self.deadline = Instant::now() + wait;
        Ok(())
    }

    /// Goes where the poll asks for: mostly on in the same topic.
    fn seek(&mut self, query: &StreamQuery) -> Result<(), Refusal> {
        if query.topic.as_deref().unwrap_or_default() == self.subscription.topic().name() {
            return Ok(self.subscription.seek(query.after)?);
        }
        self.subscription = self.context.subscribe(Transport::LongPoll, query, self.slot)?;
        Ok(())
    }

    async fn time_out(&mut self) -> io::Result<()> {
        self.context.metrics.polls_timed_out.inc();
        let nothing = answer::nothing(self.subscription.cursor());
        self.answer(Some(encode(nothing))).await
    }

    async fn refuse(&mut self, refusal: &Refusal) -> io::Result<()> {
        self.answer(Some(encode(refuse(refusal)))).await
    }

    async fn answer(&mut self, unwritten: Option<Outgoing>) -> io::Result<()> {
        self.subscription.stand_down();
        self.slot.watched.as_ref().inspect(|watched| watched.answered());
        self.poll = Poll::None;
        // Its task may learn of an answer only much later.
        let answered = self.subscription.answered().unwrap_or_else(Instant::now);
        self.deadline = answered + self.context.bounds.idle_timeout;
        match unwritten {
            Some(unwritten) => self.socket.send(unwritten).await,
            None => Ok(()),
        }
    }
}
