//! The answer of a sweep, as the first screen has it: which loads it speaks of, in a sentence, as cards, under which conditions.

mod cards;
mod conditions;
mod rows;
mod says;
mod sentence;

pub(crate) use cards::{Card, Entry, State, cards};
pub(crate) use conditions::conditions;
pub(crate) use rows::{Chosen, chosen};
pub(crate) use says::verdict;
pub(crate) use sentence::sentence;
