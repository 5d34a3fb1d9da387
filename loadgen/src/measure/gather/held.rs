//! Who was there to the end.

use super::gathered::Gathered;

impl Gathered {
    /// Clients to which the last update came that counts (or a later one), or anything after the measure phase, a heartbeat or an answer to a poll.
    /// A connection that merely was not closed is no client.
    ///
    /// Who does not get back what it says is asked for the last that others said; who says all of them is there if others got them.
    /// Of a topic without updates in the phase, which has no last one, a connection that was not closed is all that is known.
    pub(super) fn held(&self, last: impl Fn(u32) -> u64, to_ns: u64) -> u64 {
        let last_for =
            |number: u32| match (self.relayed.filter(|relayed| !relayed.echo), last(self.seats.topic(number))) {
                (Some(relayed), last_seq) if relayed.own(u64::from(number), last_seq, last_seq) > 0 => {
                    if relayed.speakers > 1 { last_seq - 1 } else { 0 }
                }
                (_, last_seq) => last_seq,
            };
        let clients = self.reports.iter().flat_map(|report| &report.clients).zip(0..);
        let held = clients.filter(|(client, number)| {
            client
                .as_ref()
                .is_some_and(|client| client.tracker.cursor() >= last_for(*number) || client.heard_ns >= to_ns)
        });
        held.count() as u64
    }
}
