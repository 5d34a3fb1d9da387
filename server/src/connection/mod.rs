//! A connection, whatever is asked on it: accepting it, its socket, TLS, who may have one, and what it may cost.

pub mod access;
pub mod bounds;
pub mod counted;
pub mod listener;
pub mod tls;
pub mod watch;

pub(crate) mod socket;

mod turned_away;
