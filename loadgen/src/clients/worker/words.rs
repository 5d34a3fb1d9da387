//! What clients say of themselves, and by which way: signals when they are due, updates that the publisher has them say, goodbye.

use std::{convert::Infallible, future::pending, pin::Pin};

use protocol::clock;

use super::{
    goodbyes::{GOODBYE, Leave},
    shared::Shared,
    signals::Pace,
};
use crate::clients::{
    mailbox::Mailbox,
    transports::{Client, ClientError, Payload, Uplink, Voice},
};

/// What a client says, if anything, and when it is to say goodbye, if it does.
pub(super) struct Words<'a> {
    way: Way<'a>,
    leave: Option<Leave>,
}

enum Way<'a> {
    None,
    /// On the connection on which updates come.
    With(Source<'a>),
    /// On a connection of their own, for a transport whose connection is taken.
    Beside(Pin<Box<dyn Future<Output = Result<Infallible, ClientError>> + 'a>>),
}

/// Where they come from.
pub(super) enum Source<'a> {
    Signals(Box<Pace>),
    Updates(&'a Mailbox),
}

impl<'a> Words<'a> {
    /// Those of a client that is ready.
    pub(super) fn of(shared: &'a Shared, index: usize, client: &Client) -> Self {
        let dialect = shared.assignment.endpoint.dialect.as_ref();
        let says_goodbye = dialect.is_some_and(|dialect| dialect.has_goodbye(shared.assignment.transport));
        Self { way: Way::of(shared, index, client), leave: says_goodbye.then(|| shared.goodbyes.leave()) }
    }

    /// Waits until there is something that the client is to say itself, nothing if that is goodbye; says the rest meanwhile. Dropping
    /// the future loses nothing.
    pub(super) async fn next(&mut self, shared: &Shared) -> Result<Option<String>, ClientError> {
        let Some(leave) = &mut self.leave else { return self.way.next(shared).await.map(Some) };
        tokio::select! {
            biased;
            () = leave => {}
            words = self.way.next(shared) => return words.map(Some),
        }
        // What it was saying, it says no more: what it asks is asked alone.
        self.way = Way::None;
        Ok(None)
    }
}

impl<'a> Way<'a> {
    fn of(shared: &'a Shared, index: usize, client: &Client) -> Self {
        let number = shared.number(index) as usize;
        let source = match shared.assignment.mailboxes.get(number) {
            Some(mailbox) => Source::Updates(mailbox),
            None if shared.assignment.signal_rate_hz > 0.0 => Source::Signals(Box::new(Pace::new(shared))),
            None => return Self::None,
        };
        match client.voice(&shared.request(index)) {
            Some(voice) => Self::Beside(Box::pin(beside(shared, index, voice, source))),
            None => Self::With(source),
        }
    }

    async fn next(&mut self, shared: &Shared) -> Result<String, ClientError> {
        match self {
            Self::None => pending().await,
            Self::With(source) => Ok(source.next(shared).await),
            Self::Beside(beside) => match beside.await? {},
        }
    }
}

impl Source<'_> {
    /// Waits for the next, counted as said. Dropping the future loses nothing.
    async fn next(&mut self, shared: &Shared) -> String {
        match self {
            // Boxed: its room would else be part of every client, all the time.
            Self::Signals(pace) => Box::pin(pace.due(shared)).await.signal(shared),
            Self::Updates(mailbox) => shared.said(mailbox.take().await),
        }
    }

    /// What was said at `said_ns` was answered by that.
    fn acknowledged(&self, shared: &Shared, payload: &Payload<'_>, said_ns: u64) -> Result<(), ClientError> {
        let now_ns = clock::now_ns();
        match self {
            Self::Signals(_) => payload.messages().try_for_each(|message| shared.acknowledged(message, now_ns)),
            Self::Updates(_) => {
                shared.report.borrow_mut().acknowledged.saturating_record(now_ns - said_ns);
                Ok(())
            }
        }
    }
}

/// Has a client say goodbye. That it could not is counted, and no more.
pub(super) async fn goodbye(shared: &Shared, index: usize, client: &mut Client) {
    let said = async {
        let Some(voice) = client.leave().await? else { return Ok(()) };
        let _one_of_few = shared.goodbyes.beside().await;
        let stream = shared.secured(shared.connect(index).await?).await?;
        Uplink::new(stream, voice).post(&[], &shared.scratch).await.map(drop)
    };
    if let Err(error) = said.await {
        shared.report.borrow_mut().errors.meet_as(GOODBYE, &error.in_words());
    }
}

/// Ready only if it breaks.
async fn beside(
    shared: &Shared,
    index: usize,
    voice: Voice,
    mut source: Source<'_>,
) -> Result<Infallible, ClientError> {
    let mut uplink = Uplink::new(shared.secured(shared.connect(index).await?).await?, voice);
    loop {
        let words = source.next(shared).await;
        let said_ns = clock::now_ns();
        let payload = loop {
            match uplink.post(words.as_bytes(), &shared.scratch).await {
                Err(ClientError::Ended) => uplink.reopen(shared.reopen(index).await?),
                payload => break payload?,
            }
        };
        source.acknowledged(shared, &payload, said_ns)?;
    }
}
