//! Deadlines that move often and are met seldom.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::time::{Instant, Sleep};

/// Ready once `deadline` has passed.
///
/// The timer is set anew only if it would ring too late, or has rung too early: setting it costs, and most deadlines move
/// on long before they are met.
pub(crate) fn poll_deadline(context: &mut Context<'_>, mut alarm: Pin<&mut Sleep>, deadline: Instant) -> Poll<()> {
    if alarm.deadline() > deadline {
        alarm.as_mut().reset(deadline);
    }
    while alarm.as_mut().poll(context).is_ready() {
        if alarm.deadline() >= deadline {
            return Poll::Ready(());
        }
        alarm.as_mut().reset(deadline);
    }
    Poll::Pending
}
