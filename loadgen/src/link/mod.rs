//! The link: a device that gives every packet between clients and server back to the kernel after its time, both ends being the
//! kernel's own TCP; in a network namespace of its own.

mod account;
mod addresses;
mod conditions;
mod control;
mod device;
mod mirror;
mod namespace;
mod netlink;
mod packet;
mod queue;
mod rights;

pub use addresses::{Addresses, CLIENTS_MAX};
pub use conditions::Conditions;
pub use control::Link;
pub use namespace::enter_namespace;
pub use rights::{How, Refused};
