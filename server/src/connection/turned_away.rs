//! Who comes when there are as many clients as there may be: told so at once, whatever it is about to ask, and let go of.

use std::{
    io::Write,
    net::{Shutdown, TcpStream},
    sync::Arc,
    time::Duration,
};

use bytes::{Buf, Bytes};
use protocol::wire::Refusal;
use tokio::{io, sync::Semaphore, time::timeout};

use super::counted::Counted;
use crate::{
    metrics::Tally,
    response::{encode, refuse},
};

/// How long what such a client sends is read away. A socket that is closed with something unread in it is reset, and the
/// answer may be lost with it (RFC 9112, section 9.6).
const LINGER: Duration = Duration::from_secs(1);
/// So many are waited for at once; the next are closed without. [`crate::open_files::FILES_BESIDES`] has room for them.
const LINGERING_MAX: usize = 32;

#[derive(Debug)]
pub(super) struct TurnedAway {
    lingering: Arc<Semaphore>,
    tally: Arc<Tally>,
}

impl TurnedAway {
    pub(super) fn new(tally: &Arc<Tally>) -> Self {
        Self { lingering: Arc::new(Semaphore::new(LINGERING_MAX)), tally: Arc::clone(tally) }
    }

    /// Answers and closes the connection.
    pub(super) fn turn_away(&self, mut stream: TcpStream) {
        let answer = answer();
        let written = stream.write(&answer);
        self.tally.wrote(&written, answer.len());
        let Ok(permit) = Arc::clone(&self.lingering).try_acquire_owned() else { return };
        if written.and_then(|_| stream.shutdown(Shutdown::Write)).is_err() {
            return;
        }
        let tally = Arc::clone(&self.tally);
        tokio::spawn(async move {
            let _permit = permit;
            let Ok(stream) = tokio::net::TcpStream::from_std(stream) else { return };
            let _ = timeout(LINGER, io::copy(&mut Counted::new(stream, tally), &mut io::sink())).await;
        });
    }
}

/// A new socket's buffer holds all of it.
fn answer() -> Bytes {
    let message = "come back later, or raise --max-connections".to_owned();
    let mut answer = encode(refuse(&Refusal::TooManyConnections { message }));
    answer.copy_to_bytes(answer.remaining())
}
