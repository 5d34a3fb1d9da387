//! The largest load at which a goal holds, searched for in trials.
//!
//! The method is that of Multiple Loss Ratio search (Konstantynowicz and Polák, "Multiple Loss Ratio Search",
//! draft-ietf-bmwg-mlrsearch, as FD.io's CSIT runs it): all goals in one search, short trials, a load fails if more than half of its
//! trials do, smaller loads first, and what counts is the largest load that holds below the smallest that failed. What is lost there
//! is late here, and a trial in which the generator was bound says nothing.

mod backlog;
mod bracket;
mod carries;
mod found;
mod goal;
mod grid;
mod searched;
mod seeker;
mod so_far;
mod tally;
mod trial;
mod tried;
mod words;

pub use goal::Goal;
pub(crate) use searched::{Bearer, Group, Searched};
pub use seeker::{Next, Seeker};
pub(crate) use trial::late;
pub use trial::{Fault, Judged};
pub(crate) use words::{LEGEND, Row};
