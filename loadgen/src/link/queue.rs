//! Packets under way: a fixed store of them, given out in the order in which they are due.

use std::{cmp::Reverse, collections::BinaryHeap};

/// The longest packet: the device's MTU.
pub(super) const PACKET_BYTES_MAX: usize = 1_500;

/// Packets that wait, in room that is made once; as memory is given by the page, only what was ever used of it takes any.
pub(super) struct Queue {
    room: Vec<u8>,
    /// Places that hold nothing, the one used last at the end. One is always left to read the next packet into.
    free: Vec<u32>,
    waiting: BinaryHeap<Reverse<Waiting>>,
    sequence: u64,
}

/// Ordered by due time, and packets due at once as they came.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Waiting {
    due_ns: u64,
    sequence: u64,
    place: u32,
    bytes: u16,
}

impl Queue {
    /// Room for so many.
    pub(super) fn new(packets: u32) -> Self {
        let places = packets + 1;
        Self {
            room: vec![0; places as usize * PACKET_BYTES_MAX],
            free: (0..places).rev().collect(),
            waiting: BinaryHeap::with_capacity(packets as usize),
            sequence: 0,
        }
    }

    /// Where the next packet is to be written.
    pub(super) fn next(&mut self) -> &mut [u8] {
        let place = *self.free.last().expect("one is always left");
        let at = place as usize * PACKET_BYTES_MAX;
        &mut self.room[at..at + PACKET_BYTES_MAX]
    }

    /// Keeps what was written there, so many bytes, until it is due. `false` if there is no room for it.
    #[must_use]
    pub(super) fn keep(&mut self, bytes: usize, due_ns: u64) -> bool {
        if self.free.len() == 1 {
            return false;
        }
        let place = self.free.pop().expect("there are two");
        self.sequence += 1;
        self.waiting.push(Reverse(Waiting { due_ns, sequence: self.sequence, place, bytes: bytes as u16 }));
        true
    }

    /// When the next is due.
    pub(super) fn due_ns(&self) -> Option<u64> {
        self.waiting.peek().map(|Reverse(next)| next.due_ns)
    }

    /// Takes out the next that is due by then: when it was due, and its bytes.
    pub(super) fn take_due(&mut self, now_ns: u64) -> Option<(u64, &[u8])> {
        self.due_ns().filter(|due_ns| *due_ns <= now_ns)?;
        let Reverse(Waiting { due_ns, place, bytes, .. }) = self.waiting.pop()?;
        // Nothing is written there before the borrow ends.
        self.free.push(place);
        let at = place as usize * PACKET_BYTES_MAX;
        Some((due_ns, &self.room[at..at + usize::from(bytes)]))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keep(queue: &mut Queue, packet: &[u8], due_ns: u64) -> bool {
        queue.next()[..packet.len()].copy_from_slice(packet);
        queue.keep(packet.len(), due_ns)
    }

    #[test]
    fn nothing_comes_before_it_is_due() {
        let mut queue = Queue::new(2);
        assert!(keep(&mut queue, b"one", 10));
        assert_eq!((queue.due_ns(), queue.take_due(9)), (Some(10), None));
        assert_eq!(queue.take_due(10), Some((10, &b"one"[..])));
        assert_eq!((queue.due_ns(), queue.take_due(u64::MAX)), (None, None));
    }

    #[test]
    fn what_finds_no_room_is_refused_and_the_rest_is_kept() {
        let mut queue = Queue::new(2);
        assert!(keep(&mut queue, b"one", 1) && keep(&mut queue, b"two", 2));
        for _ in 0..3 {
            assert!(!keep(&mut queue, b"three", 0));
        }
        assert_eq!(queue.take_due(5), Some((1, &b"one"[..])));
        assert!(keep(&mut queue, b"four", 3));
        assert_eq!(queue.take_due(5), Some((2, &b"two"[..])));
        assert_eq!(queue.take_due(5), Some((3, &b"four"[..])));
    }

    proptest! {
        #[test]
        fn packets_come_as_they_are_due_and_of_one_time_as_they_came(
            steps in proptest::collection::vec((0..8_u64, proptest::bool::ANY), 0..200),
        ) {
            let (mut queue, mut model) = (Queue::new(16), Vec::<(u64, Vec<u8>)>::new());
            for (number, (due_ns, takes)) in steps.into_iter().enumerate() {
                if takes {
                    // Stable: those of one time as they came.
                    model.sort_by_key(|(due_ns, _)| *due_ns);
                    let is_due = model.first().is_some_and(|(first_ns, _)| *first_ns <= due_ns);
                    let expected = is_due.then(|| model.remove(0));
                    let taken = queue.take_due(due_ns).map(|(due_ns, packet)| (due_ns, packet.to_vec()));
                    prop_assert_eq!(taken, expected);
                } else {
                    let packet = vec![number as u8; number % 9];
                    prop_assert_eq!(keep(&mut queue, &packet, due_ns), model.len() < 16);
                    if model.len() < 16 {
                        model.push((due_ns, packet));
                    }
                }
            }
        }
    }
}
