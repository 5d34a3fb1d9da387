//! The link: a device that gives every packet between clients and server back to the kernel after its time, both ends being the
//! kernel's own TCP; in a network namespace of its own, but for the race, whose browser is the machine's.

mod account;
mod addresses;
mod conditions;
mod control;
mod device;
mod here;
mod mirror;
mod namespace;
mod netlink;
mod packet;
mod queue;
mod rights;

pub use addresses::{Addresses, CLIENTS_MAX};
pub use conditions::Conditions;
pub use control::Link;
pub use here::start_here;
pub use namespace::enter_namespace;
pub use rights::{How, Refused};
