//! A client, and the one timed loop that every client of every transport runs.

use std::rc::Rc;

use protocol::{clock, results::Polls};
use tokio::{sync::OwnedSemaphorePermit, time::sleep};

use super::{
    pace::until_next_poll,
    shared::Shared,
    words::{Words, goodbye},
};
use crate::clients::{
    recorder::Receipt,
    transports::{Client, ClientError, Payload},
};

/// Holds a client; connects it again whenever its connection ends, once it has been ready.
///
/// The permit is for a first connection. Without one the client comes back, after a pause.
pub(super) async fn client(shared: Rc<Shared>, index: usize, mut permit: Option<OwnedSemaphorePermit>) {
    loop {
        if permit.is_none() {
            // Boxed: its room would else be part of every client, all the time.
            Box::pin(sleep(shared.backoff(index))).await;
        }
        let Err(error) = hold(&shared, index, permit.take()).await else { return };
        if !shared.lost(index, &error) {
            return;
        }
    }
}

/// The timed loop. Transports bring bytes; here, and only here, is read when they came and what they held. It ends once the client has
/// said goodbye, if it does.
async fn hold(shared: &Shared, index: usize, permit: Option<OwnedSemaphorePermit>) -> Result<(), ClientError> {
    // Boxed: what connecting needs would else be part of every client, all the time.
    let (mut client, mut cursor, ready_ns) = Box::pin(join(shared, index)).await?;
    drop(permit);
    // Who asks by the clock waits for its first time, too.
    let mut asked_ns = shared.assignment.poll_interval.is_none().then_some(ready_ns);
    let mut answered = client.is_answered();
    let mut words = Words::of(shared, index, &client);
    loop {
        let payload = tokio::select! {
            biased;
            payload = next(shared, index, &mut client, cursor, &mut asked_ns) => payload,
            words = words.next(shared) => match words? {
                Some(words) => {
                    Box::pin(client.say(&words)).await?;
                    continue;
                }
                None => {
                    Box::pin(goodbye(shared, index, &mut client)).await;
                    return Ok(());
                }
            },
        };
        let payload = match payload {
            Err(ClientError::Ended) => {
                client.reopen(Box::pin(shared.reopen(index)).await?);
                // What was not answered is asked again at once.
                asked_ns = Some(clock::now_ns());
                continue;
            }
            payload => payload?,
        };
        let received_ns = clock::now_ns();
        if !answered {
            answered = true;
            shared.rejoined(index, received_ns);
        }
        let asked_ns = asked_ns.take().unwrap_or_default();
        cursor = shared.received(index, &payload, Receipt { asked_ns, received_ns })?;
        client.heed(&payload);
    }
}

/// Waits for the next payload; before that, where it has just had one, for its turn to say so, or to ask for more: by the clock, if it asks by
/// that.
async fn next<'a>(
    shared: &'a Shared,
    index: usize,
    client: &mut Client,
    cursor: u64,
    asked_ns: &mut Option<u64>,
) -> Result<Payload<'a>, ClientError> {
    if asked_ns.is_none() {
        if let Some(interval) = shared.assignment.poll_interval {
            // Boxed: its room would else be part of every client, all the time.
            Box::pin(sleep(until_next_poll(interval, shared.number(index), clock::now_ns()))).await;
        }
        if shared.assignment.polls == Polls::Deferred {
            shared.turns.take().await;
            client.acknowledge()?;
        }
        *asked_ns = Some(clock::now_ns());
    }
    client.next(cursor, &shared.scratch).await
}

/// Connects a client; gives where it stands, and when that was.
async fn join(shared: &Shared, index: usize) -> Result<(Client, u64, u64), ClientError> {
    let begun_ns = clock::now_ns();
    let stream = shared.dial(index).await?;
    let connected_ns = clock::now_ns();
    let stream = shared.secured(stream).await?;
    let secured_ns = clock::now_ns();
    let agreed = stream.agreed();
    let mut request = shared.request(index);
    let (transport, scratch) = (shared.assignment.transport, &shared.scratch);
    let again = async || shared.reopen(index).await;
    let (client, cursor) = Client::open(transport, stream, &mut request, scratch, again).await?;
    let ready_ns = clock::now_ns();
    request.cookies.into_iter().for_each(|cookies| shared.keep_cookies(index, cookies));
    match request.after {
        Some(_) if client.is_answered() => shared.rejoined(index, ready_ns),
        // By its first answer.
        Some(_) => {}
        None => {
            shared.joined(index, cursor, ready_ns, [ready_ns - begun_ns, ready_ns - secured_ns]);
            agreed.into_iter().for_each(|agreed| shared.agreed(agreed, secured_ns - connected_ns));
        }
    }
    Ok((client, cursor, ready_ns))
}
