//! The server's program from outside: raw bytes to a real process on a port of its own.

mod access;
mod bounds;
mod client;
mod conformance;
mod control;
mod events;
mod fault;
mod feed;
mod http;
mod limits;
mod liveness;
mod memory;
mod metrics;
mod page;
mod poll;
mod program;
mod resume;
mod routes;
mod shutdown;
mod signal;
mod slow;
mod tls;
mod topics;
mod usage;
mod websocket;
mod ws;
