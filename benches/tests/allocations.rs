//! A delivery allocates nothing, from its publication to the record of its receipt, on either side of the socket.
//!
//! Counts are of the whole process, so this is the only test of its program.

use std::alloc::System;

use benches::Rig;
use protocol::Transport;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What is delivered while it is counted.
const UPDATES: usize = 200;

/// What may happen beside the deliveries: a queue that grows. One in 1,000 of them would be as many.
const ONCE_IN_A_WHILE: usize = 20;

/// What publishing an update and framing it for its transport may allocate, once for all who get it. Kept with the code:
/// whoever raises it says why.
const PER_UPDATE: [(Transport, usize); 3] = [(Transport::WebSocket, 3), (Transport::LongPoll, 10), (Transport::Sse, 5)];

#[test]
fn a_delivery_allocates_nothing() {
    for (transport, limit) in PER_UPDATE {
        let (few, many) = (allocations(transport, 10), allocations(transport, 110));
        let more = many.abs_diff(few);
        assert!(
            more < ONCE_IN_A_WHILE,
            "{transport}: {UPDATES} updates to 10 clients, {few} allocations, and to 110, {many}: {:.3} a delivery, where \
             none is allowed",
            more as f64 / (100 * UPDATES) as f64
        );
        let per_update = few / UPDATES;
        assert!(per_update <= limit, "{transport}: {per_update} allocations an update, {limit} are allowed");
    }
}

/// Allocations and reallocations, by server and generator, of so many updates to so many clients.
fn allocations(transport: Transport, clients: u32) -> usize {
    let counted = |rig: &mut Rig| {
        // Whatever is made once is made by then.
        (0..UPDATES).for_each(|_| rig.deliver());
        let region = Region::new(ALLOCATOR);
        (0..UPDATES).for_each(|_| rig.deliver());
        let change = region.change();
        change.allocations + change.reallocations
    };
    Rig::with(transport, clients, counted).expect("a server and its clients")
}
