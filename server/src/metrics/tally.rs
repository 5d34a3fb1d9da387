//! What passes through sockets: bytes as they were sent, not as somebody computes them.

use std::{
    io,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// What passed, summed over the streams that share it.
#[derive(Debug, Default)]
pub struct Tally {
    /// Bytes read.
    pub bytes_in: AtomicU64,
    /// Bytes written.
    pub bytes_out: AtomicU64,
    /// Reads that returned bytes.
    pub reads: AtomicU64,
    /// Writes that took bytes.
    pub writes: AtomicU64,
    /// Writes of which the kernel did not take all.
    pub full: AtomicU64,
    /// Connections that TCP gave up because the peer acknowledged nothing any more.
    pub timed_out: AtomicU64,
    /// Connections that the peer has reset.
    pub reset: AtomicU64,
    /// Reads that found that the peer says nothing more (FIN).
    pub finished: AtomicU64,
    /// Reads that found that the peer has said so under TLS (`close_notify`).
    pub notified: AtomicU64,
}

impl Tally {
    /// Counts a read that returned so many bytes.
    pub(crate) fn read(&self, result: &io::Result<()>, bytes: usize) {
        self.bytes_in.fetch_add(bytes as u64, Relaxed);
        self.reads.fetch_add(u64::from(bytes > 0), Relaxed);
        match result {
            Err(error) => self.failed(error),
            Ok(()) if bytes == 0 => drop(self.finished.fetch_add(1, Relaxed)),
            Ok(()) => {}
        }
    }

    /// Counts a write that was offered so many bytes.
    pub(crate) fn wrote(&self, written: &io::Result<usize>, offered: usize) {
        match written {
            Ok(bytes) => {
                self.bytes_out.fetch_add(*bytes as u64, Relaxed);
                self.writes.fetch_add(u64::from(*bytes > 0), Relaxed);
                if *bytes < offered {
                    self.full.fetch_add(1, Relaxed);
                }
            }
            Err(error) => self.failed(error),
        }
    }

    fn failed(&self, error: &io::Error) {
        match error.kind() {
            io::ErrorKind::WouldBlock => self.full.fetch_add(1, Relaxed),
            // Said once a connection.
            io::ErrorKind::TimedOut => self.timed_out.fetch_add(1, Relaxed),
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => self.reset.fetch_add(1, Relaxed),
            _ => return,
        };
    }
}
