//! Updates that clients say to the server, for it to relay.

use std::sync::Arc;

use anyhow::{Context, ensure};
use protocol::clock::NS_PER_SEC;
use server::stream::publisher::{Due, Outlet};

use super::relayed::Relayed;
use crate::clients::mailbox::{Mailbox, Word};

/// A client that has something left to say for so long will not say it.
const PATIENCE_NS: u64 = 5 * NS_PER_SEC;

/// A word to a client for each update.
#[derive(Debug)]
pub(super) struct Say {
    pub(super) mailboxes: Arc<[Mailbox]>,
    pub(super) relayed: Relayed,
}

impl Outlet for Say {
    fn publish(&mut self, Due { seq, due_ns, now_ns, source }: Due<'_>) -> anyhow::Result<()> {
        let client = self.relayed.speaker(seq);
        let mailbox = &self.mailboxes[client as usize];
        let waits_ns = mailbox.oldest_due_ns().map_or(0, |oldest_ns| now_ns.saturating_sub(oldest_ns));
        ensure!(
            waits_ns <= PATIENCE_NS,
            "client {client} could not say an update for {} s: the server reads or acknowledges what it is told too slowly, or \
             holds no connection of it; lower --rate, or use --speakers all",
            PATIENCE_NS / NS_PER_SEC
        );
        let mut line = Vec::new();
        source.stamp_into(seq, due_ns, &mut line);
        let line = String::from_utf8(line).context("an update is no UTF-8, and cannot be said as a text")?;
        mailbox.put(Word { seq, due_ns, line });
        Ok(())
    }
}
