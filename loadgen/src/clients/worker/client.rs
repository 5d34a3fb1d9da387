//! A client, and the one timed loop that every client of every transport runs.

use std::{convert::Infallible, rc::Rc};

use protocol::clock;
use tokio::{sync::OwnedSemaphorePermit, time::sleep};

use super::{
    crew::Crew,
    signals::{Pace, beside, due},
};
use crate::{
    recorder::Receipt,
    transports::{Client, ClientError},
};

/// Holds a client; connects it again whenever its connection ends, once it has been ready.
///
/// The permit is for a first connection. Without one the client comes back, after a pause.
pub(super) async fn client(crew: Rc<Crew>, place: usize, mut permit: Option<OwnedSemaphorePermit>) {
    loop {
        if permit.is_none() {
            // Boxed: its room would else be part of every client, all the time.
            Box::pin(sleep(crew.pause(place))).await;
        }
        let error = tokio::select! {
            held = hold(&crew, place, permit.take()) => {
                let Err(error) = held;
                error
            }
            Err(error) = beside(&crew, place) => error,
        };
        if !crew.lost(place, &error) {
            return;
        }
    }
}

/// The timed loop. Transports bring bytes; here, and only here, is read when they came and what they held.
async fn hold(crew: &Crew, place: usize, permit: Option<OwnedSemaphorePermit>) -> Result<Infallible, ClientError> {
    // Boxed: what connecting needs would else be part of every client, all the time.
    let (mut client, mut cursor, mut asked_ns) = Box::pin(join(crew, place)).await?;
    drop(permit);
    let mut pace = crew.signals_with_updates().then(|| Box::new(Pace::new(crew)));
    loop {
        let payload = tokio::select! {
            biased;
            payload = client.next(cursor, &crew.scratch) => payload?,
            due = due(&mut pace, crew) => {
                Box::pin(client.signal(due.signal(crew))).await?;
                continue;
            }
        };
        let received_ns = clock::now_ns();
        cursor = crew.received(place, &payload, Receipt { asked_ns, received_ns })?;
        drop(payload);
        if crew.assignment.transport.asks() {
            crew.turns.ask().await;
            asked_ns = clock::now_ns();
        }
    }
}

/// Connects a client; gives where it stands, and when that was.
async fn join(crew: &Crew, place: usize) -> Result<(Client, u64, u64), ClientError> {
    let begun_ns = clock::now_ns();
    let stream = crew.dial(place).await?;
    let connected_ns = clock::now_ns();
    let stream = crew.secured(stream).await?;
    let secured_ns = clock::now_ns();
    let agreed = stream.agreed();
    let request = crew.request(place);
    let (client, cursor) = Client::open(crew.assignment.transport, stream, &request, &crew.scratch).await?;
    let ready_ns = clock::now_ns();
    match request.after {
        Some(_) => crew.rejoined(place, ready_ns),
        None => {
            crew.joined(place, cursor, ready_ns, [ready_ns - begun_ns, ready_ns - secured_ns]);
            agreed.into_iter().for_each(|agreed| crew.agreed(agreed, secured_ns - connected_ns));
        }
    }
    Ok((client, cursor, ready_ns))
}
