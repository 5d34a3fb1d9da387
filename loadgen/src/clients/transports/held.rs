//! What clients hold of something that has not come whole: no server is to fill the memory with it.

use std::{cell::Cell, rc::Rc};

use super::ClientError;

/// So much of it each client may hold uncounted: a message of the longest kind.
pub(super) const UNCOUNTED_BYTES: usize = protocol::update::PAYLOAD_BYTES_MAX as usize * 2;
/// What all clients of a worker may hold beside.
const BYTES_MAX: usize = 256 << 20;

/// What the clients of a worker hold, all together.
#[derive(Debug, Clone)]
pub(super) struct Hold {
    bytes: Rc<Cell<usize>>,
    max: usize,
}

impl Default for Hold {
    fn default() -> Self {
        Self::up_to(BYTES_MAX)
    }
}

impl Hold {
    pub(super) fn up_to(max: usize) -> Self {
        Self { bytes: Rc::default(), max }
    }
}

/// One client's part of it. What is counted of it ends with it.
#[derive(Debug, Default)]
pub(super) struct Held(Option<(Hold, usize)>);

impl Held {
    /// It holds so much now.
    pub(super) fn note(&mut self, hold: &Hold, bytes: usize) -> Result<(), ClientError> {
        if bytes <= UNCOUNTED_BYTES {
            *self = Self::default();
            return Ok(());
        }
        let (Hold { bytes: all, max }, counted) = self.0.get_or_insert_with(|| (hold.clone(), 0));
        all.set(all.get() - *counted + bytes);
        *counted = bytes;
        if all.get() <= *max {
            return Ok(());
        }
        Err(ClientError::protocol(format!(
            "{} MiB of it have come, and no end; with what the other clients hold that is more than {} MiB",
            bytes >> 20,
            *max >> 20
        )))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some((hold, counted)) = &self.0 {
            hold.bytes.set(hold.bytes.get() - counted);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_hold_together_is_bounded_and_what_one_has_had_is_free_again() {
        let (hold, [mut one, mut two]) = (Hold::up_to(5 * UNCOUNTED_BYTES), <[Held; 2]>::default());
        for round in 0..3 {
            one.note(&hold, 3 * UNCOUNTED_BYTES).unwrap();
            two.note(&hold, 2 * UNCOUNTED_BYTES).unwrap();
            let error = two.note(&hold, 2 * UNCOUNTED_BYTES + 1).unwrap_err();
            assert!(error.to_string().contains("4 MiB of it have come, and no end"), "{error}");
            two.note(&hold, UNCOUNTED_BYTES).unwrap();
            one.note(&hold, 5 * UNCOUNTED_BYTES).unwrap();
            one = Held::default();
            assert_eq!(hold.bytes.get(), 0, "round {round}");
        }
    }
}
