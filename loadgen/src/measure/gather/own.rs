//! What became of updates at the clients that said them.

use protocol::results::Counts;

use super::gathered::Gathered;
use crate::measure::others::Relayed;

impl Gathered {
    /// Who says an update does not miss it where the server does not give it back. Where it is otherwise than the dialect says, that is
    /// an error in words.
    pub(super) fn leave_out_own(&self, relayed: Relayed, first_seq: u64, last_seq: u64, counts: &mut Counts) {
        let clients = self.reports.iter().flat_map(|report| &report.clients).zip(0..);
        let missed: u64 = clients
            .map(|(client, number)| {
                let own = |from, to| relayed.own(number, from, to);
                client.as_ref().map_or_else(
                    || own(first_seq, last_seq),
                    |client| client.tracker.missed_of(first_seq, last_seq, own),
                )
            })
            .sum();
        let updates = last_seq - first_seq + 1;
        let wrong = match relayed.echo {
            false if missed < updates => Some((
                "Echo",
                updates - missed,
                "an update came back to the client that said it, though the dialect says `echo = false`; leave that out of it",
            )),
            true if missed == updates && counts.missed == missed && counts.delivered > 0 => Some((
                "NoEcho",
                missed,
                "no update came back to the client that said it, and all others came; if the server relays so, write \
                 `echo = false` in the dialect",
            )),
            _ => None,
        };
        if !relayed.echo {
            counts.expected -= missed;
            counts.missed -= missed;
        }
        if let Some((kind, times, words)) = wrong {
            counts.errors.insert(kind.to_owned(), times);
            counts.first_errors.insert(kind.to_owned(), words.to_owned());
        }
    }
}
