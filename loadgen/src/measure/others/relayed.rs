//! Updates that clients say and a server relays: who says which, and who is to get it.

use super::Others;

/// Who says updates, and whether they come back to who said them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relayed {
    /// So many clients say them, from the first on, each in its turn.
    pub speakers: u64,
    /// Whether who says an update gets it back.
    pub echo: bool,
}

impl Relayed {
    /// How the updates of such a server are relayed among so many clients, if it is clients who say them.
    pub fn of(others: &Others, clients: u32) -> Option<Self> {
        let speakers = others.speakers?.among(clients);
        Some(Self { speakers: u64::from(speakers), echo: others.dialect.echo })
    }

    /// The client that says an update.
    pub fn speaker(&self, seq: u64) -> u64 {
        (seq - 1) % self.speakers
    }

    /// How many of the updates from one to another a client says itself.
    pub fn own(&self, client: u64, from: u64, to: u64) -> u64 {
        let up_to = |seq: u64| seq.checked_sub(client + 1).map_or(0, |since| since / self.speakers + 1);
        if client < self.speakers && from <= to { up_to(to) - up_to(from - 1) } else { 0 }
    }

    /// To how many clients an update is not to come.
    pub fn left_out(&self) -> u64 {
        u64::from(!self.echo)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_update_is_one_clients_own() {
        for speakers in [1, 2, 5] {
            let relayed = Relayed { speakers, echo: true };
            for (from, to) in [(1, 1), (1, 12), (4, 9), (7, 6)] {
                for client in 0..6 {
                    let own = (from..=to).filter(|seq| relayed.speaker(*seq) == client).count() as u64;
                    assert_eq!(relayed.own(client, from, to), own, "{speakers}: {client} in {from}..={to}");
                }
            }
        }
    }
}
