//! Who has which topic.

use protocol::results::Audience;

/// The golden ratio's share of a turn: multiples of it spread evenly, however many there are.
const TURN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The topic of each client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seats {
    /// By client; empty where all have the same.
    topics: Vec<u32>,
    /// By topic.
    members: Vec<u32>,
}

impl Seats {
    /// The seats of so many clients. Those of one worker, who follow each other, are spread over all topics.
    pub fn of(audience: Audience, clients: u32) -> Self {
        let number = audience.topics(clients);
        let topics: Vec<u32> = match audience {
            Audience::Broadcast => return Self { topics: Vec::new(), members: vec![clients] },
            Audience::Rooms { .. } => (0..clients).map(|client| client % number).collect(),
            Audience::Topics { .. } => {
                let shares = shares(number);
                // Each client at a point of its own between 0 and 1.
                let chosen = |client: u32| {
                    let at = TURN.wrapping_mul(u64::from(client)) as f64 / 2_f64.powi(64);
                    shares.partition_point(|share| *share <= at).min(number as usize - 1) as u32
                };
                (0..clients).map(chosen).collect()
            }
        };
        let mut members = vec![0; number as usize];
        topics.iter().for_each(|topic| members[*topic as usize] += 1);
        Self { topics, members }
    }

    /// The number of a client's topic; 0 where all have the same.
    pub fn topic(&self, client: u32) -> u32 {
        self.named(client).unwrap_or(0)
    }

    /// The same, where topics have names.
    pub fn named(&self, client: u32) -> Option<u32> {
        self.topics.get(client as usize).copied()
    }

    /// How many clients have a topic.
    pub fn members(&self, topic: u32) -> u64 {
        self.members.get(topic as usize).copied().unwrap_or(0).into()
    }

    /// How many clients there are.
    pub fn clients(&self) -> u64 {
        self.members.iter().copied().map(u64::from).sum()
    }
}

/// Which share of clients chose the first topic, the first two, and so on: the k-th in proportion to 1/k.
fn shares(number: u32) -> Vec<f64> {
    let weights = (1..=number).map(|rank| 1.0 / f64::from(rank));
    let all: f64 = weights.clone().sum();
    let mut so_far = 0.0;
    let share = |weight: f64| {
        so_far += weight / all;
        so_far
    };
    weights.map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_have_one_stream_which_has_no_name() {
        let seats = Seats::of(Audience::Broadcast, 7);
        assert_eq!((seats.topic(6), seats.named(6), seats.members(0), seats.clients()), (0, None, 7, 7));
    }

    #[test]
    fn rooms_are_as_even_as_can_be_and_a_worker_has_some_of_each() {
        let seats = Seats::of(Audience::Rooms { of: 20 }, 101);
        let members: Vec<u64> = (0..6).map(|topic| seats.members(topic)).collect();
        assert_eq!((members, seats.clients()), (vec![17, 17, 17, 17, 17, 16], 101));
        assert!((0..6).map(|client| seats.topic(client)).eq(0..6));
        let seats = Seats::of(Audience::ONE, 3);
        assert!((0..3).all(|client| seats.named(client) == Some(client) && seats.members(client) == 1));
    }

    #[test]
    fn topics_have_members_as_their_rank_says() {
        let seats = Seats::of(Audience::Topics { number: 1_000 }, 10_000);
        assert_eq!(seats.clients(), 10_000);
        // 7.4855: the sum of 1/k up to a thousand. Points of a golden ratio's turns lie evenly: each share is met but for a few clients.
        for rank in [1_u32, 2, 10, 100] {
            let expected = 10_000.0 / 7.4855 / f64::from(rank);
            let members = seats.members(rank - 1) as f64;
            assert!((members - expected).abs() < 4.0, "{rank}: {members} and {expected}");
        }
    }
}
