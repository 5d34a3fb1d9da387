//! What a service of one's own would cost, by the costs of this sweep: what is fitted, for whom, from which loads.

mod cost;
mod offers;

pub(crate) use cost::{Asked, Cost, Term};
pub(crate) use offers::{ESTIMATED, Estimate, Offer, offers};
