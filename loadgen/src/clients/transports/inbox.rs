//! How clients read: into one buffer a worker, so that a client that waits holds none.

use std::{
    cell::{Ref, RefCell},
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::BufMut;
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

use super::{
    ClientError, Stream,
    held::{Held, Hold},
};

/// Room for one read. What a socket holds beyond it is the next read's.
const READ_BYTES: usize = 64 * 1024;
/// So much is kept of what has begun to come: enough for a head, and what it is the head of.
const BEGUN_BYTES: usize = 1024;

/// The buffer that the clients of a worker share. It holds what one of them read last, until another reads.
#[derive(Debug)]
pub struct Scratch {
    bytes: RefCell<Vec<u8>>,
    /// What has not come whole, of all of them.
    hold: Hold,
    /// The beginning of something that has not, since anything last has.
    begun: RefCell<Option<Box<[u8]>>>,
}

impl Default for Scratch {
    fn default() -> Self {
        Self { bytes: RefCell::new(vec![0; READ_BYTES]), hold: Hold::default(), begun: RefCell::default() }
    }
}

impl Scratch {
    /// One whose clients may hold so much.
    #[cfg(test)]
    pub(super) fn of(bytes_max: usize) -> Self {
        Self { hold: Hold::up_to(bytes_max), ..Self::default() }
    }

    /// The beginning of something that never came whole, if nothing did after it.
    pub fn into_begun(self) -> Option<Box<[u8]>> {
        self.begun.into_inner()
    }

    /// Puts bytes there that were read elsewhere.
    pub(super) fn lend(&self, bytes: &[u8]) -> Ref<'_, [u8]> {
        let mut scratch = self.bytes.borrow_mut();
        if scratch.len() < bytes.len() {
            scratch.resize(bytes.len(), 0);
        }
        scratch[..bytes.len()].copy_from_slice(bytes);
        drop(scratch);
        self.first(bytes.len())
    }

    fn first(&self, bytes: usize) -> Ref<'_, [u8]> {
        Ref::map(self.bytes.borrow(), |scratch| &scratch[..bytes])
    }
}

/// What lies at the front of the bytes that came.
#[derive(Debug)]
pub enum Front<T> {
    /// Something whole, and how many bytes it takes.
    Whole(T, usize),
    /// The beginning of something that is at least so long.
    Needs(usize),
}

/// A stream, and the bytes read from it that nobody has taken.
#[derive(Debug)]
pub(super) struct Inbox {
    stream: Stream,
    /// Empty, without an allocation, but in the middle of something.
    rest: Vec<u8>,
    held: Held,
}

impl Inbox {
    pub(super) fn new(stream: Stream, rest: Vec<u8>) -> Self {
        Self { stream, rest, held: Held::default() }
    }

    pub(super) fn stream(&mut self) -> &mut Stream {
        &mut self.stream
    }

    pub(super) fn stream_ref(&self) -> &Stream {
        &self.stream
    }

    /// What nobody has taken yet.
    pub(super) fn rest(&self) -> &[u8] {
        &self.rest
    }

    pub(super) fn into_parts(self) -> (Stream, Vec<u8>) {
        (self.stream, self.rest)
    }

    /// Waits until `front` finds something whole, and lends it. Nothing where the stream has ended.
    pub(super) async fn take<'a, T>(
        &mut self,
        scratch: &'a Scratch,
        front: impl Fn(&[u8]) -> Result<Front<T>, ClientError>,
    ) -> Result<Option<(T, Ref<'a, [u8]>)>, ClientError> {
        if self.rest.is_empty() {
            let read = poll_fn(|context| self.poll_read(context, scratch)).await?;
            if read == 0 {
                return Ok(None);
            }
            // Still what this client read: nothing ran in between.
            let bytes = scratch.first(read);
            match front(&bytes)? {
                Front::Whole(found, end) => {
                    self.rest.extend_from_slice(&bytes[end..]);
                    return Ok(Some((found, Ref::map(bytes, |bytes| &bytes[..end]))));
                }
                Front::Needs(_) => self.rest.extend_from_slice(&bytes),
            }
        }
        loop {
            match front(&self.rest)? {
                Front::Whole(found, end) => {
                    let bytes = scratch.lend(&self.rest[..end]);
                    self.rest = self.rest.split_off(end);
                    self.held = Held::default();
                    scratch.begun.take();
                    return Ok(Some((found, bytes)));
                }
                Front::Needs(bytes) => {
                    let begun = || self.rest[..self.rest.len().min(BEGUN_BYTES)].into();
                    scratch.begun.borrow_mut().get_or_insert_with(begun);
                    // No more than that: what follows is whole more often, and then need not be moved.
                    let missing = bytes - self.rest.len();
                    self.rest.reserve_exact(missing);
                    if self.stream.read_buf(&mut (&mut self.rest).limit(missing)).await? == 0 {
                        return Ok(None);
                    }
                    self.held.note(&scratch.hold, self.rest.len())?;
                }
            }
        }
    }

    fn poll_read(&mut self, context: &mut Context<'_>, scratch: &Scratch) -> Poll<io::Result<usize>> {
        let scratch = &mut *scratch.bytes.borrow_mut();
        let mut buffer = ReadBuf::new(&mut scratch[..READ_BYTES]);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer))?;
        Poll::Ready(Ok(buffer.filled().len()))
    }
}
