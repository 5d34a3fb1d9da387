//! The largest load at which a goal holds, searched for in trials.
//!
//! The method is that of Multiple Loss Ratio search (Konstantynowicz and Polák, "Multiple Loss Ratio Search",
//! draft-ietf-bmwg-mlrsearch, as FD.io's CSIT runs it): all goals in one search, short trials, a load fails if more than half of its
//! trials do, smaller loads first, and what counts is the largest load that holds below the smallest that failed. What is lost there
//! is late here, and a trial in which the generator was bound says nothing.

mod backlog;
mod bracket;
mod goal;
mod grid;
mod seeker;
mod tally;
mod trial;
mod tried;

pub use goal::Goal;
pub use seeker::{Next, Seeker};
pub use trial::{Fault, Judged};
