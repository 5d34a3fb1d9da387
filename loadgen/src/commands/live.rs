//! `loadgen live`: a server with a page to race the transports in, and sliders.

use std::{
    net::{IpAddr, SocketAddr},
    process::ExitCode,
    sync::Arc,
};

use clap::{Args, Parser};
use protocol::Engine;
use server::{
    page::{LiveOptions, Network, RTT_MS_MAX, RoundTrip},
    values::{payload_bytes, rate_hz},
};

use super::status::{FAILED, USAGE, fail};
use crate::{
    link::{Link, start_here},
    output::say,
};

const EXAMPLES: &str = "\
Examples:
  loadgen live                              open the address that it prints, and move the sliders
  loadgen live --rate 50 --rtt 100ms        over a round trip of 100 ms
  loadgen live --listen 0.0.0.0:8080        for other machines as well: who has the address may move the sliders
  loadgen live --tls                        under TLS, with a certificate made for this start

The round trip is a link's, if this process may make one: the page is then at 10.99.0.2, this machine's browser comes to it through packets
that are under way for half of it each way, and the server is reached past the link at 10.99.0.1. Without the right to that (root, or
CAP_NET_ADMIN), and with --listen, the server holds what it is asked and what it says, which is no network.

Whoever opens the page without what follows the # in its address may watch, and has no sliders.";

/// Options of `live`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct LiveArgs {
    /// Address to listen on, and no link; port 0 takes any free one. Without: behind a link if there may be one, else 127.0.0.1:0
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,

    /// Updates a second to begin with
    #[arg(long, value_name = "HZ", default_value = "10", allow_negative_numbers = true, value_parser = rate_hz)]
    rate: f64,

    /// Length of a whole encoded update to begin with
    #[arg(long, value_name = "N", default_value = "128", value_parser = payload_bytes())]
    payload_bytes: u32,

    /// Round trip to begin with
    #[arg(long, value_name = "TIME", default_value = "0", value_parser = rtt_ms)]
    rtt: u32,

    /// How clients are served: lean or stock
    #[arg(long, value_name = "NAME", default_value = "lean")]
    engine: Engine,

    /// Serve https:// and wss:// with a certificate made for this start
    #[arg(long)]
    tls: bool,
}

/// The server's own options, for what is not asked here.
#[derive(Parser)]
struct Defaults {
    #[command(flatten)]
    config: server::Config,
}

/// Serves the page until it is told to stop.
pub fn run(args: &LiveArgs) -> ExitCode {
    let mut config = Defaults::parse_from(["live", "--page"]).config;
    let (listen, round_trip) = round_trip(args);
    config.listen = listen;
    config.rate = args.rate;
    config.payload_bytes = args.payload_bytes;
    config.engine = args.engine;
    config.tls.self_signed = args.tls;
    let token = format!("{:032x}", rand::random::<u128>());
    let ready = if args.tls {
        |address, shown: &str| invite("https", address, shown)
    } else {
        |address, shown: &str| invite("http", address, shown)
    };
    config.live = Some(LiveOptions { token, rtt_ms: args.rtt, round_trip, ready, tell: say });
    match server::prepare(config) {
        Err(error) => fail(&error, USAGE),
        Ok(server) => server.run().map_or_else(|error| fail(&error, FAILED), |()| ExitCode::SUCCESS),
    }
}

impl Network for Link {
    fn address(&self) -> IpAddr {
        self.server()
    }

    fn set(&self, rtt_ms: u32) {
        self.set_round_trip(rtt_ms.into());
    }
}

/// Where to listen, and what makes the round trip; said in words as well.
fn round_trip(args: &LiveArgs) -> (SocketAddr, RoundTrip) {
    let link = args.listen.map_or_else(
        || start_here(args.rtt.into()).map_err(|error| (([127, 0, 0, 1], 0).into(), format!("{error:#}"))),
        |listen| Err((listen, "--listen was asked for".to_owned())),
    );
    match link {
        Ok(link) => {
            let own = link.own();
            say(&format!(
                "The round trip is a network's: the kernel's TCP through a link. Past it the server is at {own}."
            ));
            (SocketAddr::new(own, 0), RoundTrip::Network(Arc::new(link)))
        }
        Err((listen, why)) => {
            say(&format!("The round trip is a hold, not a network: {why}."));
            (listen, RoundTrip::Hold { why })
        }
    }
}

/// Reads a round trip that can be had.
fn rtt_ms(text: &str) -> Result<u32, String> {
    let rtt = humantime::parse_duration(text).ok().filter(|rtt| rtt.subsec_nanos() % 1_000_000 == 0);
    let rtt_ms = rtt.map(|rtt| rtt.as_millis()).filter(|rtt_ms| *rtt_ms <= u128::from(RTT_MS_MAX));
    rtt_ms
        .map(|rtt_ms| rtt_ms as u32)
        .ok_or_else(|| format!("must be whole milliseconds, at most {RTT_MS_MAX}ms, as in 100ms"))
}

/// Says where the page is. An address that stands for all of this machine's cannot be opened itself.
fn invite(scheme: &str, mut address: SocketAddr, shown: &str) {
    let all = address.ip().is_unspecified();
    if all {
        let loopback = if address.is_ipv6() {
            IpAddr::V6(std::net::Ipv6Addr::LOCALHOST)
        } else {
            IpAddr::V4(std::net::Ipv4Addr::LOCALHOST)
        };
        address.set_ip(loopback);
    }
    let elsewhere = if all { "\nFrom other machines, with this machine's name in place of the address." } else { "" };
    say(&format!(
        "The race is at\n\n    {scheme}://{address}/#{shown}\n{elsewhere}\nCtrl-C ends it. Without what follows the # the page only watches."
    ));
}
