//! Updates as lines on a server's stdin.

use std::{
    fs::File,
    io::{ErrorKind, Write},
    os::fd::OwnedFd,
    time::Duration,
};

use anyhow::{Context, bail};
use protocol::clock::{self, NS_PER_SEC};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use server::stream::publisher::{Due, Outlet};

/// A server that leaves its stdin unread for so long will not read it.
const PATIENCE_NS: u64 = 5 * NS_PER_SEC;
const NAP: Duration = Duration::from_millis(1);

/// A line for each update.
#[derive(Debug)]
pub(super) struct Feed {
    stdin: File,
    line: Vec<u8>,
}

impl Feed {
    pub(super) fn new(stdin: OwnedFd) -> anyhow::Result<Self> {
        // Where it is full, the publisher is to be able to say so.
        let flags = fcntl_getfl(&stdin)?;
        fcntl_setfl(&stdin, flags | OFlags::NONBLOCK).context("the server's stdin cannot be set up")?;
        Ok(Self { stdin: stdin.into(), line: Vec::new() })
    }
}

impl Outlet for Feed {
    fn publish(&mut self, Due { seq, due_ns, now_ns, source, .. }: Due<'_>) -> anyhow::Result<()> {
        self.line.clear();
        source.stamp_into(seq, due_ns, &mut self.line);
        self.line.push(b'\n');
        let mut rest = &self.line[..];
        while !rest.is_empty() {
            match self.stdin.write(rest) {
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if clock::now_ns() - now_ns > PATIENCE_NS {
                        bail!(
                            "the server does not read its stdin, on which `publish = feed` has a line for each update"
                        );
                    }
                    std::thread::sleep(NAP);
                }
                Err(error) => return Err(error).context("the server has closed its stdin, on which updates come"),
            }
        }
        Ok(())
    }
}
