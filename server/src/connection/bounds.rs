//! What a client may ask of the server at most: each bound has an option and a default, and those at which a client is
//! refused or given up have a counter that says how often they were met ([`crate::metrics`]).

use std::time::Duration;

use clap::Args;

use crate::values::seconds;

/// The bounds.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Bounds")]
pub struct Bounds {
    /// Clients at once; more are answered 503 when they connect (under TLS, nothing) and closed
    #[arg(long, value_name = "N", default_value = "100000", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_connections: u32,

    /// Requests on one connection; it is closed after the last
    #[arg(long, value_name = "N", default_value = "1000000", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_requests: u32,

    /// How long a request head, a body or a handshake may take to arrive
    #[arg(long, value_name = "SECS", default_value = "30", value_parser = seconds)]
    pub header_timeout: Duration,

    /// How long a kept-alive connection may stay without a poll (after any other request it is --header-timeout)
    #[arg(long, value_name = "SECS", default_value = "60", value_parser = seconds)]
    pub idle_timeout: Duration,

    /// A WebSocket client that says nothing for so long is pinged, and closed (1011) if it says nothing for as long again; events have a
    /// comment as often; a path that acknowledges nothing for twice as long is given up on every transport
    #[arg(long, value_name = "SECS", default_value = "20", value_parser = seconds)]
    pub ping_interval: Duration,

    /// The longest head that a request may have; a longer one is answered 431
    #[arg(long, value_name = "BYTES", default_value = "16384", value_parser = clap::value_parser!(u32).range(8_192..=1 << 20))]
    pub max_head: u32,

    /// The longest request target; a longer one is answered 414
    #[arg(long, value_name = "BYTES", default_value = "2048", value_parser = clap::value_parser!(u32).range(64..=8_192))]
    pub max_target: u32,

    /// The longest body that a request may have; a longer one is answered 413
    #[arg(long, value_name = "BYTES", default_value = "65536", value_parser = clap::value_parser!(u32).range(1..=1 << 30))]
    pub max_body: u32,

    /// The longest message that a WebSocket client may send; a longer one is answered with close code 1009
    #[arg(long, value_name = "BYTES", default_value = "65536", value_parser = clap::value_parser!(u32).range(125..=1 << 30))]
    pub max_message: u32,

    /// Bytes of updates that a connection is handed at once (one update at least): what it can make this process hold
    #[arg(long, value_name = "BYTES", default_value = "65536", value_parser = clap::value_parser!(u32).range(1..=1 << 26))]
    pub send_batch: u32,

    /// Kernel send buffer of a connection: what a reader that has stopped can make the kernel hold
    #[arg(long, value_name = "BYTES", default_value = "65536", value_parser = clap::value_parser!(u32).range(4_096..))]
    pub send_buffer: u32,

    /// Topics that clients may ask for; one that asks for a further one is answered 503
    #[arg(long, value_name = "N", default_value = "100000", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_topics: u32,

    /// Connections that may wait to be accepted (bounded by net.core.somaxconn)
    #[arg(long, value_name = "N", default_value = "4096", value_parser = clap::value_parser!(u32).range(1..=65_535))]
    pub backlog: u32,
}
