//! Updates that clients say to the server, for it to relay.

use std::sync::Arc;

use anyhow::{Context, ensure};
use protocol::clock::NS_PER_SEC;
use server::stream::publisher::{Due, Outlet};

use super::relayed::Relayed;
use crate::clients::{
    mailbox::{Mailbox, Word},
    speech::said,
};

/// A client that has something left to say for so long will not say it.
const PATIENCE_NS: u64 = 5 * NS_PER_SEC;

/// A word to a client for each update.
#[derive(Debug)]
pub(super) struct Say {
    pub(super) mailboxes: Arc<[Mailbox]>,
    pub(super) who: Who,
}

/// Who says an update.
#[derive(Debug)]
pub(super) enum Who {
    /// Clients in turn, to a server of others.
    InTurn(Relayed),
    /// Each client by a schedule of its own.
    Each,
}

impl Outlet for Say {
    fn publish(&mut self, Due { topic, seq, due_ns, now_ns, source }: Due<'_>) -> anyhow::Result<()> {
        let client = match &self.who {
            Who::InTurn(relayed) => relayed.speaker(seq),
            Who::Each => u64::from(topic.context("each has a schedule")?),
        };
        let mailbox = &self.mailboxes[client as usize];
        let waits_ns = mailbox.oldest_due_ns().map_or(0, |oldest_ns| now_ns.saturating_sub(oldest_ns));
        ensure!(
            waits_ns <= PATIENCE_NS,
            "client {client} could not say an update for {} s: the server reads or acknowledges what it is told too slowly, or \
             holds no connection of it; lower --rate, or use --speakers all",
            PATIENCE_NS / NS_PER_SEC
        );
        let line = match &self.who {
            Who::InTurn(_) => {
                let mut line = Vec::new();
                source.stamp_into(seq, due_ns, &mut line);
                String::from_utf8(line).context("an update is no UTF-8, and cannot be said as a text")?
            }
            Who::Each => said(client as u32, due_ns, source.payload_bytes().context("a feed is one stream, for all")?),
        };
        mailbox.put(Word { schedule: topic, seq, due_ns, line });
        Ok(())
    }
}
